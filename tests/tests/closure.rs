//! What closes a task and what does not: say-so never, a provider's evidence does; offline, by `reeve triage`.

use reeve_tests::embedded::Embedded;
use serde_json::{Value, json};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const CLOUDTRAIL: &str = include_str!("../../services/reeve/samples/cloudtrail.json");
const SECURITY_HUB: &str = include_str!("../../services/reeve/samples/securityhub.json");
const KEY: &str = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
const LEAKED: &str = "2026-10-25T08:00:00Z";
const LATER: &str = "2026-10-28T08:00:00Z";
const NOW: &str = "2026-10-30T00:00:00Z";

/// The tasks of these inputs, one file each, in that order.
fn triage(inputs: &[String]) -> Vec<Value> {
    let reeve = Embedded::default();
    let paths: Vec<String> = inputs
        .iter()
        .enumerate()
        .map(|(at, text)| reeve.write(&format!("{at}.json"), text))
        .collect();
    let mut arguments = vec!["triage", "--now", NOW];
    arguments.extend(paths.iter().map(String::as_str));
    let printed = reeve.prints(&arguments);
    printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a task is JSON"))
        .collect()
}

#[track_caller]
fn state(inputs: &[String], key: &str) -> String {
    let tasks = triage(inputs);
    let task = tasks.iter().find(|task| task["subject"]["key"] == key);
    let task = task.expect("the subject has a task");
    task["state"].as_str().expect("a task has a state").to_owned()
}

/// The leak as its observations, seen at `LEAKED`.
fn leak() -> String {
    let reeve = Embedded::default();
    let path = reeve.write("leak.json", GITLEAKS);
    reeve.prints(&["normalize", "--now", LEAKED, &path])
}

fn cloudtrail(event: &str, status: Option<&str>, error: Option<&str>) -> String {
    let filled = CLOUDTRAIL.replace("{{now}}", LATER);
    let mut trail: Value = serde_json::from_str(&filled).expect("the sample is JSON");
    let record = &mut trail["Records"][0];
    record["eventName"] = json!(event);
    if let Some(status) = status {
        record["requestParameters"]["status"] = json!(status);
    }
    if let Some(error) = error {
        record["errorCode"] = json!(error);
    }
    trail.to_string()
}

fn says(kind: &str, body: &Value) -> String {
    json!({
        "kind": "event", "event_id": "e-1", "type": kind, "subject_key": KEY,
        "actor": { "id": "ana", "kind": "human" }, "at": LATER, "body": body,
    })
    .to_string()
}

#[test]
fn a_deleted_or_disabled_key_is_verified() {
    let deleted = cloudtrail("DeleteAccessKey", None, None);
    let disabled = cloudtrail("UpdateAccessKey", Some("Inactive"), None);
    for proof in [deleted, disabled] {
        assert_eq!(state(&[leak(), proof], KEY), "verified");
    }
}

#[test]
fn an_event_that_failed_or_enabled_the_key_proves_nothing() {
    let failed = cloudtrail("DeleteAccessKey", None, Some("NoSuchEntityException"));
    let enabled = cloudtrail("UpdateAccessKey", Some("Active"), None);
    for no_proof in [failed, enabled] {
        assert_eq!(state(&[leak(), no_proof], KEY), "open");
    }
}

#[test]
fn a_human_who_writes_e1_closes_nothing() {
    let body = json!({ "statement": "deleted", "scope": "whole_subject", "level": "E1" });
    assert_ne!(state(&[leak(), says("evidence", &body)], KEY), "verified");
}

#[test]
fn a_claim_is_still_open_work() {
    assert_eq!(state(&[leak(), says("claimed", &Value::Null)], KEY), "claimed");
}

#[test]
fn an_attestation_does_not_close_what_a_provider_can_prove() {
    let body = json!({ "document": "DOC-1", "reviewer": "berta" });
    assert_ne!(state(&[leak(), says("attestation", &body)], KEY), "verified");
}

const USER: &str = "identity:aws:user:123456789012/ci-deploy";

/// One finding of IAM.2 about `USER`, with that status, seen then.
fn control(id: &str, status: &str, at: &str) -> Value {
    let filled = SECURITY_HUB.replace("{{now}}", at).replace("IAM.2", id);
    let report: Value = serde_json::from_str(&filled).expect("the sample is JSON");
    let mut finding = report["Findings"][0].clone();
    finding["Compliance"]["Status"] = json!(status);
    finding
}

fn report(findings: &[Value]) -> String {
    json!({ "Findings": findings }).to_string()
}

#[test]
fn a_control_that_passed_twice_a_day_apart_is_verified_and_once_is_not() {
    let failed = report(&[control("IAM.2", "FAILED", LEAKED)]);
    let passed = |at| report(&[control("IAM.2", "PASSED", at)]);
    assert_eq!(
        state(&[failed.clone(), passed("2026-10-26T08:00:00Z")], USER),
        "open"
    );
    let twice = [failed, passed("2026-10-26T08:00:00Z"), passed(LATER)];
    assert_eq!(state(&twice, USER), "verified");
}

#[test]
fn another_control_or_a_pass_beside_a_fail_closes_nothing() {
    let failed = report(&[control("IAM.2", "FAILED", LEAKED)]);
    let other = |at| report(&[control("IAM.22", "PASSED", at)]);
    let both = |at| report(&[control("IAM.2", "PASSED", at), control("IAM.2", "FAILED", at)]);
    let first = "2026-10-26T08:00:00Z";
    assert_eq!(state(&[failed.clone(), other(first), other(LATER)], USER), "open");
    assert_eq!(state(&[failed, both(first), both(LATER)], USER), "open");
}
