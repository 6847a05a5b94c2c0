//! One secret under several keys on Kafka: partitions tell each other, whoever owns them meanwhile.

use std::time::Duration;

use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use serde_json::{Value, json};

/// Made up, with the hashes that GitLab and detect-secrets would report for it.
const SECRET: &str = "q7RmT2xWc9LkZ4vBn8YpHd3JsF6gUe1A";
const SHA256: &str = "cf29d3ca57a00cd120b4a3f1c1866d96ec57fc6e0dab23c8bc7f8ffd2201e219";
const SHA1: &str = "a9ac8f6916ea8ee4e61cfcb8058f0f7a8b4779f5";
const PATIENCE: Duration = Duration::from_secs(120);
const PARTITIONS: u32 = 8;

fn gitleaks() -> Value {
    json!([{
        "RuleID": "generic-api-key", "Description": "Generic API Key", "StartLine": 3, "EndLine": 3,
        "StartColumn": 1, "EndColumn": 30, "Match": format!("key = {SECRET}"), "Secret": SECRET,
        "File": "app/settings.py", "SymlinkFile": "", "Commit": "1f0a", "Entropy": 4.4, "Author": "Ana Ruiz",
        "Email": "ana@example.org", "Date": "2026-09-02T08:11:00Z", "Message": "settings", "Tags": [],
        "Fingerprint": "1f0a:app/settings.py:generic-api-key:3",
    }])
}

fn gitlab() -> Value {
    json!({
        "version": "15.0.6",
        "vulnerabilities": [{
            "id": "g1", "name": "Generic API key", "severity": "Critical",
            "cve": format!("app/settings.py:{SHA256}:generic-api-key"),
            "location": { "file": "app/settings.py", "start_line": 3 },
            "identifiers": [{ "type": "gitleaks_rule_id", "value": "generic-api-key" }],
        }],
        "scan": { "type": "secret_detection", "status": "success", "end_time": "2026-09-03T09:13:09" },
    })
}

fn detect_secrets(line: u32) -> Value {
    json!({
        "version": "1.5.0", "plugins_used": [{ "name": "KeywordDetector" }], "filters_used": [],
        "results": { "app/settings.py": [{
            "type": "Secret Keyword", "filename": "app/settings.py", "hashed_secret": SHA1, "is_verified": false,
            "line_number": line,
        }] },
        "generated_at": "2026-09-01T08:15:00Z",
    })
}

fn publish(line: &Line<'_>, key: &str, report: &Value) {
    let topic = line.topic("alerts.raw");
    line.kafka()
        .produce_lines(&topic, &format!("from:scan\t{key}\t{report}\n"));
}

fn living(line: &Line<'_>) -> Vec<Value> {
    let printed = line.reeve(&["tasks", "-o", "json"]);
    let all = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a task is JSON"));
    all.filter(|task: &Value| task["state"] != "merged").collect()
}

#[track_caller]
fn one_task(line: &Line<'_>, sightings: u64) -> Value {
    wait_until(PATIENCE, "one task for all keys", || {
        let living = living(line);
        living.len() == 1 && living[0]["sightings"]["count"] == sightings
    });
    living(line).remove(0)
}

#[test]
fn the_keys_of_a_secret_meet_while_their_partitions_move_from_one_replica_to_three_to_two() {
    let line = Line::new(Kafka::shared(), "linked", PARTITIONS);
    let mut one = line.replica("one").ready();
    publish(&line, "a", &detect_secrets(3));
    let first = one_task(&line, 1);
    let mut others = ["two", "three"].map(|instance| line.replica(instance).ready());
    publish(&line, "b", &gitleaks());
    let joined = one_task(&line, 2);
    assert_eq!(
        first["task_id"], joined["task_id"],
        "the task that was opened first lives on"
    );
    one.stop();
    publish(&line, "c", &gitlab());
    publish(&line, "d", &detect_secrets(9));
    let last = one_task(&line, 4);
    assert_eq!(last["first_detected_at"], "2026-09-01T08:15:00Z");
    assert!(line.kafka().consume(&line.topic("dead-letters")).is_empty());
    others.iter_mut().for_each(reeve_tests::replica::Replica::stop);
}
