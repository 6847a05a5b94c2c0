//! Records of the two inputs, read into what the ledger takes.

use reeve_domain::event::{ActorKind, RawEvent, TaskEvent};
use reeve_domain::observation::{Evidence, Finding, Observation, Receipt};
use reeve_domain::reject::{Reason, Reject};
use reeve_domain::secret::HmacKeys;
use reeve_formats::{Scrub, each_name_once};
use reeve_ledger::InputTopic;
use reeve_log::{Record, Topic};

use crate::seal;

/// How a finding begins.
const FINDING: &str = r#"{"kind":"finding","#;

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
/// `not_utf8`, `not_json`, `duplicate_key`, `invalid_event` or `invalid_field`, with category and position;
/// `not_permitted` for what reeve itself would say and has not sealed.
pub(crate) fn read(record: &Record, scrub: Scrub, seals: Option<&HmacKeys>) -> Result<Body, Reject> {
    // whether it is text is looked at once, and not for each of its strings
    let text = str::from_utf8(record.value.as_deref().unwrap_or_default());
    let text =
        text.map_err(|error| Reject::document(Reason::NotUtf8, format!("at byte {}", error.valid_up_to())))?;
    match record.topic {
        Topic::TaskEvents => event(text, record, scrub, seals),
        _ => observation(text),
    }
}

fn observation(text: &str) -> Result<Body, Reject> {
    let wrong = |error| unreadable(&error, Reason::InvalidField, "an observation");
    // a tagged document is read twice; what the normalizer writes names its kind first
    if text.starts_with(FINDING) {
        return serde_json::from_str(text).map(Body::Finding).map_err(wrong);
    }
    let observation: Observation = serde_json::from_str(text).map_err(wrong)?;
    Ok(match observation {
        Observation::Finding(finding) => Body::Finding(finding),
        Observation::Evidence(evidence) => Body::Evidence(evidence),
        Observation::Receipt(receipt) => Body::Receipt(receipt),
    })
}

fn event(text: &str, record: &Record, scrub: Scrub, seals: Option<&HmacKeys>) -> Result<Body, Reject> {
    let raw: RawEvent = serde_json::from_str(text).map_err(|error| {
        let wrong = unreadable(&error, Reason::InvalidEvent, "a task event");
        each_name_once(text).err().unwrap_or(wrong)
    })?;
    // reeve writes no name twice
    if raw.actor.kind != ActorKind::System {
        each_name_once(text)?;
    }
    let mut event = TaskEvent::try_from(raw)
        .map_err(|error| Reject::field(Reason::InvalidEvent, error.path, error.to_string()))?;
    if let Some(keys) = seals {
        seal::check(&event, record, keys)?;
    }
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
    use crate::seal::HEADER;
    use reeve_domain::time::Timestamp;

    fn record(topic: Topic, value: impl Into<Vec<u8>>) -> Record {
        Record {
            topic,
            partition: 0,
            offset: 0,
            timestamp: Timestamp::EPOCH,
            key: Some(MAIN.into()),
            value: Some(value.into().into()),
            headers: Vec::new(),
        }
    }

    const MAIN: &str = "secret:value:hmac:k/main";

    fn event(actor: &str, body: &str) -> String {
        format!(
            r#"{{"event_id":"1","type":"note","subject_key":"{MAIN}","actor":{{"id":"x","kind":"{actor}"}},
               "at":"2026-01-01T00:00:00Z","body":{body}}}"#
        )
    }

    fn refused(record: &Record, seals: Option<&HmacKeys>) -> Option<Reject> {
        read(record, Scrub::On, seals).err()
    }

    fn reason(topic: Topic, value: impl Into<Vec<u8>>) -> Option<Reason> {
        refused(&record(topic, value), None).map(|reject| reject.reason)
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_a_quote() {
        let value = r#"{"event_id":"hunter2","type":"hunter3"}"#;
        let reject = refused(&record(Topic::TaskEvents, value), None).unwrap();
        assert_eq!(reject.reason, Reason::InvalidEvent);
        assert!(!reject.detail.contains("hunter"));
        assert_eq!(reason(Topic::Findings, "{"), Some(Reason::NotJson));
        assert_eq!(
            reason(Topic::Findings, r#"{"kind":"x"}"#),
            Some(Reason::InvalidField)
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_not_utf8_on_either_topic() {
        for topic in [Topic::Findings, Topic::TaskEvents] {
            let reject = refused(&record(topic, *b"{\"kind\":\"\xff\"}"), None).unwrap();
            assert_eq!(
                (reject.reason, reject.detail.as_str()),
                (Reason::NotUtf8, "at byte 9")
            );
        }
    }

    #[test]
    fn a_name_that_stands_twice_in_one_object_is_a_duplicate_key() {
        let twice = [
            r#"{"event_id":"hunter2","event_id":"b"}"#.to_owned(),
            event("human", r#"{"text":"hunter2","text":"b"}"#),
            event("human", r#"{"text":"a","more":[{"hunter2":1,"hunter\u0032":2}]}"#),
        ];
        for value in twice {
            let reject = refused(&record(Topic::TaskEvents, value), None).unwrap();
            assert_eq!(reject.reason, Reason::DuplicateKey);
            assert!(
                !reject.detail.contains("hunter") && reject.detail.contains("line"),
                "{}",
                reject.detail
            );
        }
        let once = r#"{"text":"a","more":[{"a":1.5},{"a":null},{"a":true}]}"#;
        assert_eq!(reason(Topic::TaskEvents, event("human", once)), None);
        assert_eq!(reason(Topic::TaskEvents, r#"{"a":1"#), Some(Reason::NotJson));
    }

    #[test]
    fn what_reeve_itself_says_counts_only_with_the_seal_of_its_key_and_record() {
        let keys = HmacKeys::new(&[7; 32]).unwrap();
        let value = event("system", r#"{"text":"a"}"#);
        let mut forged = record(Topic::TaskEvents, value.clone());
        let by = |record: &Record| refused(record, Some(&keys)).map(|reject| reject.reason);
        assert_eq!(by(&forged), Some(Reason::NotPermitted));
        let seals = [
            keys.seal(b"secret:value:hmac:k/other", value.as_bytes()),
            keys.seal(MAIN.as_bytes(), b"another"),
            HmacKeys::new(&[8; 32])
                .unwrap()
                .seal(MAIN.as_bytes(), value.as_bytes()),
            String::new(),
        ];
        for seal in seals {
            forged.headers = vec![(HEADER.to_owned(), seal.into_bytes())];
            assert_eq!(by(&forged), Some(Reason::NotPermitted));
        }
        let seal = keys.seal(MAIN.as_bytes(), value.as_bytes());
        forged.headers = vec![(HEADER.to_owned(), seal.into_bytes())];
        assert_eq!(by(&forged), None);
        // people need none, and files have none
        assert_eq!(by(&record(Topic::TaskEvents, event("human", "null"))), None);
        assert_eq!(refused(&record(Topic::TaskEvents, value), None), None);
    }
}
