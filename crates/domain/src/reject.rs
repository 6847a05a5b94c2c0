//! Why a record was refused or dropped, and the dead letter that says so without ever quoting it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::Origin;
use crate::secret::HmacKeys;

/// Why a record could not be used: the sender's fault, a dead letter. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Reason {
    NotUtf8,
    NotJson,
    TooLarge,
    TooDeep,
    Bomb,
    DuplicateKey,
    UnknownFormat,
    MissingField,
    InvalidField,
    NoSubject,
    UnknownTask,
    InvalidEvent,
    StaleEvent,
    NotPermitted,
}

impl Reason {
    /// Every reason, in the order above.
    pub const ALL: [Self; 14] = [
        Self::NotUtf8,
        Self::NotJson,
        Self::TooLarge,
        Self::TooDeep,
        Self::Bomb,
        Self::DuplicateKey,
        Self::UnknownFormat,
        Self::MissingField,
        Self::InvalidField,
        Self::NoSubject,
        Self::UnknownTask,
        Self::InvalidEvent,
        Self::StaleEvent,
        Self::NotPermitted,
    ];

    /// The reason's name on the wire and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::Bomb => "bomb",
            Self::DuplicateKey => "duplicate_key",
            Self::UnknownFormat => "unknown_format",
            Self::MissingField => "missing_field",
            Self::InvalidField => "invalid_field",
            Self::NoSubject => "no_subject",
            Self::UnknownTask => "unknown_task",
            Self::InvalidEvent => "invalid_event",
            Self::StaleEvent => "stale_event",
            Self::NotPermitted => "not_permitted",
        }
    }
}

/// Why a record that was understood is nobody's task: counted, no dead letter. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// It concerns no identity, secret or entitlement (a CVE, a style rule).
    NotIdentityRelevant,
    /// The source itself says that it is a sample or a test.
    Sample,
    /// The source has marked it as suppressed, muted or a false positive.
    SuppressedAtSource,
    /// A control message of an envelope, without an alert in it.
    ControlMessage,
    /// A check that has no result (manual, not available, errored at the source).
    NoResult,
    /// An audit event that neither proves nor disproves anything about a subject.
    NoStatement,
}

impl DropReason {
    /// Every reason, in the order above.
    pub const ALL: [Self; 6] = [
        Self::NotIdentityRelevant,
        Self::Sample,
        Self::SuppressedAtSource,
        Self::ControlMessage,
        Self::NoResult,
        Self::NoStatement,
    ];

    /// The reason's name on the wire and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotIdentityRelevant => "not_identity_relevant",
            Self::Sample => "sample",
            Self::SuppressedAtSource => "suppressed_at_source",
            Self::ControlMessage => "control_message",
            Self::NoResult => "no_result",
            Self::NoStatement => "no_statement",
        }
    }
}

/// A refusal: what failed and where. `detail` holds a category and a position, never a piece of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// What failed first.
    pub reason: Reason,
    /// The format that claimed the document, if one did.
    pub format: Option<&'static str>,
    /// JSON pointer to the place; names that the format knows, any other key as `*`.
    pub path: Option<String>,
    /// Category and position, and what was expected.
    pub detail: String,
    /// Which result of the record, from 0; none if the whole document is refused.
    pub index: Option<u32>,
    /// How many results it speaks of; `index` is the first of them.
    pub results: u32,
}

impl Reject {
    /// A refusal of a whole document.
    pub fn document(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            format: None,
            path: None,
            detail: detail.into(),
            index: None,
            results: 1,
        }
    }

    /// A refusal of one field.
    pub fn field(reason: Reason, path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            reason,
            format: None,
            path: Some(path.into()),
            detail: detail.into(),
            index: None,
            results: 1,
        }
    }

    /// The same refusal, of the result `index` of a report of `format`.
    pub fn within(mut self, format: &'static str, index: u32) -> Self {
        self.format = Some(format);
        self.index = Some(index);
        self
    }
}

/// Where on the line a record was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Stage {
    Normalize,
    Dispatch,
}

/// The record of `dead-letters`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    /// Always `dead_letter`.
    pub kind: DeadLetterKind,
    /// What failed first.
    pub reason: Reason,
    /// Where on the line.
    pub stage: Stage,
    /// The record it came from.
    pub source: DeadLetterSource,
    /// The format that claimed the document, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// JSON pointer; names that the format knows, any other key as `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Category and position.
    pub detail: String,
    /// How many results it speaks of, where it is more than one: a record has a bounded number of letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<u32>,
    /// Size of the record in bytes.
    pub payload_bytes: u64,
    /// Keyed hash of the record, to recognise it at replay.
    pub payload_hmac: String,
}

/// What a letter says of the record itself. It reads all of it, so it is made once for all letters of a record: a record
/// of a hundred thousand bad lines is not read a hundred thousand times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    bytes: u64,
    hmac: String,
}

impl Payload {
    /// Of the record's value.
    pub fn of(value: &[u8], keys: &HmacKeys) -> Self {
        Self {
            bytes: value.len() as u64,
            hmac: keys.payload_hmac(value),
        }
    }
}

impl DeadLetter {
    /// The letter of one refusal of the record `payload` that stood at `origin`: its size and keyed hash, not its content.
    pub fn of(reject: &Reject, stage: Stage, origin: Origin, payload: &[u8], keys: &HmacKeys) -> Self {
        Self::about(reject, stage, origin, &Payload::of(payload, keys))
    }

    /// The same for one of several refusals of a record.
    pub fn about(reject: &Reject, stage: Stage, origin: Origin, payload: &Payload) -> Self {
        Self {
            kind: DeadLetterKind::DeadLetter,
            reason: reject.reason,
            stage,
            source: DeadLetterSource {
                origin,
                index: reject.index,
            },
            format: reject.format.map(str::to_owned),
            path: reject.path.clone(),
            detail: reject.detail.clone(),
            results: (reject.results > 1).then_some(reject.results),
            payload_bytes: payload.bytes,
            payload_hmac: payload.hmac.clone(),
        }
    }
}

/// The constant `kind` of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum DeadLetterKind {
    DeadLetter,
}

/// Coordinates of the refused record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterSource {
    /// Topic coordinates or file.
    #[serde(flatten)]
    pub origin: Origin,
    /// Which result of the record, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_metrics_are_the_names_on_the_wire() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
        for reason in DropReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}
