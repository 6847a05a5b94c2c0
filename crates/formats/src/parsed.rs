//! What an alert came to: one item for each of its records.

use reeve_domain::observation::{Observation, Receipt};
use reeve_domain::reject::{DropReason, Reject};

/// What an alert held. `records` = items observed + items dropped + results rejected, always.
#[derive(Debug, Default)]
pub struct Parsed {
    /// One for each record, in the order of the alert; of very many refusals, one for each reason and format.
    pub items: Vec<Item>,
    /// Scans with a scope that ran; no records of their own.
    pub receipts: Vec<Receipt>,
    /// Results, as `formats.md` §6 counts them.
    pub records: u32,
    /// The alert held no record at all: `null`, `[]`, nothing.
    pub empty: bool,
    /// Formats that were met, each once, in order.
    pub formats: Vec<&'static str>,
    /// Envelopes that were peeled, each once, outermost first.
    pub envelopes: Vec<&'static str>,
    /// Places that were scrubbed.
    pub redactions: u32,
    /// Findings whose rule is in no table, so that their issue type is the format's default.
    pub unmapped: u32,
}

/// What became of one record.
#[derive(Debug)]
pub enum Item {
    /// At least one observation.
    Observed {
        /// Which record of the alert, from 0.
        index: u32,
        /// The format's id.
        format: &'static str,
        /// Findings and evidence, one or more.
        observations: Vec<Observation>,
    },
    /// Understood, and nobody's task.
    Dropped {
        /// Which record of the alert, from 0.
        index: u32,
        /// The format's id; `unknown` for a message of an envelope.
        format: &'static str,
        /// Why.
        reason: DropReason,
    },
    /// Refused; becomes a dead letter. It may speak of more than one record.
    Rejected(Reject),
}

impl Item {
    /// How many records of the alert it stands for.
    pub fn records(&self) -> u32 {
        match self {
            Self::Rejected(reject) => reject.results,
            Self::Observed { .. } | Self::Dropped { .. } => 1,
        }
    }
}
