//! What people, ticket systems and connectors say, with what each type needs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::observation::{EvidenceScope, Statement};
use crate::task::{BlockedReason, PreCheckResult};
use crate::time::Timestamp;

/// A remark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Note {
    pub note: Option<String>,
}

/// Not mine; perhaps theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Disowned {
    /// A suggestion: an owner's reference.
    pub to: Option<String>,
    pub note: Option<String>,
}

/// It goes to this owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Reassigned {
    /// The new resolver's reference.
    pub to: String,
    /// `team`, `user`, …
    #[serde(default)]
    pub to_type: Option<String>,
    #[serde(default)]
    pub contact: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// The resolver cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct BlockedBody {
    pub reason: BlockedReason,
    #[serde(default)]
    pub note: Option<String>,
}

/// Which gate; `business_approval` if not named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[allow(missing_docs)]
pub struct GateBody {
    pub gate: String,
    pub note: Option<String>,
}

impl Default for GateBody {
    fn default() -> Self {
        Self {
            gate: "business_approval".to_owned(),
            note: None,
        }
    }
}

/// An exception asked for, granted or revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct ExceptionBody {
    pub exception_id: String,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub requester: Option<String>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    #[serde(default)]
    pub compensating_control: Option<String>,
}

/// A statement about the subject's state; a `level` in it is ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct EvidenceBody {
    pub statement: Statement,
    #[serde(default = "whole_subject")]
    pub scope: EvidenceScope,
    #[serde(default)]
    pub reference: String,
    /// When it was so; the event's time if not given.
    #[serde(default)]
    pub observed_at: Option<Timestamp>,
    #[serde(default)]
    pub errored: bool,
}

fn whole_subject() -> EvidenceScope {
    EvidenceScope::WholeSubject
}

/// A document and a reviewer who is not the claimant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct AttestationBody {
    pub document: String,
    /// The reviewer; the actor if not given.
    #[serde(default)]
    pub reviewer: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// Not a problem, until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct FalsePositiveBody {
    pub reason: String,
    pub expires_at: Timestamp,
    /// The second person, from P2 up.
    #[serde(default)]
    pub second: Option<String>,
}

/// The result of a pre-check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct PreCheckBody {
    pub name: String,
    pub result: PreCheckResult,
}
