//! The metrics that others build on are there on a live scrape, each with exactly its labels, and their sums agree.

use std::collections::BTreeSet;
use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use reeve_tests::inventory::{Inventory, json};
use reeve_tests::metrics::{Scrape, check_promtool, get};
use serde_json::{Value, json};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const TRUFFLEHOG: &str = include_str!("../../services/reeve/samples/trufflehog.ndjson");
const SECURITY_HUB: &str = include_str!("../../services/reeve/samples/securityhub.json");
const CLOUDTRAIL: &str = include_str!("../../services/reeve/samples/cloudtrail.json");
const BROKEN: &str = include_str!("../../services/reeve/samples/broken.json");
const OWNED: &str = r#"{"subject":{"owners":{"resolver":{"type":"team","ref":"team/payments"}}}}"#;
const KEY: &str = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
const BOUND: Duration = Duration::from_secs(60);

/// Counters and gauges, with their labels.
const PLAIN: [(&str, &[&str]); 23] = [
    ("reeve_records_consumed_total", &["topic"]),
    ("reeve_record_outcomes_total", &["topic", "outcome"]),
    ("reeve_alerts_total", &["format", "outcome"]),
    ("reeve_dropped_total", &["reason"]),
    ("reeve_rejects_total", &["reason"]),
    ("reeve_inventory_lookups_total", &["inventory", "result"]),
    ("reeve_inventory_available", &["inventory"]),
    ("reeve_tasks_opened_total", &["priority", "route"]),
    ("reeve_tasks_reopened_total", &["priority", "route"]),
    ("reeve_tasks_verified_total", &["priority", "closure"]),
    ("reeve_tasks_open", &["priority", "route"]),
    ("reeve_tasks_overdue", &["priority", "route"]),
    ("reeve_tasks_ownerless", &["priority", "route"]),
    ("reeve_tasks_blocked", &["priority", "route"]),
    ("reeve_tasks_pending_enrichment", &["priority"]),
    ("reeve_tasks_oldest_open_age_seconds", &["priority"]),
    ("reeve_escalations_total", &["level"]),
    ("reeve_consumer_lag_records", &["topic", "partition"]),
    ("reeve_partitions_owned", &["role"]),
    ("reeve_ledger_restore_duration_seconds", &[]),
    ("reeve_ledger_cases", &[]),
    ("reeve_ledger_open_cases", &["hash_key"]),
    ("reeve_build_info", &["version", "config_sha256"]),
];

/// Histograms, with their labels beside `le`.
const HISTOGRAMS: [(&str, &[&str]); 6] = [
    ("reeve_inventory_lookup_duration_seconds", &["inventory"]),
    ("reeve_transaction_duration_seconds", &["role", "result"]),
    (
        "reeve_task_time_to_acknowledge_seconds",
        &["priority", "identity_class"],
    ),
    (
        "reeve_task_time_to_claim_seconds",
        &["priority", "identity_class"],
    ),
    (
        "reeve_task_time_to_verified_seconds",
        &["priority", "identity_class"],
    ),
    ("reeve_task_time_to_verified_by_issue_seconds", &["issue_type"]),
];

/// A task's whole life, and one record of every other fate.
fn live(reeve: &Embedded) {
    let now = jiff::Timestamp::now().to_string();
    for (name, text) in [("a", GITLEAKS), ("b", SECURITY_HUB), ("c", BROKEN), ("d", "[]")] {
        reeve.publish(name, &text.replace("{{now}}", &now));
    }
    let task = reeve.wait_task(KEY, "is open", |_| true);
    let id = task["task_id"].as_str().expect("a task has an id");
    let event = |kind: &str, body: &Value| {
        let body = body.to_string();
        let event = [
            "event", "--task", id, "--type", kind, "--actor", "ana", "--body", &body,
        ];
        // the same event twice is one event
        for _ in 0..2 {
            reeve.prints(&[&event[..], &["--id", kind]].concat());
        }
    };
    event("acknowledged", &json!({}));
    event("claimed", &json!({}));
    event("blocked", &json!({ "reason": "no_authority" }));
    reeve.wait_task(KEY, "is blocked", |task| !task["blocked"].is_null());
    reeve.publish("e", &CLOUDTRAIL.replace("{{now}}", &now));
    reeve.wait_task(KEY, "is verified", |task| task["state"] == "verified");
    let mut alive: Value = serde_json::from_str(TRUFFLEHOG).expect("the sample is JSON");
    alive["Raw"] = json!("AKIARZPUZDIKED7T3FJ6");
    alive["DetectorName"] = json!("AWS");
    reeve.publish("f", &alive.to_string());
    reeve.wait_task(KEY, "is open again", |task| {
        task["cycle"] == 2 && task["state"] != "verified"
    });
}

