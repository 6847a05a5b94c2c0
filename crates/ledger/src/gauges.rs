//! Gauges of a partition, kept up to date case by case: what a case adds is taken away before it changes.

use std::collections::{BTreeMap, BTreeSet};

use reeve_domain::key::Strength;
use reeve_domain::priority::Band;
use reeve_domain::secret::key_id_of;
use reeve_domain::time::Timestamp;

use crate::case::Case;
use crate::notice::Notice;

/// Numbers by band and route.
pub type ByRoute = BTreeMap<(Band, String), u64>;

/// Numbers by the ids of the keys whose keyed hashes name one subject.
pub type ByKeyIds = BTreeMap<BTreeSet<String>, u64>;

/// What the metrics show of open tasks (open, acknowledged or claimed).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Open tasks.
    pub open: ByRoute,
    /// Open and past `remediate_by`.
    pub overdue: ByRoute,
    /// Open and without an owner that any inventory knows.
    pub ownerless: ByRoute,
    /// Open and blocked.
    pub blocked: ByRoute,
    /// Open and waiting for an inventory.
    pub pending: BTreeMap<Band, u64>,
    /// When the oldest open task of a band was first detected.
    pub oldest: BTreeMap<Band, Timestamp>,
    /// Cases with an open task, by the keys that they can be met with; no key where no keyed hash names the subject.
    pub cases: ByKeyIds,
}

/// Open tasks of many cases, countable at any time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    open: ByRoute,
    ownerless: ByRoute,
    blocked: ByRoute,
    pending: BTreeMap<Band, u64>,
    overdue: ByRoute,
    /// Tasks due after `until`: deadline → band and route → how many.
    ahead: BTreeMap<Timestamp, ByRoute>,
    until: Option<Timestamp>,
    detected: BTreeMap<Band, BTreeMap<Timestamp, u64>>,
    cases: ByKeyIds,
}

impl Tally {
    /// Adds what a case shows.
    pub(crate) fn add(&mut self, case: &Case) {
        self.turn(case, true);
    }

    /// Takes away what a case showed.
    pub(crate) fn take(&mut self, case: &Case) {
        self.turn(case, false);
    }

    fn turn(&mut self, case: &Case, add: bool) {
        let open = case
            .told()
            .map(Notice::glance)
            .filter(|told| told.state.is_open());
        let mut open = open.peekable();
        if open.peek().is_some() {
            shift(&mut self.cases, key_ids(case), add);
        }
        for task in open {
            let band = task.band;
            let label = || (band, task.route.clone());
            shift(&mut self.open, label(), add);
            if task.ownerless {
                shift(&mut self.ownerless, label(), add);
            }
            if task.blocked {
                shift(&mut self.blocked, label(), add);
            }
            if task.pending {
                shift(&mut self.pending, band, add);
            }
            self.turn_due(task.remediate_by, label(), add);
            let ages = self.detected.entry(band).or_default();
            shift(ages, task.first_detected_at, add);
        }
    }

    fn turn_due(&mut self, due: Timestamp, label: (Band, String), add: bool) {
        if self.until.is_some_and(|until| due <= until) {
            shift(&mut self.overdue, label, add);
            return;
        }
        let labels = self.ahead.entry(due).or_default();
        shift(labels, label, add);
        if labels.is_empty() {
            self.ahead.remove(&due);
        }
    }

    /// The numbers at `now`; time moves what fell due, once.
    pub(crate) fn at(&mut self, now: Timestamp) -> Gauges {
        while let Some(entry) = self.ahead.first_entry().filter(|entry| *entry.key() <= now) {
            for (label, count) in entry.remove() {
                *self.overdue.entry(label).or_default() += count;
            }
        }
        self.until = self.until.max(Some(now));
        let first = |ages: &BTreeMap<Timestamp, u64>| ages.keys().next().copied();
        Gauges {
            open: self.open.clone(),
            overdue: self.overdue.clone(),
            ownerless: self.ownerless.clone(),
            blocked: self.blocked.clone(),
            pending: self.pending.clone(),
            oldest: self
                .detected
                .iter()
                .filter_map(|(band, ages)| Some((*band, first(ages)?)))
                .collect(),
            cases: self.cases.clone(),
        }
    }
}

/// Of the keyed hashes among the names of a subject.
fn key_ids(case: &Case) -> BTreeSet<String> {
    let strong = case
        .aliases
        .iter()
        .filter(|alias| alias.strength == Strength::Strong);
    std::iter::once(case.key())
        .chain(strong.map(|alias| &alias.key))
        .filter_map(key_id_of)
        .map(str::to_owned)
        .collect()
}

fn shift<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, add: bool) {
    if add {
        *counts.entry(key).or_default() += 1;
    } else if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}
