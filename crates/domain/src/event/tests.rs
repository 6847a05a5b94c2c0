//! What is an event, and what is none.

use super::*;

fn event(event_type: &str, body: &str) -> Result<TaskEvent, InvalidEvent> {
    let text = format!(
        r#"{{"event_id":"e1","type":"{event_type}","subject_key":"identity:aws:user:123456789012/ci","actor":{{"id":"mara","kind":"human"}},"at":"2026-01-01T00:00:00Z","body":{body}}}"#
    );
    TaskEvent::try_from(serde_json::from_str::<RawEvent>(&text).unwrap())
}

#[test]
fn a_ticket_may_send_any_body_with_an_acknowledgement() {
    assert_eq!(
        event("acknowledged", r#"{"status":"In Progress"}"#).unwrap().what,
        What::Acknowledged
    );
    assert_eq!(
        event("claimed", "null").unwrap().what,
        What::Claimed(Note::default())
    );
}

#[test]
fn an_event_is_written_as_it_was_read() {
    for (event_type, body) in [
        ("acknowledged", "null"),
        ("claimed", r#"{"note":"rotated"}"#),
        ("blocked", r#"{"reason":"contract"}"#),
        ("link", r#"{"main":"identity:aws:user:123456789012/cd"}"#),
        ("unmerge", r#"{"from":"identity:aws:user:123456789012/cd"}"#),
    ] {
        let read = event(event_type, body).unwrap();
        assert_eq!(TaskEvent::try_from(RawEvent::from(read.clone())), Ok(read));
    }
}

#[test]
fn a_sighting_without_an_observation_is_refused() {
    let body = r#"{"from":"secret:value:hmac:k/a","hops":1,"through":"secret:value:hmac:k/a","generation":1,"sequence":1}"#;
    let error = event("sighting", body).unwrap_err();
    assert_eq!(error.expected, "a finding, evidence or a receipt");
}

#[test]
fn a_body_that_lacks_a_field_is_refused_without_a_quote() {
    let error = event("blocked", r#"{"note":"hunter2"}"#).unwrap_err();
    assert_eq!(error.expected, "`reason` is missing");
    let error = event("blocked", r#"{"reason":"hunter2"}"#).unwrap_err();
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn who_says_nothing_of_himself_says_nothing() {
    let by = |actor: &str| {
        let raw = RawEvent::from(event("claimed", "null").unwrap());
        let actor = Actor {
            id: actor.to_owned(),
            kind: ActorKind::Human,
        };
        TaskEvent::try_from(RawEvent { actor, ..raw })
    };
    assert!(by("mara").is_ok());
    for nobody in ["", " ", "\t", "mara ", "\u{a0}mara"] {
        assert_eq!(by(nobody).unwrap_err().path, "/actor/id", "{nobody:?}");
    }
    let raw = RawEvent::from(event("claimed", "null").unwrap());
    let event_id = " ".to_owned();
    let refused = TaskEvent::try_from(RawEvent { event_id, ..raw }).unwrap_err();
    assert_eq!(refused.path, "/event_id");
}

#[test]
fn a_blank_is_no_second_person() {
    for (event_type, body, path) in [
        (
            "attestation",
            r#"{"document":"d","reviewer":" "}"#,
            "/body/reviewer",
        ),
        (
            "false_positive",
            r#"{"reason":"test data","expires_at":"2026-02-01T00:00:00Z","second":" "}"#,
            "/body/second",
        ),
        (
            "exception_requested",
            r#"{"exception_id":"x","requester":"\t"}"#,
            "/body/requester",
        ),
    ] {
        assert_eq!(event(event_type, body).unwrap_err().path, path);
    }
}

#[test]
fn every_text_that_a_person_writes_is_cleaned_and_no_id_is() {
    let text = "hunter2";
    for (event_type, body) in [
        ("claimed", r#"{"note":"hunter2"}"#),
        ("disowned", r#"{"to":"hunter2","note":"hunter2"}"#),
        (
            "reassigned",
            r#"{"to":"hunter2","to_type":"hunter2","contact":"hunter2","note":"hunter2"}"#,
        ),
        ("blocked", r#"{"reason":"contract","note":"hunter2"}"#),
        ("approval_requested", r#"{"gate":"hunter2","note":"hunter2"}"#),
        ("approved", r#"{"gate":"hunter2","note":"hunter2"}"#),
        ("denied", r#"{"gate":"hunter2","note":"hunter2"}"#),
        (
            "exception_requested",
            r#"{"exception_id":"hunter2","reason":"hunter2","requester":"hunter2","compensating_control":"hunter2"}"#,
        ),
        ("evidence", r#"{"statement":"deleted","reference":"hunter2"}"#),
        (
            "attestation",
            r#"{"document":"hunter2","reviewer":"hunter2","note":"hunter2"}"#,
        ),
        ("note", r#"{"note":"hunter2"}"#),
        (
            "false_positive",
            r#"{"reason":"hunter2","expires_at":"2026-02-01T00:00:00Z","second":"hunter2"}"#,
        ),
        ("pre_check", r#"{"name":"hunter2","result":"no"}"#),
    ] {
        let mut said = event(event_type, body).unwrap();
        said.actor.id = text.to_owned();
        said.external = Some(External {
            system: text.to_owned(),
            id: text.to_owned(),
            url: Some(text.to_owned()),
            status: Some(text.to_owned()),
        });
        let shown = serde_json::to_string(&RawEvent::from(said.clone())).unwrap();
        assert!(shown.contains(text), "{shown}");
        said.clean_texts(|text| Some(text.replace("hunter2", "*")));
        let shown = serde_json::to_string(&RawEvent::from(said)).unwrap();
        assert!(!shown.contains(text), "{shown}");
    }
    let mut said = event("note", "null").unwrap();
    said.clean_texts(|text| Some(text.replace(['e', 'm'], "*")));
    assert_eq!((said.event_id.as_str(), said.actor.id.as_str()), ("e1", "*ara"));
}
