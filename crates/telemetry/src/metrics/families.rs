//! Counters, histograms and plain gauges by name.

use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use reeve_domain::context::IdentityClass;
use reeve_domain::observation::IssueType;
use reeve_domain::outcome::Outcome;
use reeve_domain::priority::Band;
use reeve_domain::reject::{DropReason, Reason};
use reeve_domain::task::Closure;

use super::{ALERT_OUTCOMES, Known, LOOKUP_RESULTS, TRANSACTION_RESULTS};

const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;
/// An hour to a quarter, with the deadlines of the shipped bands among them.
const TASK_SECONDS: [f64; 10] = [
    HOUR,
    4.0 * HOUR,
    12.0 * HOUR,
    DAY,
    3.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    30.0 * DAY,
    60.0 * DAY,
    90.0 * DAY,
];
const LOOKUP_SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
const TRANSACTION_SECONDS: [f64; 12] = [
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0,
];
const WHY: &str = "names and labels are constants that a test registers";

/// Everything that is set or counted directly.
pub(super) struct Families {
    pub(super) records: Records,
    pub(super) inventories: Inventories,
    pub(super) tasks: Tasks,
    pub(super) lanes: Lanes,
    build: IntGaugeVec,
    pub(super) reloaded: IntGauge,
}

/// What came in and what became of it.
pub(super) struct Records {
    pub(super) consumed: IntCounterVec,
    pub(super) outcomes: IntCounterVec,
    pub(super) alerts: IntCounterVec,
    pub(super) dropped: IntCounterVec,
    pub(super) rejects: IntCounterVec,
}

/// How the inventories answer.
pub(super) struct Inventories {
    pub(super) lookups: IntCounterVec,
    pub(super) duration: HistogramVec,
    pub(super) available: IntGaugeVec,
}

/// What happened to tasks.
pub(super) struct Tasks {
    pub(super) opened: IntCounterVec,
    pub(super) reopened: IntCounterVec,
    pub(super) verified: IntCounterVec,
    pub(super) to_acknowledge: HistogramVec,
    pub(super) to_claim: HistogramVec,
    pub(super) to_verified: HistogramVec,
    pub(super) to_verified_by_issue: HistogramVec,
    pub(super) escalations: IntCounterVec,
}

/// How the lanes do.
pub(super) struct Lanes {
    pub(super) transactions: HistogramVec,
    pub(super) owned: IntGaugeVec,
}

impl Families {
    /// All of them, in `registry`.
    pub(super) fn registered(registry: &Registry) -> Self {
        let build = gauges(
            "reeve_build_info",
            "1, with the version and the configuration in the labels.",
            &["version", "config_sha256"],
        );
        let reloaded = IntGauge::new(
            "reeve_config_last_reload_successful",
            "1 if the configuration that was read last is the one in force, 0 if it was refused.",
        );
        let reloaded = reloaded.expect(WHY);
        Self {
            records: Records::registered(registry),
            inventories: Inventories::registered(registry),
            tasks: Tasks::registered(registry),
            lanes: Lanes::registered(registry),
            build: registered(registry, build),
            reloaded: registered(registry, reloaded),
        }
    }

    /// What the configuration names now; series of names that are gone stay, but no inventory that is not asked is available.
    pub(super) fn restart(&self, known: &Known) {
        self.build.reset();
        self.inventories.available.reset();
        self.start(known);
    }

    /// Puts every series that can be named beforehand at its start.
    pub(super) fn start(&self, known: &Known) {
        self.build
            .with_label_values(&[&known.version, &known.config_sha256])
            .set(1);
        self.records.start(known);
        self.inventories.start(&known.inventories);
        self.tasks.start(known);
        self.lanes.start(&known.roles);
    }
}

impl Records {
    fn registered(registry: &Registry) -> Self {
        let counter = |name, help, labels: &[&str]| counters(registry, name, help, labels);
        Self {
            consumed: counter("reeve_records_consumed_total", "Records consumed.", &["topic"]),
            outcomes: counter(
                "reeve_record_outcomes_total",
                "Consumed records by what became of them; exactly one outcome each.",
                &["topic", "outcome"],
            ),
            alerts: counter(
                "reeve_alerts_total",
                "Results in alerts by format and what became of them.",
                &["format", "outcome"],
            ),
            dropped: counter(
                "reeve_dropped_total",
                "Results that are nobody's task.",
                &["reason"],
            ),
            rejects: counter("reeve_rejects_total", "Dead letters written.", &["reason"]),
        }
    }

    fn start(&self, known: &Known) {
        let unknown = "unknown".to_owned();
        singles(&self.consumed, &known.topics);
        pairs(&self.outcomes, &known.topics, Outcome::ALL.map(Outcome::as_str));
        pairs(
            &self.alerts,
            known.formats.iter().chain([&unknown]),
            ALERT_OUTCOMES,
        );
        singles(&self.dropped, DropReason::ALL.map(DropReason::as_str));
        singles(&self.rejects, Reason::ALL.map(Reason::as_str));
    }
}

