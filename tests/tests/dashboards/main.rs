//! Every panel, every rule: a real Prometheus scrapes a running reeve, and each query of what ships has an answer.

mod inventory;
mod prometheus;
mod queries;
mod traffic;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use prometheus::Prometheus;
use queries::{Query, dashboards, without_threshold};
use reeve_tests::host::wait_for;
use reeve_tests::metrics::get;
use traffic::Traffic;

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/prometheus");
const ALERTS: &str = include_str!("../../../config/prometheus/alerts.yaml");
const RULE_TESTS: &str = include_str!("../../../config/prometheus/tests.yaml");
const RUNBOOK: &str = include_str!("../../../docs/runbook.md");
const BOUND: Duration = Duration::from_secs(60);
/// Counts of what the traffic here makes happen; each must have been seen above 0.
const HAPPENS: [&str; 22] = [
    "reeve_records_consumed_total",
    "reeve_record_outcomes_total{outcome=\"rejected\"}",
    "reeve_alerts_total{outcome=\"finding\"}",
    "reeve_alerts_total{outcome=\"evidence\"}",
    "reeve_dropped_total",
    "reeve_rejects_total",
    "reeve_inventory_lookups_total{result=\"miss\"}",
    "reeve_inventory_lookup_duration_seconds_count",
    "reeve_tasks_opened_total",
    "reeve_tasks_reopened_total",
    "reeve_tasks_verified_total{closure=\"verified\"}",
    "reeve_tasks_verified_total{closure=\"attested\"}",
    "reeve_tasks_open",
    "reeve_tasks_overdue",
    "reeve_tasks_ownerless",
    "reeve_tasks_blocked",
    "reeve_tasks_oldest_open_age_seconds",
    "reeve_task_time_to_acknowledge_seconds_count",
    "reeve_task_time_to_claim_seconds_count",
    "reeve_task_time_to_verified_by_issue_seconds_count",
    "reeve_escalations_total",
    "reeve_transaction_duration_seconds_count{result=\"committed\"}",
];

#[test]
fn every_query_of_every_panel_and_rule_returns_data_from_a_running_reeve_and_no_metric_is_forgotten() {
    let mut traffic = Traffic::start();
    let prometheus = Prometheus::start(Path::new(CONFIG), traffic.port());
    prometheus.wait_scraped("reeve_ledger_cases");
    traffic.drive();
    for series in HAPPENS {
        let seen = format!("max(max_over_time({series}[10m])) > 0");
        prometheus.wait_answer(BOUND, &seen);
    }
    let queries = [dashboards(), rules(&prometheus)].concat();
    assert!(queries.len() > 80, "{}", queries.len());
    let silent = without_answer(&prometheus, queries);
    assert!(silent.is_empty(), "{silent:#?}");
    let forgotten = shown_nowhere(traffic.port());
    assert!(forgotten.is_empty(), "{forgotten:?}");
    assert!(
        !prometheus.answers("sum by (topic) (rate(reeve_nothing_total[5m]))"),
        "a query for what is not there has no answer"
    );
    if let Some(folder) = std::env::var_os("REEVE_PICTURES") {
        traffic.go_on();
        draw(&prometheus, Path::new(&folder));
    }
    traffic.stop();
}

/// The rules that Prometheus has loaded; of an alert what stands left of its threshold.
fn rules(prometheus: &Prometheus) -> Vec<Query> {
    let rules = prometheus.rules();
    let query = |(name, kind, text): (String, String, String)| {
        let text = if kind == "alerting" {
            without_threshold(&text)
                .expect("an alert ends with a comparison to a number")
                .to_owned()
        } else {
            text
        };
        Query { shown_in: name, text }
    };
    rules.into_iter().map(query).collect()
}

/// Those that have no answer within the bound, which is one for all of them.
fn without_answer(prometheus: &Prometheus, mut queries: Vec<Query>) -> Vec<String> {
    wait_for(BOUND, || {
        queries.retain(|query| !prometheus.answers(&query.text));
        queries.is_empty().then_some(())
    });
    let named = |query: Query| format!("{}: {}", query.shown_in, query.text);
    queries.into_iter().map(named).collect()
}

/// The metrics of a running reeve that no panel shows and no rule watches.
fn shown_nowhere(port: u16) -> Vec<String> {
    let (_, metrics) = get(port, "/metrics").expect("it serves metrics");
    let recording = std::fs::read_to_string(Path::new(CONFIG).join("recording.yaml"));
    let mut shown: String = dashboards().into_iter().map(|query| query.text + "\n").collect();
    shown += &recording.expect("it ships");
    shown += ALERTS;
    let types = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names: BTreeSet<&str> = types.filter_map(|line| line.split(' ').next()).collect();
    assert!(names.len() >= 29, "{names:?}");
    let missing = names.into_iter().filter(|name| !shown.contains(name));
    missing.map(str::to_owned).collect()
}

fn draw(prometheus: &Prometheus, folder: &Path) {
    let script = Path::new(CONFIG).join("../../scripts/panels");
    let drawn = Command::new(script)
        .arg(prometheus.address())
        .arg(folder)
        .status();
    assert!(
        drawn.is_ok_and(|status| status.success()),
        "scripts/panels draws them"
    );
}

#[test]
fn promtool_finds_nothing_wrong_with_the_rules_and_their_tests_pass() {
    for arguments in [
        &["check", "config", "prometheus.yml"][..],
        &["test", "rules", "tests.yaml"],
    ] {
        let output = Command::new("promtool")
            .args(arguments)
            .current_dir(CONFIG)
            .output()
            .expect("scripts/setup --tests brings promtool");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}");
    }
}

#[test]
fn every_alert_is_shown_to_fire_and_to_be_quiet_and_has_its_section_in_the_runbook() {
    let alerts: Vec<&str> = ALERTS
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("- alert: "))
        .collect();
    assert!(alerts.len() > 20, "{alerts:?}");
    let links = ALERTS
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("runbook_url: "));
    let links: BTreeSet<&str> = links.collect();
    for alert in alerts {
        for case in ["fires", "is quiet"] {
            assert!(
                RULE_TESTS.contains(&format!("- name: {alert} {case}\n")),
                "{alert} {case}"
            );
        }
        assert!(
            RUNBOOK.contains(&format!("\n## {alert}\n")),
            "{alert} is in the runbook"
        );
        let link = format!("docs/runbook.md#{}", alert.to_lowercase());
        assert!(links.contains(link.as_str()), "{link}");
    }
}

#[test]
fn a_link_in_the_runbook_leads_to_a_section() {
    let anchors: BTreeSet<String> = RUNBOOK
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    let links = RUNBOOK
        .split("](#")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    for link in links {
        assert!(anchors.contains(link), "#{link}");
    }
}
