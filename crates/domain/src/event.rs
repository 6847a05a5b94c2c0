//! What people, ticket systems and connectors say about a task, and what partitions tell each other.

mod between;
mod bodies;
mod persons;
mod texts;
mod written;

pub use between::{HandedTask, LinkBody, MergeBody, SightingBody, TaskName, UnlinkBody, UnmergeBody};
pub use bodies::{
    AttestationBody, BlockedBody, Disowned, EvidenceBody, ExceptionBody, FalsePositiveBody, GateBody, Note,
    PreCheckBody, Reassigned,
};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::SubjectKey;
use crate::time::Timestamp;

/// An event as written on `task-events`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RawEvent {
    /// Always `event`.
    #[serde(default)]
    pub kind: EventKind,
    /// Idempotent: the same id is applied once.
    pub event_id: String,
    /// What happened, e.g. `claimed`.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// The subject's key, also the record's key.
    pub subject_key: SubjectKey,
    /// The task, where the event is about one; otherwise every open task of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Who.
    pub actor: Actor,
    /// When it happened.
    pub at: Timestamp,
    /// The ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<External>,
    /// Keys it was sent on from, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<SubjectKey>,
    /// What the type needs; unknown fields are ignored.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

/// The constant `kind` of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum EventKind {
    #[default]
    Event,
}

crate::observation::wire_enum! {
    /// The type of an event.
    EventType {
        /// Somebody has it.
        Acknowledged = "acknowledged",
        /// Somebody says it is fixed.
        Claimed = "claimed",
        /// Not mine.
        Disowned = "disowned",
        /// It goes to somebody else.
        Reassigned = "reassigned",
        /// The resolver cannot go on.
        Blocked = "blocked",
        /// A gate's approval is asked for.
        ApprovalRequested = "approval_requested",
        /// A gate is passed.
        Approved = "approved",
        /// A gate is denied.
        Denied = "denied",
        /// An exception is asked for.
        ExceptionRequested = "exception_requested",
        /// An exception is granted.
        ExceptionApproved = "exception_approved",
        /// An exception ends early.
        ExceptionRevoked = "exception_revoked",
        /// A statement about the subject's state.
        Evidence = "evidence",
        /// A document and a reviewer, where no machine evidence can exist.
        Attestation = "attestation",
        /// A remark.
        Note = "note",
        /// Not a problem.
        FalsePositive = "false_positive",
        /// The result of a pre-check.
        PreCheck = "pre_check",
        /// Between partitions: this alias is that subject.
        Link = "link",
        /// Between partitions: it is not.
        Unlink = "unlink",
        /// Between partitions: a task's clock and sightings move.
        Merge = "merge",
        /// Between partitions: they move back.
        Unmerge = "unmerge",
        /// Between partitions: a finding under an alias.
        Sighting = "sighting",
    }
}

/// Who said it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// Stable id.
    pub id: String,
    /// What kind of actor.
    pub kind: ActorKind,
}

crate::observation::wire_enum! {
    /// What kind of actor.
    ActorKind {
        /// A person: at most E4.
        Human = "human",
        /// A connector or robot.
        Automation = "automation",
        /// reeve itself.
        System = "system",
    }
}

/// The ticket an event came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[allow(missing_docs)]
pub struct External {
    pub system: String,
    pub id: String,
    pub url: Option<String>,
    pub status: Option<String>,
}

/// An event that is known to be complete.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskEvent {
    /// Idempotent id.
    pub event_id: String,
    /// The subject's key.
    pub subject_key: SubjectKey,
    /// The task, if it names one.
    pub task_id: Option<String>,
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// The ticket.
    pub external: Option<External>,
    /// Keys it was sent on from, in order.
    pub via: Vec<SubjectKey>,
    /// What.
    pub what: What,
}

/// What an event says, with what its type needs.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum What {
    Acknowledged,
    Claimed(Note),
    Disowned(Disowned),
    Reassigned(Reassigned),
    Blocked(BlockedBody),
    ApprovalRequested(GateBody),
    Approved(GateBody),
    Denied(GateBody),
    ExceptionRequested(ExceptionBody),
    ExceptionApproved(ExceptionBody),
    ExceptionRevoked(ExceptionBody),
    Evidence(EvidenceBody),
    Attestation(AttestationBody),
    Note(Note),
    FalsePositive(FalsePositiveBody),
    PreCheck(PreCheckBody),
    Link(LinkBody),
    Unlink(UnlinkBody),
    Merge(Box<MergeBody>),
    Unmerge(UnmergeBody),
    Sighting(Box<SightingBody>),
}

