//! Every metric of the contract: names, labels, help. Counts come in as they are; nothing is computed but sums and ages.

mod families;
mod snapshot;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use prometheus::{Encoder, Registry, TextEncoder};
use reeve_domain::context::IdentityClass;
use reeve_domain::observation::IssueType;
use reeve_domain::outcome::Outcome;
use reeve_domain::priority::Band;
use reeve_domain::reject::{DropReason, Reason};
use reeve_domain::task::Closure;
use reeve_domain::time::Timestamp;

use families::Families;
use snapshot::Snapshots;
pub use snapshot::{HashKey, LedgerSnapshot, TaskCounts};

/// What one result of a report becomes: the label `outcome` of `reeve_alerts_total`.
pub const ALERT_OUTCOMES: [&str; 5] = ["finding", "evidence", "receipt", "dropped", "rejected"];
/// How a look-up ends: the label `result` of `reeve_inventory_lookups_total`.
pub const LOOKUP_RESULTS: [&str; 6] = ["hit", "stale", "miss", "negative", "error", "limited"];
/// How a transaction ends: the label `result` of `reeve_transaction_duration_seconds`.
pub const TRANSACTION_RESULTS: [&str; 3] = ["committed", "aborted", "fenced"];

/// Where ages are measured from: the process's clock, or a test's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The label values that the configuration names, so that every series starts at 0 and not with its first event.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Version of the binary.
    pub version: String,
    /// Hash of the configuration.
    pub config_sha256: String,
    /// Full names of the topics that are consumed.
    pub topics: Vec<String>,
    /// Formats of alerts (`unknown` is always there).
    pub formats: Vec<String>,
    /// Inventories.
    pub inventories: Vec<String>,
    /// Rules that route tasks.
    pub routes: Vec<String>,
    /// Roles of this process.
    pub roles: Vec<String>,
    /// The highest level of escalation (levels count from 1).
    pub escalation_level_max: u32,
}

/// The metrics of this process; clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    families: Families,
    snapshots: Snapshots,
}

impl Metrics {
    /// A registry of its own with every metric in it; `clock` is asked for ages at each scrape.
    pub fn new(known: &Known, clock: Clock) -> Self {
        let registry = Registry::new();
        let families = Families::registered(&registry);
        families.start(known);
        families.reloaded.set(1);
        let snapshots = Snapshots::new(routes(known), clock);
        let registered = registry.register(Box::new(snapshots.clone()));
        registered.expect("every name is registered once");
        Self(Arc::new(Inner {
            registry,
            families,
            snapshots,
        }))
    }

    /// Another configuration is in force.
    pub fn reconfigured(&self, known: &Known) {
        self.0.families.restart(known);
        self.0.snapshots.show_routes(routes(known));
        self.0.families.reloaded.set(1);
    }

    /// A configuration was read and refused; the one before it is still in force.
    pub fn reload_refused(&self) {
        self.0.families.reloaded.set(0);
    }

