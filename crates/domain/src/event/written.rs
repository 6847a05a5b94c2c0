//! An event as it goes back onto the topic: what was read, field by field.

use serde_json::Value;

use super::{EventKind, EventType, RawEvent, TaskEvent, What};

impl What {
    /// The type of the event that says so.
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::Acknowledged => EventType::Acknowledged,
            Self::Claimed(_) => EventType::Claimed,
            Self::Disowned(_) => EventType::Disowned,
            Self::Reassigned(_) => EventType::Reassigned,
            Self::Blocked(_) => EventType::Blocked,
            Self::ApprovalRequested(_) => EventType::ApprovalRequested,
            Self::Approved(_) => EventType::Approved,
            Self::Denied(_) => EventType::Denied,
            Self::ExceptionRequested(_) => EventType::ExceptionRequested,
            Self::ExceptionApproved(_) => EventType::ExceptionApproved,
            Self::ExceptionRevoked(_) => EventType::ExceptionRevoked,
            Self::Evidence(_) => EventType::Evidence,
            Self::Attestation(_) => EventType::Attestation,
            Self::Note(_) => EventType::Note,
            Self::FalsePositive(_) => EventType::FalsePositive,
            Self::PreCheck(_) => EventType::PreCheck,
            Self::Link(_) => EventType::Link,
            Self::Unlink(_) => EventType::Unlink,
            Self::Merge(_) => EventType::Merge,
            Self::Unmerge(_) => EventType::Unmerge,
            Self::Sighting(_) => EventType::Sighting,
        }
    }

    fn body(&self) -> Value {
        let body = match self {
            Self::Acknowledged => Ok(Value::Null),
            Self::Claimed(body) | Self::Note(body) => serde_json::to_value(body),
            Self::Disowned(body) => serde_json::to_value(body),
            Self::Reassigned(body) => serde_json::to_value(body),
            Self::Blocked(body) => serde_json::to_value(body),
            Self::ApprovalRequested(body) | Self::Approved(body) | Self::Denied(body) => {
                serde_json::to_value(body)
            }
            Self::ExceptionRequested(body) | Self::ExceptionApproved(body) | Self::ExceptionRevoked(body) => {
                serde_json::to_value(body)
            }
            Self::Evidence(body) => serde_json::to_value(body),
            Self::Attestation(body) => serde_json::to_value(body),
            Self::FalsePositive(body) => serde_json::to_value(body),
            Self::PreCheck(body) => serde_json::to_value(body),
            Self::Link(body) => serde_json::to_value(body),
            Self::Unlink(body) => serde_json::to_value(body),
            Self::Merge(body) => serde_json::to_value(body),
            Self::Unmerge(body) => serde_json::to_value(body),
            Self::Sighting(body) => serde_json::to_value(body),
        };
        body.expect("bodies have string keys only")
    }
}

impl From<TaskEvent> for RawEvent {
    fn from(event: TaskEvent) -> Self {
        Self {
            kind: EventKind::Event,
            event_id: event.event_id,
            event_type: event.what.event_type(),
            subject_key: event.subject_key,
            task_id: event.task_id,
            actor: event.actor,
            at: event.at,
            external: event.external,
            via: event.via,
            body: event.what.body(),
        }
    }
}
