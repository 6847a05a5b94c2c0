//! What the dispatcher writes: tasks, ledger records, events for other partitions.

use bytes::Bytes;
use reeve_domain::event::{RawEvent, TaskEvent};
use reeve_domain::key::SubjectKey;
use reeve_domain::secret::HmacKeys;
use reeve_domain::time::Timestamp;
use reeve_ledger::Notice;
use reeve_log::cloudevent::CloudEvent;
use reeve_log::{Outgoing, Place, Record, Topic};

use crate::seal::sealed;

/// Where the dispatcher's records say they come from.
pub(crate) const SOURCE: &str = "reeve/dispatcher";

/// Marks an event that was sent on to its subject's partition, so that it is sent on once.
pub(crate) const FORWARDED: &str = "reeve-forwarded";

/// The record of one revision of a task.
pub(crate) fn task(told: &Notice, now: Timestamp, traceparent: Option<Bytes>) -> Outgoing {
    let task = told.task();
    let key = bytes_of(&task.subject.key);
    let event = CloudEvent {
        event_type: &task.ce_type(),
        id: task.idempotency_key.clone(),
        source: SOURCE,
        subject: key.clone(),
        time: now,
        traceparent,
    };
    let mut headers = event.headers();
    headers.push(("ce_queue", Bytes::copy_from_slice(task.route.queue.as_bytes())));
    headers.push((
        "ce_band",
        Bytes::from_static(task.priority.band.as_str().as_bytes()),
    ));
    Outgoing {
        topic: Topic::Tasks,
        place: Place::ByKey,
        key,
        value: Some(told.body().into()),
        headers,
    }
}

/// The record of one case, on the partition number its input came from.
pub(crate) fn ledger(key: &SubjectKey, value: Option<Vec<u8>>, partition: i32) -> Outgoing {
    Outgoing {
        topic: Topic::Ledger,
        place: Place::Partition(partition),
        key: bytes_of(key),
        value: value.map(Bytes::from),
        headers: Vec::new(),
    }
}

/// An event for another subject's case.
pub(crate) fn follow_up(event: &RawEvent, keys: &HmacKeys, now: Timestamp) -> Outgoing {
    let key = bytes_of(&event.subject_key);
    let attributes = CloudEvent {
        event_type: "io.reeve.event.v1",
        id: record_id(&event.event_id, &event.via, &event.subject_key),
        source: SOURCE,
        subject: key.clone(),
        time: now,
        traceparent: None,
    };
    let value = serde_json::to_vec(event).expect("an event has string keys only");
    let record = Outgoing {
        topic: Topic::TaskEvents,
        place: Place::ByKey,
        key,
        value: Some(value.into()),
        headers: attributes.headers(),
    };
    sealed(record, event.actor.kind, keys)
}

/// An event that lies on another partition than its subject's: the same bytes, where they belong.
pub(crate) fn forwarded(record: &Record, event: &TaskEvent, keys: &HmacKeys) -> Outgoing {
    let key = bytes_of(&event.subject_key);
    let attributes = CloudEvent {
        event_type: "io.reeve.event.v1",
        id: record_id(&event.event_id, &event.via, &event.subject_key),
        source: SOURCE,
        subject: key.clone(),
        time: record.timestamp,
        traceparent: reeve_log::cloudevent::traceparent(record),
    };
    let mut headers = attributes.headers();
    headers.push((FORWARDED, Bytes::from_static(b"1")));
    let forwarded = Outgoing {
        topic: Topic::TaskEvents,
        place: Place::ByKey,
        key,
        value: record.value.clone(),
        headers,
    };
    sealed(forwarded, event.actor.kind, keys)
}

/// An event keeps its id wherever it is sent on; the records of it are told apart by where they go and how far it came.
fn record_id(event_id: &str, via: &[SubjectKey], key: &SubjectKey) -> String {
    format!("{event_id}/{}@{key}", via.len())
}

fn bytes_of(key: &SubjectKey) -> Bytes {
    Bytes::copy_from_slice(key.as_str().as_bytes())
}
