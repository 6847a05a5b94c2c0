//! The metrics that others build on are there by name on a live scrape; those of inventories and of closed work
//! have no series before there is one.

use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use reeve_tests::metrics::get;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const NAMES: [&str; 21] = [
    "reeve_records_consumed_total",
    "reeve_record_outcomes_total",
    "reeve_alerts_total",
    "reeve_dropped_total",
    "reeve_rejects_total",
    "reeve_tasks_opened_total",
    "reeve_tasks_reopened_total",
    "reeve_tasks_verified_total",
    "reeve_tasks_open",
    "reeve_tasks_overdue",
    "reeve_tasks_ownerless",
    "reeve_tasks_blocked",
    "reeve_tasks_pending_enrichment",
    "reeve_tasks_oldest_open_age_seconds",
    "reeve_escalations_total",
    "reeve_consumer_lag_records",
    "reeve_transaction_duration_seconds",
    "reeve_partitions_owned",
    "reeve_ledger_restore_duration_seconds",
    "reeve_ledger_cases",
    "reeve_build_info",
];

#[test]
fn every_metric_that_traffic_alone_feeds_is_declared() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    reeve.prints(&["publish", &reeve.write("a.json", GITLEAKS)]);
    let tasks = || reeve.prints(&["tasks", "-o", "json"]).lines().count();
    wait_until(Duration::from_secs(40), "tasks", || tasks() >= 3);
    assert_eq!(get(reeve.port(), "/livez").map(|(status, _)| status), Some(200));
    let (_, metrics) = get(reeve.port(), "/metrics").expect("it serves metrics");
    let missing: Vec<&str> = NAMES
        .into_iter()
        .filter(|name| !metrics.contains(&format!("# TYPE {name} ")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    replica.stop();
}
