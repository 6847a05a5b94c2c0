//! How urgent a task is, as points that anyone can add up again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::observation::wire_enum;
use crate::time::Timestamp;

wire_enum! {
    /// Urgency; P1 is the highest. The order of the enum is urgency: `P1 < P2`.
    Band {
        /// Contain within hours.
        P1 = "P1",
        /// Within a day.
        P2 = "P2",
        /// Within two weeks.
        P3 = "P3",
        /// Within two months.
        P4 = "P4",
        /// At the next review.
        P5 = "P5",
    }
}

/// The decision on urgency with its arithmetic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Priority {
    /// The band after rules.
    pub band: Band,
    /// 0–100: round(100 × Σ points / Σ applicable maxima), modifiers included, clamped.
    pub score: u8,
    /// One row per factor.
    pub factors: Vec<Factor>,
    /// Ids of the rules that raised or held the band.
    pub rules_fired: Vec<String>,
    /// Which policy decided.
    pub policy: PolicyVersion,
}

/// One factor's contribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Factor {
    /// `exposure`, `validity`, `recency`, `privilege`, `environment`, `blast_radius`, `criticality`, or a modifier's name.
    pub factor: String,
    /// The value that was seen.
    pub value: String,
    /// Points it gave.
    pub points: i32,
    /// The most it can give; 0 for a modifier.
    pub max: i32,
    /// Where the value came from.
    pub source: String,
    /// When it was so.
    pub as_of: Option<Timestamp>,
    /// The value is not known, the default was taken.
    pub defaulted: bool,
    /// False if the factor cannot apply to this class: it scores nothing and its maximum leaves the scale.
    pub applicable: bool,
}

/// The policy that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyVersion {
    /// Its written version.
    pub version: String,
    /// Hash of its files.
    pub sha256: String,
}
