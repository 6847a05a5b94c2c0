//! What Prometheus, and whoever probes, gets to see.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use reeve_domain::context::IdentityClass;
use reeve_domain::observation::IssueType;
use reeve_domain::outcome::Outcome;
use reeve_domain::priority::Band;
use reeve_domain::reject::{DropReason, Reason};
use reeve_domain::task::Closure;
use reeve_domain::time::Timestamp;
use reeve_telemetry::{HashKey, Health, Known, LedgerSnapshot, Metrics, Server, TaskCounts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

const NOW_MS: i64 = 1_700_000_000_000;

/// Name, type and labels: the contract of messages.md.
const CONTRACT: [(&str, &str, &[&str]); 30] = [
    ("reeve_records_consumed_total", "counter", &["topic"]),
    ("reeve_record_outcomes_total", "counter", &["outcome", "topic"]),
    ("reeve_alerts_total", "counter", &["format", "outcome"]),
    ("reeve_dropped_total", "counter", &["reason"]),
    ("reeve_rejects_total", "counter", &["reason"]),
    (
        "reeve_inventory_lookups_total",
        "counter",
        &["inventory", "result"],
    ),
    (
        "reeve_inventory_lookup_duration_seconds",
        "histogram",
        &["inventory"],
    ),
    ("reeve_tasks_opened_total", "counter", &["priority", "route"]),
    ("reeve_tasks_reopened_total", "counter", &["priority", "route"]),
    ("reeve_tasks_verified_total", "counter", &["closure", "priority"]),
    ("reeve_tasks_open", "gauge", &["priority", "route"]),
    ("reeve_tasks_overdue", "gauge", &["priority", "route"]),
    ("reeve_tasks_ownerless", "gauge", &["priority", "route"]),
    ("reeve_tasks_blocked", "gauge", &["priority", "route"]),
    ("reeve_tasks_pending_enrichment", "gauge", &["priority"]),
    ("reeve_tasks_oldest_open_age_seconds", "gauge", &["priority"]),
    (
        "reeve_task_time_to_acknowledge_seconds",
        "histogram",
        &["identity_class", "priority"],
    ),
    (
        "reeve_task_time_to_claim_seconds",
        "histogram",
        &["identity_class", "priority"],
    ),
    (
        "reeve_task_time_to_verified_seconds",
        "histogram",
        &["identity_class", "priority"],
    ),
    (
        "reeve_task_time_to_verified_by_issue_seconds",
        "histogram",
        &["issue_type"],
    ),
    ("reeve_escalations_total", "counter", &["level"]),
    ("reeve_consumer_lag_records", "gauge", &["partition", "topic"]),
    (
        "reeve_transaction_duration_seconds",
        "histogram",
        &["result", "role"],
    ),
    ("reeve_partitions_owned", "gauge", &["role"]),
    ("reeve_inventory_available", "gauge", &["inventory"]),
    ("reeve_ledger_restore_duration_seconds", "gauge", &[]),
    ("reeve_ledger_cases", "gauge", &[]),
    ("reeve_ledger_open_cases", "gauge", &["hash_key"]),
    ("reeve_build_info", "gauge", &["config_sha256", "version"]),
    ("reeve_config_last_reload_successful", "gauge", &[]),
];

fn metrics() -> Metrics {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let known = Known {
        version: "0.1.0".into(),
        config_sha256: "c0ffee".into(),
        topics: names(&["acme.alerts.raw", "acme.findings"]),
        formats: names(&["gitleaks"]),
        inventories: names(&["cmdb"]),
        routes: names(&["live secret", "fallback"]),
        roles: names(&["normalizer", "dispatcher"]),
        escalation_level_max: 4,
    };
    Metrics::new(&known, Arc::new(|| Timestamp::from_millis(NOW_MS)))
}

fn snapshot(open: u64, oldest_s: i64) -> LedgerSnapshot {
    let counts = TaskCounts {
        open,
        overdue: 1,
        ownerless: 1,
        blocked: 0,
    };
    LedgerSnapshot {
        cases: open + 1,
        open_cases: [(HashKey::Previous, open)].into(),
        tasks: [((Band::P1, "live secret".to_owned()), counts)].into(),
        pending_enrichment: [(Band::P1, 1)].into(),
        oldest_open: [(Band::P1, Timestamp::from_millis(NOW_MS - oldest_s * 1_000))].into(),
    }
}

/// Metrics with something in every family.
fn filled() -> Metrics {
    let metrics = metrics();
    metrics.consumed("acme.alerts.raw", 3);
    metrics.outcome("acme.alerts.raw", Outcome::Observed, 3);
    metrics.alerts("gitleaks", "finding", 3);
    metrics.dropped(DropReason::Sample, 1);
    metrics.rejects(Reason::NotJson, 1);
    metrics.lookups("cmdb", "miss", 2);
    metrics.lookup_durations("cmdb", &[Duration::from_millis(3)]);
    metrics.inventory_available("cmdb", false);
    metrics.opened(Band::P1, "live secret");
    metrics.reopened(Band::P2, "a route with \"quotes\" and a \\");
    metrics.acknowledged(Band::P1, IdentityClass::Machine, 60);
    metrics.claimed(Band::P1, IdentityClass::Machine, 600);
    metrics.verified(
        (Band::P1, IdentityClass::Machine),
        Closure::Attested,
        IssueType::ALL[0],
        90_000,
    );
    metrics.escalated(2);
    metrics.transaction("dispatcher", "committed", Duration::from_millis(7));
    metrics.partitions_owned("dispatcher", 2);
    metrics.lag("dispatcher-0", vec![("acme.findings".into(), 0, 5)]);
    metrics.restored(Duration::from_millis(250));
    metrics.set_gauges(0, snapshot(2, 100));
    metrics.set_gauges(1, snapshot(5, 900));
    metrics
}

/// The value of a series as it is written.
fn value(metrics: &Metrics, series: &str) -> Option<f64> {
    let text = metrics.text();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

#[test]
fn every_metric_of_the_contract_is_there_with_its_type_and_labels_and_no_other() {
    let text = filled().text();
    let types: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    let expected: BTreeMap<&str, &str> = CONTRACT.iter().map(|(name, kind, _)| (*name, *kind)).collect();
    assert_eq!(types, expected);
    for (name, _, labels) in CONTRACT {
        assert_eq!(labels_of(&text, name), labels.iter().copied().collect(), "{name}");
    }
}

fn labels_of<'a>(text: &'a str, name: &str) -> BTreeSet<&'a str> {
    let rest = |line: &'a str| line.strip_prefix(name);
    let series = text
        .lines()
        .filter_map(rest)
        .find(|rest| rest.starts_with(['{', ' ', '_']))
        .unwrap();
    let Some((_, labels)) = series.split_once('{') else {
        return BTreeSet::new();
    };
    let names = labels
        .split('"')
        .step_by(2)
        .filter_map(|piece| piece.strip_suffix('='));
    names
        .map(|label| label.trim_start_matches(','))
        .filter(|label| *label != "le")
        .collect()
}

