//! What became of a consumed record: exactly one of these, so that `consumed = Σ outcomes`.

use serde::Serialize;

/// The end of one consumed record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It gave at least one observation.
    Observed,
    /// A repeat or new fact folded into its case.
    Folded,
    /// Hidden by a named exception, and counted.
    Suppressed,
    /// A report without any result.
    Empty,
    /// Understood, and nobody's task; the reason is counted.
    Dropped,
    /// Refused with a dead letter.
    Rejected,
    /// A task event that changed its case.
    EventApplied,
    /// A task event seen before.
    EventRepeated,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Observed,
        Self::Folded,
        Self::Suppressed,
        Self::Empty,
        Self::Dropped,
        Self::Rejected,
        Self::EventApplied,
        Self::EventRepeated,
    ];

    /// The outcome's name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Folded => "folded",
            Self::Suppressed => "suppressed",
            Self::Empty => "empty",
            Self::Dropped => "dropped",
            Self::Rejected => "rejected",
            Self::EventApplied => "event_applied",
            Self::EventRepeated => "event_repeated",
        }
    }
}
