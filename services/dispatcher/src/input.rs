//! Records of the two inputs, read into what the ledger takes.

use reeve_domain::event::{RawEvent, TaskEvent};
use reeve_domain::observation::{Evidence, Finding, Observation, Receipt};
use reeve_domain::reject::{Reason, Reject};
use reeve_formats::Scrub;
use reeve_ledger::InputTopic;
use reeve_log::{Record, Topic};

/// How a finding begins.
const FINDING: &[u8] = br#"{"kind":"finding","#;

/// One record that could be read.
pub(crate) enum Body {
    /// A problem.
    Finding(Box<Finding>),
    /// A proof or a sign of life.
    Evidence(Box<Evidence>),
    /// A scan ran.
    Receipt(Box<Receipt>),
    /// Somebody said something.
    Event(Box<TaskEvent>),
}

/// The input of the ledger that a topic is.
pub(crate) const fn input_topic(topic: Topic) -> InputTopic {
    match topic {
        Topic::TaskEvents => InputTopic::TaskEvents,
        _ => InputTopic::Findings,
    }
}

/// Reads a record of `findings` or `task-events`. Observations come scrubbed; what people write is scrubbed here.
///
/// # Errors
/// `not_json`, `invalid_event` or `invalid_field`, with category and position.
pub(crate) fn read(record: &Record, scrub: Scrub) -> Result<Body, Reject> {
    let value = record.value.as_deref().unwrap_or_default();
    match record.topic {
        Topic::TaskEvents => event(value, scrub),
        _ => observation(value),
    }
}

fn observation(value: &[u8]) -> Result<Body, Reject> {
    let wrong = |error| unreadable(&error, Reason::InvalidField, "an observation");
    // a tagged document is read twice; what the normalizer writes names its kind first
    if value.starts_with(FINDING) {
        // whether it is text is looked at once, and not for each of its strings; what is not is refused below
        if let Ok(text) = str::from_utf8(value) {
            return serde_json::from_str(text).map(Body::Finding).map_err(wrong);
        }
    }
    let observation: Observation = serde_json::from_slice(value).map_err(wrong)?;
    Ok(match observation {
        Observation::Finding(finding) => Body::Finding(finding),
        Observation::Evidence(evidence) => Body::Evidence(evidence),
        Observation::Receipt(receipt) => Body::Receipt(receipt),
    })
}

fn event(value: &[u8], scrub: Scrub) -> Result<Body, Reject> {
    let raw: RawEvent = serde_json::from_slice(value)
        .map_err(|error| unreadable(&error, Reason::InvalidEvent, "a task event"))?;
    let mut event = TaskEvent::try_from(raw)
        .map_err(|error| Reject::field(Reason::InvalidEvent, error.path, error.to_string()))?;
    event.clean_texts(|text| reeve_formats::scrubbed_text(text, scrub));
    Ok(Body::Event(Box::new(event)))
}

/// Position and category: serde's own text may quote the input.
fn unreadable(error: &serde_json::Error, wrong: Reason, expected: &str) -> Reject {
    let reason = if error.is_data() { wrong } else { Reason::NotJson };
    Reject::document(
        reason,
        format!(
            "line {} column {}: expected {expected}",
            error.line(),
            error.column()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use reeve_domain::time::Timestamp;

    fn record(topic: Topic, value: &str) -> Record {
        Record {
            topic,
            partition: 0,
            offset: 0,
            timestamp: Timestamp::EPOCH,
            key: None,
            value: Some(value.to_owned().into()),
            headers: Vec::new(),
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_a_quote() {
        let read = |record: &Record| read(record, Scrub::On);
        let reject = read(&record(
            Topic::TaskEvents,
            r#"{"event_id":"hunter2","type":"hunter3"}"#,
        ))
        .err()
        .unwrap();
        assert_eq!(reject.reason, Reason::InvalidEvent);
        assert!(!reject.detail.contains("hunter"));
        assert_eq!(
            read(&record(Topic::Findings, "{")).err().unwrap().reason,
            Reason::NotJson
        );
        assert_eq!(
            read(&record(Topic::Findings, r#"{"kind":"x"}"#))
                .err()
                .unwrap()
                .reason,
            Reason::InvalidField
        );
    }
}
