//! The two roles of the line: what each reads, and which of them keeps the ledger.

use serde::{Deserialize, Serialize};

use crate::topic::Topic;

/// Who reads what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Alerts in, observations out; remembers nothing.
    Normalizer,
    /// Observations and events in, tasks out; keeps the ledger.
    Dispatcher,
}

impl Role {
    /// Both roles.
    pub const ALL: [Self; 2] = [Self::Normalizer, Self::Dispatcher];

    /// The role's name in groups, transactions, metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normalizer => "normalizer",
            Self::Dispatcher => "dispatcher",
        }
    }

    /// The topics it consumes; partitions of the same number belong together.
    pub const fn inputs(self) -> &'static [Topic] {
        match self {
            Self::Normalizer => &[Topic::Alerts],
            Self::Dispatcher => &[Topic::Findings, Topic::TaskEvents],
        }
    }

    /// Whether a partition of it is rebuilt from the ledger.
    pub const fn keeps_ledger(self) -> bool {
        matches!(self, Self::Dispatcher)
    }
}