    /// All of them in the text format of Prometheus (0.0.4).
    pub fn text(&self) -> String {
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&self.0.registry.gather(), &mut text);
        encoded.expect("a family is gathered only with metrics in it, and memory takes every byte");
        String::from_utf8_lossy(&text).into_owned()
    }

    /// `count` records of `topic` were consumed.
    pub fn consumed(&self, topic: &str, count: u64) {
        self.0
            .families
            .records
            .consumed
            .with_label_values(&[topic])
            .inc_by(count);
    }

    /// `count` records of `topic` ended so.
    pub fn outcome(&self, topic: &str, outcome: Outcome, count: u64) {
        self.0
            .families
            .records
            .outcomes
            .with_label_values(&[topic, outcome.as_str()])
            .inc_by(count);
    }

    /// `count` results in alerts of `format` became `outcome` (one of `ALERT_OUTCOMES`).
    pub fn alerts(&self, format: &str, outcome: &'static str, count: u64) {
        debug_assert!(ALERT_OUTCOMES.contains(&outcome), "{outcome}");
        self.0
            .families
            .records
            .alerts
            .with_label_values(&[format, outcome])
            .inc_by(count);
    }

    /// `count` were nobody's task.
    pub fn dropped(&self, reason: DropReason, count: u64) {
        self.0
            .families
            .records
            .dropped
            .with_label_values(&[reason.as_str()])
            .inc_by(count);
    }

    /// `count` were refused.
    pub fn rejects(&self, reason: Reason, count: u64) {
        self.0
            .families
            .records
            .rejects
            .with_label_values(&[reason.as_str()])
            .inc_by(count);
    }

    /// `count` look-ups ended so (one of `LOOKUP_RESULTS`).
    pub fn lookups(&self, inventory: &str, result: &'static str, count: u64) {
        debug_assert!(LOOKUP_RESULTS.contains(&result), "{result}");
        self.0
            .families
            .inventories
            .lookups
            .with_label_values(&[inventory, result])
            .inc_by(count);
    }

    /// Requests to `inventory` took so long.
    pub fn lookup_durations(&self, inventory: &str, took: &[Duration]) {
        let histogram = self
            .0
            .families
            .inventories
            .duration
            .with_label_values(&[inventory]);
        took.iter().for_each(|took| histogram.observe(took.as_secs_f64()));
    }

    /// `inventory` is asked (true), or its breaker is open (false).
    pub fn inventory_available(&self, inventory: &str, available: bool) {
        self.0
            .families
            .inventories
            .available
            .with_label_values(&[inventory])
            .set(available.into());
    }

    /// A task was opened.
    pub fn opened(&self, band: Band, route: &str) {
        self.0
            .families
            .tasks
            .opened
            .with_label_values(&[band.as_str(), route])
            .inc();
    }

    /// A task was opened again.
    pub fn reopened(&self, band: Band, route: &str) {
        self.0
            .families
            .tasks
            .reopened
            .with_label_values(&[band.as_str(), route])
            .inc();
    }

    /// A task was acknowledged, `seconds` after its clock began.
    pub fn acknowledged(&self, band: Band, class: IdentityClass, seconds: i64) {
        let labels = [band.as_str(), class.as_str()];
        self.0
            .families
            .tasks
            .to_acknowledge
            .with_label_values(&labels)
            .observe(seconds as f64);
    }

    /// A task was claimed fixed, `seconds` after its clock began.
    pub fn claimed(&self, band: Band, class: IdentityClass, seconds: i64) {
        let labels = [band.as_str(), class.as_str()];
        self.0
            .families
            .tasks
            .to_claim
            .with_label_values(&labels)
            .observe(seconds as f64);
    }

    /// A task of `issue_type` was closed, `seconds` after its clock began.
    pub fn verified(
        &self,
        (band, class): (Band, IdentityClass),
        closure: Closure,
        issue_type: IssueType,
        seconds: i64,
    ) {
        let (families, seconds) = (&self.0.families.tasks, seconds as f64);
        families
            .verified
            .with_label_values(&[band.as_str(), closure.as_str()])
            .inc();
        families
            .to_verified
            .with_label_values(&[band.as_str(), class.as_str()])
            .observe(seconds);
        families
            .to_verified_by_issue
            .with_label_values(&[issue_type.as_str()])
            .observe(seconds);
    }

    /// A step of the ladder was taken, up to `level`.
    pub fn escalated(&self, level: u32) {
        self.0
            .families
            .tasks
            .escalations
            .with_label_values(&[level.to_string()])
            .inc();
    }

    /// A transaction of `role` ended so (one of `TRANSACTION_RESULTS`) after `took`.
    pub fn transaction(&self, role: &str, result: &'static str, took: Duration) {
        debug_assert!(TRANSACTION_RESULTS.contains(&result), "{result}");
        let histogram = self
            .0
            .families
            .lanes
            .transactions
            .with_label_values(&[role, result]);
        histogram.observe(took.as_secs_f64());
    }

    /// Partitions that the lanes of `role` own.
    pub fn partitions_owned(&self, role: &str, partitions: i64) {
        self.0
            .families
            .lanes
            .owned
            .with_label_values(&[role])
            .set(partitions);
    }

    /// Records left to read for `lane` (topic, partition, records): all of it; what is not named any more is withdrawn.
    pub fn lag(&self, lane: &str, lag: Vec<(String, i32, i64)>) {
        self.0.snapshots.lag(lane, lag);
    }

    /// A partition of the ledger was restored within `took`.
    pub fn restored(&self, took: Duration) {
        self.0.snapshots.restored(took);
    }

    /// What the ledger of `partition` holds now. The gauges are the sums over the partitions that were set.
    pub fn set_gauges(&self, partition: i32, snapshot: LedgerSnapshot) {
        self.0.snapshots.set(partition, snapshot);
    }

    /// `partition` is no longer ours.
    pub fn withdraw(&self, partition: i32) {
        self.0.snapshots.withdraw(partition);
    }
}

fn routes(known: &Known) -> BTreeSet<String> {
    known.routes.iter().cloned().collect()
}
