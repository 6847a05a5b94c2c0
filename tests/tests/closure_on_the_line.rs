//! A task's life on the running line: a person's proof is recorded and closes nothing, a provider's does, and a sign
//! of life opens the same task again.

use reeve_tests::embedded::Embedded;
use reeve_tests::metrics::Scrape;
use serde_json::{Value, json};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const TRUFFLEHOG: &str = include_str!("../../services/reeve/samples/trufflehog.ndjson");
const CLOUDTRAIL: &str = include_str!("../../services/reeve/samples/cloudtrail.json");
const KEY: &str = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

fn deleted() -> String {
    CLOUDTRAIL.replace("{{now}}", &now())
}

fn alive() -> String {
    let mut report: Value = serde_json::from_str(TRUFFLEHOG).expect("the sample is JSON");
    report["Raw"] = json!("AKIARZPUZDIKED7T3FJ6");
    report["DetectorName"] = json!("AWS");
    report.to_string()
}

fn event(reeve: &Embedded, id: &str, kind: &str, body: &Value) {
    let body = body.to_string();
    reeve.prints(&[
        "event", "--task", id, "--type", kind, "--actor", "ana", "--body", &body,
    ]);
}

fn events(reeve: &Embedded) -> f64 {
    Scrape::of(reeve.port()).sum("reeve_record_outcomes_total", "outcome=\"event_applied\"")
}

#[test]
fn what_a_person_calls_proof_is_recorded_and_closes_nothing() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    reeve.publish("a.json", GITLEAKS);
    let opened = reeve.wait_task(KEY, "is open", |_| true);
    let id = opened["task_id"].as_str().expect("a task has an id");
    let proof =
        json!({ "statement": "deleted", "scope": "whole_subject", "level": "E1", "reference": "CHG-1" });
    event(&reeve, id, "evidence", &proof);
    let told = reeve.wait_task(KEY, "has the word", |task| task["revision"] != opened["revision"]);
    assert_eq!((&told["state"], &told["closure"]), (&json!("open"), &Value::Null));
    let evidence = told["evidence"].as_array().expect("evidence is a list");
    assert_eq!(evidence.len(), 1);
    assert_eq!(
        (&evidence[0]["level"], &evidence[0]["statement"]),
        (&json!("E4"), &json!("deleted"))
    );
    // the links of its aliases are events too
    assert!(events(&reeve) >= 1.0);
    event(
        &reeve,
        id,
        "attestation",
        &json!({ "document": "DOC-1", "reviewer": "berta" }),
    );
    let refused = || {
        reeve
            .letters()
            .into_iter()
            .find(|letter| letter["reason"] == "not_permitted")
    };
    reeve_tests::host::wait_until(std::time::Duration::from_secs(40), "it is refused", || {
        refused().is_some()
    });
    assert_eq!(
        refused().map(|letter| letter["source"]["topic"].clone()),
        Some(json!("task-events"))
    );
    reeve.publish("b.json", &deleted());
    let closed = reeve.wait_task(KEY, "is closed by its provider", |task| {
        task["state"] == "verified"
    });
    assert_eq!(
        (&closed["task_id"], &closed["closure"]),
        (&opened["task_id"], &json!("verified"))
    );
    replica.stop();
}

#[test]
fn a_task_is_claimed_verified_and_opened_again_as_the_same_task() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    reeve.publish("a.json", GITLEAKS);
    let opened = reeve.wait_task(KEY, "is open", |_| true);
    let id = opened["task_id"].as_str().expect("a task has an id");
    event(&reeve, id, "claimed", &json!({}));
    reeve.wait_task(KEY, "is claimed", |task| task["state"] == "claimed");
    reeve.publish("b.json", &deleted());
    let closed = reeve.wait_task(KEY, "is verified", |task| task["state"] == "verified");
    // the same history is scanned again: a repeat
    reeve.publish("c.json", GITLEAKS);
    let folded = || Scrape::of(reeve.port()).sum("reeve_record_outcomes_total", "outcome=\"folded\"");
    reeve_tests::host::wait_until(std::time::Duration::from_secs(40), "it is folded", || {
        folded() >= 3.0
    });
    let rescanned = reeve.wait_task(KEY, "is still verified", |_| true);
    assert_eq!(
        (&rescanned["state"], &rescanned["revision"]),
        (&json!("verified"), &closed["revision"])
    );
    reeve.publish("d.json", &alive());
    let again = reeve.wait_task(KEY, "is open again", |task| task["state"] == "open");
    assert_eq!(
        (&again["task_id"], &again["opened_at"]),
        (&opened["task_id"], &opened["opened_at"])
    );
    assert_eq!(
        (&again["cycle"], &again["change"]),
        (&json!(2), &json!("reopened"))
    );
    assert!(again["revision"].as_u64() > closed["revision"].as_u64());
    replica.stop();
}
