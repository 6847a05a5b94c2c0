//! Gauges that are a whole picture: of the ledger per owned partition, of the lag per lane; gone when withdrawn.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, IntGauge, IntGaugeVec, Opts};
use reeve_domain::priority::Band;
use reeve_domain::time::Timestamp;

use super::Clock;
use super::families::gauges;

/// What the ledger of one partition holds. Open means open, acknowledged or claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerSnapshot {
    /// Cases, stubs included.
    pub cases: u64,
    /// Cases with an open task, by what their subjects can be met with.
    pub open_cases: BTreeMap<HashKey, u64>,
    /// Tasks by band and route.
    pub tasks: BTreeMap<(Band, String), TaskCounts>,
    /// Open tasks whose inventories have not answered.
    pub pending_enrichment: BTreeMap<Band, u64>,
    /// The earliest beginning among the open tasks of a band.
    pub oldest_open: BTreeMap<Band, Timestamp>,
}

/// The key of the keyed hashes that a subject is named with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HashKey {
    /// That of this process.
    Current,
    /// That of before a rotation which is under way, and not yet the current one.
    Previous,
    /// Neither: its secret, seen again, is another subject.
    Other,
    /// No keyed hash names the subject.
    None,
}

impl HashKey {
    const ALL: [Self; 4] = [Self::Current, Self::Previous, Self::Other, Self::None];

    fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Other => "other",
            Self::None => "none",
        }
    }
}

/// Tasks of one band and route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Open.
    pub open: u64,
    /// Open and past a deadline.
    pub overdue: u64,
    /// Open, and nobody owns them.
    pub ownerless: u64,
    /// Open, and the resolver cannot go on.
    pub blocked: u64,
}

/// The pictures of this process; clones share them.
#[derive(Clone)]
pub(super) struct Snapshots(Arc<Shared>);

struct Shared {
    clock: Clock,
    state: Mutex<State>,
    descriptions: Vec<Desc>,
}

#[derive(Default)]
struct State {
    routes: BTreeSet<String>,
    ledgers: BTreeMap<i32, LedgerSnapshot>,
    lag: BTreeMap<String, Vec<(String, i32, i64)>>,
    restored: Option<Duration>,
}

impl Snapshots {
    /// None yet; `routes` are shown also while they have no task.
    pub(super) fn new(routes: BTreeSet<String>, clock: Clock) -> Self {
        let descriptions = Gauges::new()
            .collectors()
            .iter()
            .flat_map(|gauge| gauge.desc())
            .cloned()
            .collect();
        Self(Arc::new(Shared {
            clock,
            state: Mutex::new(State {
                routes,
                ..State::default()
            }),
            descriptions,
        }))
    }

    pub(super) fn show_routes(&self, routes: BTreeSet<String>) {
        self.state().routes = routes;
    }

    pub(super) fn set(&self, partition: i32, snapshot: LedgerSnapshot) {
        self.state().ledgers.insert(partition, snapshot);
    }

    pub(super) fn withdraw(&self, partition: i32) {
        self.state().ledgers.remove(&partition);
    }

    pub(super) fn lag(&self, lane: &str, lag: Vec<(String, i32, i64)>) {
        self.state().lag.insert(lane.to_owned(), lag);
    }

    pub(super) fn restored(&self, took: Duration) {
        self.state().restored = Some(took);
    }

    /// Each change is one insertion, so a panic elsewhere leaves the state whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Snapshots {
    fn desc(&self) -> Vec<&Desc> {
        self.0.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let gauges = Gauges::new();
        let mut families = Vec::new();
        let state = self.state();
        for (topic, partition, left) in state.lag.values().flatten() {
            gauges
                .lag
                .with_label_values(&[topic, &partition.to_string()])
                .set(*left);
        }
        families.extend(gauges.lag.collect());
        if let Some(took) = state.restored {
            gauges.restored.set(took.as_secs_f64());
            families.extend(gauges.restored.collect());
        }
        if !state.ledgers.is_empty() {
            gauges.start(&state.routes);
            let now = (self.0.clock)();
            state.ledgers.values().for_each(|ledger| gauges.add(ledger, now));
            families.extend(gauges.of_ledger().iter().flat_map(|gauge| gauge.collect()));
        }
        families
    }
}