impl Inventories {
    fn registered(registry: &Registry) -> Self {
        let available = gauges(
            "reeve_inventory_available",
            "1 while the inventory is asked, 0 while its breaker is open.",
            &["inventory"],
        );
        Self {
            lookups: counters(
                registry,
                "reeve_inventory_lookups_total",
                "Look-ups of subjects by inventory and how they were answered.",
                &["inventory", "result"],
            ),
            duration: histograms(
                registry,
                (
                    "reeve_inventory_lookup_duration_seconds",
                    "Time of one request to an inventory, waiting for its limits included.",
                ),
                &["inventory"],
                &LOOKUP_SECONDS,
            ),
            available: registered(registry, available),
        }
    }

    fn start(&self, inventories: &[String]) {
        pairs(&self.lookups, inventories, LOOKUP_RESULTS);
        for inventory in inventories {
            self.duration.with_label_values(&[inventory]);
            self.available.with_label_values(&[inventory]).set(1);
        }
    }
}

impl Tasks {
    fn registered(registry: &Registry) -> Self {
        let counter = |name, help, labels: &[&str]| counters(registry, name, help, labels);
        let time = |name, help, labels: &[&str]| histograms(registry, (name, help), labels, &TASK_SECONDS);
        let who = ["priority", "identity_class"];
        Self {
            opened: counter(
                "reeve_tasks_opened_total",
                "Tasks opened.",
                &["priority", "route"],
            ),
            reopened: counter(
                "reeve_tasks_reopened_total",
                "Tasks opened again.",
                &["priority", "route"],
            ),
            verified: counter(
                "reeve_tasks_verified_total",
                "Tasks closed by evidence (verified) or by review (attested).",
                &["priority", "closure"],
            ),
            to_acknowledge: time(
                "reeve_task_time_to_acknowledge_seconds",
                "Time from the first report to the first acknowledgment.",
                &who,
            ),
            to_claim: time(
                "reeve_task_time_to_claim_seconds",
                "Time from the first report to the first claim that it is fixed.",
                &who,
            ),
            to_verified: time(
                "reeve_task_time_to_verified_seconds",
                "Time from the first report to the proof that it is fixed.",
                &who,
            ),
            to_verified_by_issue: time(
                "reeve_task_time_to_verified_by_issue_seconds",
                "Time from the first report to the proof that it is fixed, by issue type.",
                &["issue_type"],
            ),
            escalations: counter(
                "reeve_escalations_total",
                "Steps of the ladder taken.",
                &["level"],
            ),
        }
    }

    fn start(&self, known: &Known) {
        let bands = Band::ALL.iter().map(|band| band.as_str());
        pairs(&self.opened, bands.clone(), &known.routes);
        pairs(&self.reopened, bands.clone(), &known.routes);
        pairs(
            &self.verified,
            bands,
            Closure::ALL.iter().map(|closure| closure.as_str()),
        );
        singles(
            &self.escalations,
            (1..=known.escalation_level_max).map(|level| level.to_string()),
        );
        self.start_times();
    }

    /// These are rare: a series that is born with its first event would never show an increase for it.
    fn start_times(&self) {
        for times in [&self.to_acknowledge, &self.to_claim, &self.to_verified] {
            for (band, class) in Band::ALL
                .iter()
                .flat_map(|band| IdentityClass::ALL.iter().map(move |class| (band, class)))
            {
                times.with_label_values(&[band.as_str(), class.as_str()]);
            }
        }
        for issue in IssueType::ALL {
            self.to_verified_by_issue.with_label_values(&[issue.as_str()]);
        }
    }
}

impl Lanes {
    fn registered(registry: &Registry) -> Self {
        let owned = gauges(
            "reeve_partitions_owned",
            "Partitions owned and restored.",
            &["role"],
        );
        Self {
            transactions: histograms(
                registry,
                (
                    "reeve_transaction_duration_seconds",
                    "Time of one commit by how it ended.",
                ),
                &["role", "result"],
                &TRANSACTION_SECONDS,
            ),
            owned: registered(registry, owned),
        }
    }

    fn start(&self, roles: &[String]) {
        for role in roles {
            self.owned.with_label_values(&[role]).set(0);
            for result in TRANSACTION_RESULTS {
                self.transactions.with_label_values(&[role.as_str(), result]);
            }
        }
    }
}

/// A gauge by labels, outside of any registry.
pub(super) fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(Opts::new(name, help), labels).expect(WHY)
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    registered(
        registry,
        IntCounterVec::new(Opts::new(name, help), labels).expect(WHY),
    )
}

fn histograms(
    registry: &Registry,
    (name, help): (&str, &str),
    labels: &[&str],
    buckets: &[f64],
) -> HistogramVec {
    let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    registered(registry, HistogramVec::new(opts, labels).expect(WHY))
}

fn registered<C: Collector + Clone + 'static>(registry: &Registry, family: C) -> C {
    registry.register(Box::new(family.clone())).expect(WHY);
    family
}

/// Starts every label value at 0.
fn singles<A: AsRef<str>>(family: &IntCounterVec, values: impl IntoIterator<Item = A>) {
    for value in values {
        family.with_label_values(&[value.as_ref()]);
    }
}

/// Starts every pair of label values at 0.
fn pairs<A: AsRef<str>, B: AsRef<str>>(
    family: &IntCounterVec,
    firsts: impl IntoIterator<Item = A>,
    seconds: impl IntoIterator<Item = B>,
) {
    let seconds: Vec<B> = seconds.into_iter().collect();
    for first in firsts {
        for second in &seconds {
            family.with_label_values(&[first.as_ref(), second.as_ref()]);
        }
    }
}
