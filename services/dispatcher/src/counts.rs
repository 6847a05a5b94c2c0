//! What one batch or tick of the dispatcher came to: plain counts, handed on after the commit.

use std::collections::BTreeMap;

use reeve_domain::outcome::Outcome;
use reeve_domain::reject::Reason;
use reeve_inventories::InventoryCounts;
use reeve_ledger::{Gauges, Noted};
use reeve_log::Topic;

/// Counts of one batch or tick.
#[derive(Debug, Default)]
pub struct Counts {
    /// One per consumed record, by topic.
    pub outcomes: BTreeMap<(Topic, Outcome), u64>,
    /// Rejects by reason.
    pub rejects: BTreeMap<Reason, u64>,
    /// What happened to tasks.
    pub noted: Vec<Noted>,
    /// Look-ups since the last report.
    pub inventories: Vec<InventoryCounts>,
    /// Whether each inventory answers.
    pub available: Vec<(String, bool)>,
}

impl Counts {
    /// Adds one record's end.
    pub fn record(&mut self, topic: Topic, outcome: Outcome) {
        *self.outcomes.entry((topic, outcome)).or_default() += 1;
    }
}

/// Who is told what the dispatcher did.
pub trait Observe {
    /// After a commit.
    fn counts(&mut self, counts: &Counts);
    /// The committed state of a partition; none once it is no longer ours.
    fn state(&mut self, partition: i32, state: Option<State<'_>>);
}

/// The committed state of a partition in numbers.
#[derive(Clone, Copy)]
pub struct State<'a> {
    /// Open tasks and the like.
    pub gauges: &'a Gauges,
    /// Cases held.
    pub cases: usize,
}