/// The gauges of one scrape.
struct Gauges {
    lag: IntGaugeVec,
    restored: Gauge,
    cases: IntGauge,
    open_cases: IntGaugeVec,
    open: IntGaugeVec,
    overdue: IntGaugeVec,
    ownerless: IntGaugeVec,
    blocked: IntGaugeVec,
    pending: IntGaugeVec,
    oldest: IntGaugeVec,
}

impl Gauges {
    fn new() -> Self {
        let why = "the name is a constant that a test registers";
        let plain = |name: &str, help: &str| Opts::new(name, help);
        let tasks = |name, help| gauges(name, help, &["priority", "route"]);
        Self {
            lag: gauges(
                "reeve_consumer_lag_records",
                "Records left to read.",
                &["topic", "partition"],
            ),
            restored: Gauge::with_opts(plain(
                "reeve_ledger_restore_duration_seconds",
                "Time that the last restore of a partition took.",
            ))
            .expect(why),
            cases: IntGauge::with_opts(plain(
                "reeve_ledger_cases",
                "Cases in the ledger of the owned partitions.",
            ))
            .expect(why),
            open_cases: gauges(
                "reeve_ledger_open_cases",
                "Cases with an open task, by the key of the keyed hashes that names their subjects.",
                &["hash_key"],
            ),
            open: tasks(
                "reeve_tasks_open",
                "Tasks that are open, acknowledged or claimed.",
            ),
            overdue: tasks("reeve_tasks_overdue", "Open tasks past a deadline."),
            ownerless: tasks(
                "reeve_tasks_ownerless",
                "Open tasks that no inventory knows an owner of.",
            ),
            blocked: tasks("reeve_tasks_blocked", "Open tasks whose resolver cannot go on."),
            pending: gauges(
                "reeve_tasks_pending_enrichment",
                "Open tasks whose inventories have not all answered.",
                &["priority"],
            ),
            oldest: gauges(
                "reeve_tasks_oldest_open_age_seconds",
                "Age of the oldest open task, 0 where none is open.",
                &["priority"],
            ),
        }
    }

    fn of_ledger(&self) -> [&dyn Collector; 8] {
        [
            &self.cases,
            &self.open_cases,
            &self.open,
            &self.overdue,
            &self.ownerless,
            &self.blocked,
            &self.pending,
            &self.oldest,
        ]
    }

    fn collectors(&self) -> Vec<&dyn Collector> {
        let mut all: Vec<&dyn Collector> = vec![&self.lag, &self.restored];
        all.extend(self.of_ledger());
        all
    }

    /// Every band, key and configured route at 0.
    fn start(&self, routes: &BTreeSet<String>) {
        for key in HashKey::ALL {
            self.open_cases.with_label_values(&[key.as_str()]).set(0);
        }
        for band in Band::ALL {
            self.pending.with_label_values(&[band.as_str()]).set(0);
            self.oldest.with_label_values(&[band.as_str()]).set(0);
            for route in routes {
                self.tasks(*band, route, TaskCounts::default());
            }
        }
    }

    fn add(&self, ledger: &LedgerSnapshot, now: Timestamp) {
        self.cases.add(whole(ledger.cases));
        for (key, count) in &ledger.open_cases {
            self.open_cases
                .with_label_values(&[key.as_str()])
                .add(whole(*count));
        }
        for ((band, route), counts) in &ledger.tasks {
            self.tasks(*band, route, *counts);
        }
        for (band, count) in &ledger.pending_enrichment {
            self.pending
                .with_label_values(&[band.as_str()])
                .add(whole(*count));
        }
        for (band, since) in &ledger.oldest_open {
            let gauge = self.oldest.with_label_values(&[band.as_str()]);
            gauge.set(gauge.get().max(now.seconds_since(*since)));
        }
    }

    fn tasks(&self, band: Band, route: &str, counts: TaskCounts) {
        let labels = [band.as_str(), route];
        let of = [
            (&self.open, counts.open),
            (&self.overdue, counts.overdue),
            (&self.ownerless, counts.ownerless),
            (&self.blocked, counts.blocked),
        ];
        for (family, count) in of {
            family.with_label_values(&labels).add(whole(count));
        }
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
