//! What closes a task and what does not: say-so never, a provider's evidence does; over files, by `reeve triage`.

use reeve_tests::embedded::{Embedded, bodies};
use serde_json::{Value, json};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const CLOUDTRAIL: &str = include_str!("../../services/reeve/samples/cloudtrail.json");
const TRUFFLEHOG: &str = include_str!("../../services/reeve/samples/trufflehog.ndjson");
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
    bodies(&reeve.prints(&arguments))
}

#[track_caller]
fn task(inputs: &[String], key: &str) -> Value {
    let tasks = triage(inputs);
    let task = tasks.iter().find(|task| task["subject"]["key"] == key);
    task.cloned().expect("the subject has a task")
}

#[track_caller]
fn state(inputs: &[String], key: &str) -> String {
    let task = task(inputs, key);
    task["state"].as_str().expect("a task has a state").to_owned()
}

/// The observations of a report that carries no time of its own, as made then.
fn seen(report: &str, at: &str) -> String {
    let reeve = Embedded::default();
    let path = reeve.write("report.json", report);
    reeve.prints(&["normalize", "--now", at, &path])
}

/// The leak as its observations, seen at `LEAKED`.
fn leak() -> String {
    seen(GITLEAKS, LEAKED)
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

/// What TruffleHog says of the key.
fn trufflehog(verified: bool) -> Value {
    let mut report: Value = serde_json::from_str(TRUFFLEHOG).expect("the sample is JSON");
    report["Raw"] = json!("AKIARZPUZDIKED7T3FJ6");
    report["DetectorName"] = json!("AWS");
    report["Verified"] = json!(verified);
    report
}

fn verified_at(verified: bool, at: &str) -> String {
    seen(&trufflehog(verified).to_string(), at)
}

const DAYS: [&str; 4] = [
    "2026-10-25T09:00:00Z",
    "2026-10-26T10:00:00Z",
    "2026-10-27T11:00:00Z",
    "2026-10-28T12:00:00Z",
];

#[test]
fn reports_that_verified_nothing_close_nothing_however_many() {
    let silent = |at| verified_at(false, at);
    assert_eq!(
        state(&[leak(), silent(DAYS[0]), silent(DAYS[1]), silent(DAYS[2])], KEY),
        "open"
    );
}

#[test]
fn a_key_that_was_live_and_is_not_a_day_apart_is_verified_and_one_that_could_not_be_asked_is_not() {
    let live = verified_at(true, DAYS[0]);
    let dead = |at| verified_at(false, at);
    assert_eq!(
        state(&[live.clone(), dead(DAYS[1])], KEY),
        "open",
        "one observation"
    );
    assert_eq!(
        state(&[live.clone(), dead(DAYS[1]), dead(DAYS[2])], KEY),
        "verified"
    );
    let failed = |at| {
        let mut report = trufflehog(false);
        report["VerificationError"] = json!("connection refused");
        seen(&report.to_string(), at)
    };
    assert_eq!(state(&[live, failed(DAYS[1]), failed(DAYS[2])], KEY), "open");
}

const ALERT: &str = "secret:github:alert:github.com/186853002/42";

/// A GitHub alert as its provider sees it then, and as a person resolved it.
fn github(validity: &str, resolution: Option<&str>, at: &str) -> String {
    let action = if resolution.is_some() {
        "resolved"
    } else {
        "validated"
    };
    json!({
        "action": action,
        "alert": {
            "number": 42, "created_at": "2026-10-20T08:00:00Z", "updated_at": at, "resolution": resolution,
            "resolved_at": resolution.map(|_| at), "state": if resolution.is_some() { "resolved" } else { "open" },
            "secret_type": "github_personal_access_token", "validity": validity, "publicly_leaked": false,
            "html_url": "https://github.com/acme/app/security/secret-scanning/42",
        },
        "repository": { "id": 186853002, "full_name": "acme/app", "html_url": "https://github.com/acme/app", "private": true },
    })
    .to_string()
}

#[test]
fn an_alert_resolved_as_revoked_is_open_while_its_provider_says_active() {
    let active = github("active", None, DAYS[0]);
    let resolved = |at| github("active", Some("revoked"), at);
    assert_eq!(
        state(&[active.clone(), resolved(DAYS[1]), resolved(DAYS[2])], ALERT),
        "open"
    );
    let inactive = |at| github("inactive", Some("revoked"), at);
    assert_eq!(state(&[active.clone(), inactive(DAYS[1])], ALERT), "open", "once");
    assert_eq!(
        state(&[active, inactive(DAYS[1]), inactive(DAYS[2])], ALERT),
        "verified"
    );
}

#[test]
fn a_deleted_user_ends_every_task_of_that_user_and_no_other() {
    let controls = ["IAM.2", "IAM.5"].map(|id| control(id, "FAILED", LEAKED));
    let mut other = control("IAM.2", "FAILED", LEAKED);
    other["Resources"][0]["Id"] = json!("arn:aws:iam::123456789012:user/mara.lind");
    let findings = report(&[controls[0].clone(), controls[1].clone(), other]);
    let deleted = cloudtrail("DeleteUser", None, None);
    let tasks = triage(&[findings, deleted]);
    let states: Vec<&str> = tasks
        .iter()
        .filter(|task| task["subject"]["key"] == USER)
        .filter_map(|task| task["state"].as_str())
        .collect();
    assert_eq!(states, ["verified", "verified"]);
    let others: Vec<&Value> = tasks
        .iter()
        .filter(|task| task["subject"]["key"] != USER)
        .collect();
    assert!(others.iter().all(|task| task["state"] == "open") && !others.is_empty());
}

#[test]
fn only_a_login_profile_deleted_closes_nothing() {
    let findings = report(&[control("IAM.2", "FAILED", LEAKED)]);
    let deleted = cloudtrail("DeleteLoginProfile", None, None);
    assert_eq!(state(&[findings, deleted], USER), "open");
}

#[test]
fn where_no_machine_can_know_a_document_and_another_reviewer_close() {
    let mut decoy = trufflehog(false);
    decoy["ExtraData"] = json!({ "is_canary": "true" });
    let triggered = seen(&decoy.to_string(), LEAKED);
    let opened = task(std::slice::from_ref(&triggered), KEY);
    assert_eq!(opened["issue_type"], "honeytoken_triggered");
    let claimed = says("claimed", &Value::Null);
    let attested = |reviewer: &str| {
        let body = json!({ "document": "DOC-1", "reviewer": reviewer });
        says("attestation", &body).replace("e-1", "e-2")
    };
    let closed = task(&[triggered.clone(), claimed.clone(), attested("berta")], KEY);
    assert_eq!(
        (&closed["state"], &closed["closure"]),
        (&json!("verified"), &json!("attested"))
    );
    let own = task(&[triggered, claimed, attested("ana")], KEY);
    assert_eq!(
        (&own["state"], &own["closure"]),
        (&json!("claimed"), &Value::Null)
    );
}

#[test]
fn a_sign_of_life_after_the_proof_reopens_the_same_task_and_a_scan_of_old_history_does_not() {
    let proof = cloudtrail("DeleteAccessKey", None, None);
    let closed = task(&[leak(), proof.clone()], KEY);
    let after = "2026-10-29T08:00:00Z";
    let rescanned = task(&[leak(), proof.clone(), seen(GITLEAKS, after)], KEY);
    assert_eq!(
        (&rescanned["state"], &rescanned["cycle"]),
        (&json!("verified"), &closed["cycle"])
    );
    let reopened = task(&[leak(), proof.clone(), verified_at(true, after)], KEY);
    assert_eq!(
        (&reopened["state"], &reopened["closure"]),
        (&json!("open"), &Value::Null)
    );
    assert_eq!(
        (&reopened["cycle"], &reopened["task_id"]),
        (&json!(2), &closed["task_id"])
    );
    assert_eq!(reopened["opened_at"], closed["opened_at"]);
    let earlier = task(&[leak(), proof, verified_at(true, DAYS[0])], KEY);
    assert_eq!(earlier["state"], "verified", "seen before the proof");
}