#[test]
fn promtool_has_nothing_to_say() {
    for text in [metrics().text(), filled().text()] {
        check(&text, true);
    }
    // The negative control: a counter that is not called one.
    check(
        "# HELP reeve_things Things.\n# TYPE reeve_things counter\nreeve_things 1\n",
        false,
    );
}

fn check(text: &str, good: bool) {
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if std::env::var_os("CI").is_some() => panic!("promtool is missing: {error}"),
        Err(error) => return eprintln!("not checked: promtool is missing ({error})"),
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success() && said.is_empty(), good, "{said}");
}

#[test]
fn what_can_be_named_beforehand_starts_at_zero() {
    let metrics = metrics();
    for series in [
        r#"reeve_records_consumed_total{topic="acme.findings"}"#,
        r#"reeve_record_outcomes_total{outcome="event_repeated",topic="acme.findings"}"#,
        r#"reeve_alerts_total{format="unknown",outcome="rejected"}"#,
        r#"reeve_dropped_total{reason="no_statement"}"#,
        r#"reeve_rejects_total{reason="not_permitted"}"#,
        r#"reeve_inventory_lookups_total{inventory="cmdb",result="limited"}"#,
        r#"reeve_tasks_opened_total{priority="P5",route="fallback"}"#,
        r#"reeve_tasks_verified_total{closure="attested",priority="P3"}"#,
        r#"reeve_escalations_total{level="4"}"#,
        r#"reeve_transaction_duration_seconds_count{result="fenced",role="normalizer"}"#,
        r#"reeve_task_time_to_claim_seconds_count{identity_class="pipeline",priority="P2"}"#,
        r#"reeve_task_time_to_verified_by_issue_seconds_count{issue_type="root_use"}"#,
    ] {
        assert_eq!(value(&metrics, series), Some(0.0), "{series}");
    }
    assert_eq!(
        value(&metrics, r#"reeve_inventory_available{inventory="cmdb"}"#),
        Some(1.0)
    );
    assert_eq!(
        value(
            &metrics,
            r#"reeve_build_info{config_sha256="c0ffee",version="0.1.0"}"#
        ),
        Some(1.0)
    );
}

#[test]
fn ledger_gauges_are_sums_over_owned_partitions_absent_before_and_gone_after() {
    const OPEN: &str = r#"reeve_tasks_open{priority="P1",route="live secret"}"#;
    const OLDEST: &str = r#"reeve_tasks_oldest_open_age_seconds{priority="P1"}"#;
    assert_eq!(
        (value(&metrics(), OPEN), value(&metrics(), "reeve_ledger_cases")),
        (None, None)
    );
    let metrics = filled();
    assert_eq!(value(&metrics, OPEN), Some(7.0));
    assert_eq!(value(&metrics, "reeve_ledger_cases"), Some(9.0));
    assert_eq!(value(&metrics, OLDEST), Some(900.0));
    assert_eq!(
        value(&metrics, r#"reeve_tasks_open{priority="P4",route="fallback"}"#),
        Some(0.0)
    );
    metrics.withdraw(1);
    assert_eq!(
        (value(&metrics, OPEN), value(&metrics, OLDEST)),
        (Some(2.0), Some(100.0))
    );
    metrics.set_gauges(0, LedgerSnapshot::default());
    assert_eq!(
        (value(&metrics, OPEN), value(&metrics, OLDEST)),
        (Some(0.0), Some(0.0))
    );
    metrics.withdraw(0);
    assert_eq!(value(&metrics, OPEN), None);
}

#[test]
fn the_lag_of_a_partition_given_away_is_withdrawn() {
    const LAG: &str = r#"reeve_consumer_lag_records{partition="0",topic="acme.findings"}"#;
    let metrics = filled();
    assert_eq!(value(&metrics, LAG), Some(5.0));
    metrics.lag("dispatcher-0", vec![]);
    assert_eq!(value(&metrics, LAG), None);
}

#[tokio::test]
async fn metrics_and_probes_are_served_until_the_shutdown() {
    let health = Health::default();
    let lane = health.lane("dispatcher-0");
    let server = Server::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = server.address().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(filled(), health, async move { drop(stopped.await) }));

    let scrape = get(address, "/metrics").await;
    assert!(
        scrape.starts_with("HTTP/1.1 200") && scrape.contains("version=0.0.4"),
        "{scrape}"
    );
    assert!(scrape.contains("\nreeve_ledger_cases 9\n"));
    assert!(get(address, "/livez").await.ends_with("\r\n\r\nalive\n"));
    let starting = get(address, "/readyz").await;
    assert!(
        starting.starts_with("HTTP/1.1 503") && starting.contains("dispatcher-0: starting"),
        "{starting}"
    );
    lane.ready(true);
    assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
    drop(lane);
    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 503"));
    assert!(get(address, "/").await.starts_with("HTTP/1.1 404"));

    // A client that says nothing does not hold up the end.
    let silent = TcpStream::connect(address).await.unwrap();
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(8), running)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    drop(silent);
    assert!(TcpStream::connect(address).await.is_err());
}

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