/// An event that lacks something: where, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {} of a `{event_type}` event does not fit: {expected}", part(path))]
pub struct InvalidEvent {
    /// The type of the event.
    pub event_type: EventType,
    /// Where in the event.
    pub path: &'static str,
    /// Category of what was expected; no piece of the input.
    pub expected: String,
}

fn part(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

impl TryFrom<RawEvent> for TaskEvent {
    type Error = InvalidEvent;

    fn try_from(raw: RawEvent) -> Result<Self, InvalidEvent> {
        let event_type = raw.event_type;
        let refused = |(path, expected): (&'static str, &str)| InvalidEvent {
            event_type,
            path,
            expected: expected.to_owned(),
        };
        persons::unnamed(&raw).map_or(Ok(()), |what| Err(refused(what)))?;
        let what = what_of(event_type, raw.body)?;
        persons::unnamed_in(&what).map_or(Ok(()), |what| Err(refused(what)))?;
        let RawEvent {
            event_id,
            subject_key,
            task_id,
            actor,
            at,
            external,
            via,
            ..
        } = raw;
        Ok(Self {
            event_id,
            subject_key,
            task_id,
            actor,
            at,
            external,
            via,
            what,
        })
    }
}

fn what_of(event_type: EventType, body: Value) -> Result<What, InvalidEvent> {
    Ok(match event_type {
        EventType::Acknowledged => What::Acknowledged,
        EventType::Claimed => What::Claimed(read(event_type, body)?),
        EventType::Disowned => What::Disowned(read(event_type, body)?),
        EventType::Reassigned => What::Reassigned(read(event_type, body)?),
        EventType::Blocked => What::Blocked(read(event_type, body)?),
        EventType::ApprovalRequested => What::ApprovalRequested(read(event_type, body)?),
        EventType::Approved => What::Approved(read(event_type, body)?),
        EventType::Denied => What::Denied(read(event_type, body)?),
        EventType::ExceptionRequested => What::ExceptionRequested(read(event_type, body)?),
        EventType::ExceptionApproved => What::ExceptionApproved(read(event_type, body)?),
        EventType::ExceptionRevoked => What::ExceptionRevoked(read(event_type, body)?),
        EventType::Evidence => What::Evidence(read(event_type, body)?),
        EventType::Attestation => What::Attestation(read(event_type, body)?),
        EventType::Note => What::Note(read(event_type, body)?),
        EventType::FalsePositive => What::FalsePositive(read(event_type, body)?),
        EventType::PreCheck => What::PreCheck(read(event_type, body)?),
        EventType::Link => What::Link(read(event_type, body)?),
        EventType::Unlink => What::Unlink(read(event_type, body)?),
        EventType::Merge => What::Merge(Box::new(read(event_type, body)?)),
        EventType::Unmerge => What::Unmerge(read(event_type, body)?),
        EventType::Sighting => What::Sighting(Box::new(sighting(event_type, body)?)),
    })
}

/// A sighting has one observation, of one kind.
fn sighting(event_type: EventType, body: Value) -> Result<SightingBody, InvalidEvent> {
    let body: SightingBody = read(event_type, body)?;
    if !body.is_one() {
        return Err(InvalidEvent {
            event_type,
            path: "/body",
            expected: "a finding, evidence or a receipt".to_owned(),
        });
    }
    Ok(body)
}

fn read<T: DeserializeOwned>(event_type: EventType, body: Value) -> Result<T, InvalidEvent> {
    let body = if body.is_null() {
        Value::Object(serde_json::Map::new())
    } else {
        body
    };
    serde_json::from_value(body).map_err(|error| InvalidEvent {
        event_type,
        path: "/body",
        expected: category(&error),
    })
}

/// serde's message may quote the input; only what names a field of ours is kept.
fn category(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
    {
        Some(field) => format!("`{field}` is missing"),
        None => "a field has the wrong type or an unknown value".to_owned(),
    }
}

#[cfg(test)]
mod tests;
