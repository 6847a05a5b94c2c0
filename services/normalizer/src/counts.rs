//! What one batch of the normalizer came to: plain counts, handed on after the commit.

use std::collections::BTreeMap;

use reeve_domain::outcome::Outcome;
use reeve_domain::reject::{DropReason, Reason};

/// What one result of a report became.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum AlertOutcome {
    Finding,
    Evidence,
    Receipt,
    Dropped,
    Rejected,
}

impl AlertOutcome {
    /// The name in `reeve_alerts_total`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Evidence => "evidence",
            Self::Receipt => "receipt",
            Self::Dropped => "dropped",
            Self::Rejected => "rejected",
        }
    }
}

/// Counts of one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records consumed; equals the sum of `outcomes`.
    pub consumed: u64,
    /// One per record.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// One per observation, drop or reject, by format (`unknown` where none claimed it).
    pub alerts: BTreeMap<(String, AlertOutcome), u64>,
    /// Drops by reason.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Rejects by reason.
    pub rejects: BTreeMap<Reason, u64>,
}

impl Counts {
    /// Adds one record's end.
    pub fn record(&mut self, outcome: Outcome) {
        self.consumed += 1;
        *self.outcomes.entry(outcome).or_default() += 1;
    }

    /// Adds results of `format`.
    pub fn alert(&mut self, format: Option<&str>, outcome: AlertOutcome, results: u64) {
        let format = format.unwrap_or("unknown");
        match self
            .alerts
            .iter_mut()
            .find(|((known, what), _)| known == format && *what == outcome)
        {
            Some((_, count)) => *count += results,
            None => {
                self.alerts.insert((format.to_owned(), outcome), results);
            }
        }
    }
}