/// The names of the labels of a series as printed; no value of ours holds a quote.
fn labels(series: &str) -> BTreeSet<&str> {
    let (_, inside) = series.split_once('{').unwrap_or_default();
    let names = inside.split('"').step_by(2);
    names
        .map(|name| name.trim_matches([',', '=', '}', ' ']))
        .filter(|name| !name.is_empty())
        .collect()
}

#[track_caller]
fn check_labels(scrape: &Scrape, name: &str, expected: &[&str]) {
    let series = scrape.series(name);
    assert!(!series.is_empty(), "{name} has no series");
    for series in series.keys() {
        assert_eq!(labels(series), expected.iter().copied().collect(), "{series}");
    }
}

/// Every record that was consumed has one outcome, topic by topic.
#[track_caller]
fn check_outcomes(scrape: &Scrape) {
    for topic in ["alerts.raw", "findings", "task-events"] {
        let label = format!("topic=\"{topic}\"");
        let sum = |name: &str| scrape.sum(name, &label);
        let consumed = sum("reeve_records_consumed_total");
        assert!(consumed > 0.0, "{topic} was consumed");
        assert_eq!(consumed, sum("reeve_record_outcomes_total"), "{topic}");
    }
    let outcome = |name: &str| scrape.sum("reeve_record_outcomes_total", &format!("outcome=\"{name}\""));
    for name in ["observed", "folded", "empty", "rejected", "event_applied"] {
        assert!(outcome(name) > 0.0, "{name} occurred");
    }
    assert_eq!(outcome("event_repeated"), 3.0);
}

#[test]
fn every_metric_has_its_name_and_exactly_its_labels_and_the_outcomes_add_up() {
    let inventory = Inventory::start(json(OWNED));
    let reeve = Embedded::default().with("REEVE_INVENTORY_URL", &inventory.url());
    let mut replica = reeve.run("stderr");
    live(&reeve);
    let lag = || Scrape::of(reeve.port()).sum("reeve_consumer_lag_records", "");
    wait_until(BOUND, "all is dispatched", || lag() == 0.0);
    let (_, metrics) = get(reeve.port(), "/metrics").expect("it serves metrics");
    let scrape = Scrape::of(reeve.port());
    for (name, expected) in PLAIN {
        check_labels(&scrape, name, expected);
    }
    for (name, expected) in HISTOGRAMS {
        check_labels(&scrape, &format!("{name}_bucket"), &[expected, &["le"]].concat());
        check_labels(&scrape, &format!("{name}_sum"), expected);
        check_labels(&scrape, &format!("{name}_count"), expected);
        assert!(scrape.sum(&format!("{name}_count"), "") > 0.0, "{name} was fed");
    }
    check_outcomes(&scrape);
    check_promtool(&metrics);
    let probes = ["/livez", "/readyz"].map(|path| get(reeve.port(), path).map(|(status, _)| status));
    assert_eq!(probes, [Some(200), Some(200)]);
    replica.stop();
}

#[test]
fn a_label_too_many_or_too_few_is_seen() {
    assert_eq!(labels("a{x=\"1\",le=\"+Inf\"}"), BTreeSet::from(["x", "le"]));
    assert_eq!(labels("a"), BTreeSet::new());
}
