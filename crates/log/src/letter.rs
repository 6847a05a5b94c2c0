//! Dead letters as records: keyed by the coordinates of what was refused.

use bytes::Bytes;
use reeve_domain::reject::DeadLetter;
use reeve_domain::time::Timestamp;

use crate::cloudevent::CloudEvent;
use crate::record::{Outgoing, Place};
use crate::topic::Topic;

/// The record of one letter; `body` is the letter as JSON.
pub fn outgoing(
    letter: &DeadLetter,
    body: Vec<u8>,
    time: Timestamp,
    source: &'static str,
    traceparent: Option<Bytes>,
) -> Outgoing {
    let coordinates = letter.source.origin.coordinates();
    let id = match letter.source.index {
        Some(index) => format!("{coordinates}#{index}"),
        None => coordinates.clone(),
    };
    let key = Bytes::from(coordinates);
    let event = CloudEvent {
        event_type: "io.reeve.dead_letter.v1",
        id,
        source,
        subject: key.clone(),
        time,
        traceparent,
    };
    Outgoing {
        topic: Topic::DeadLetters,
        place: Place::ByKey,
        key,
        value: Some(body.into()),
        headers: event.headers(),
    }
}
