//! The line on the embedded log, as a user runs it: publish, tasks, events, metrics and an orderly end.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use reeve_tests::metrics::get;
use serde_json::Value;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BROKEN: &str = include_str!("../../services/reeve/samples/broken.json");
const CANARY: &str = "Xk29dQm4LwZ7vTq1Rb8NsYc3Hf6Jg01kuI3g";
const BOUND: Duration = Duration::from_secs(40);

fn tasks(reeve: &Embedded) -> Vec<Value> {
    let printed = reeve.prints(&["tasks", "-o", "json"]);
    printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a task is JSON"))
        .collect()
}

#[track_caller]
fn check_promtool(metrics: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("scripts/setup --tests brings promtool");
    let mut input = promtool.stdin.take().expect("its input is a pipe");
    input
        .write_all(metrics.as_bytes())
        .expect("promtool reads its input");
    drop(input);
    let output = promtool.wait_with_output().expect("it is our child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

fn sum(metrics: &str, name: &str) -> f64 {
    let samples = metrics
        .lines()
        .filter(|line| line.starts_with(&format!("{name}{{")));
    samples
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}

#[test]
fn alerts_become_tasks_that_people_can_claim_and_nothing_shows_a_secret() {
    let reeve = Embedded::default();
    assert_eq!(reeve.ends(&["health"], "").status.code(), Some(1));
    let mut replica = reeve.run("stderr");
    reeve.prints(&["health"]);
    let paths = [reeve.write("a.json", GITLEAKS), reeve.write("b.json", BROKEN)];
    reeve.prints(&["publish", &paths[0], &paths[1]]);
    wait_until(BOUND, "a task for each secret", || tasks(&reeve).len() >= 3);
    let task = tasks(&reeve).remove(0);
    let id = task["task_id"].as_str().expect("a task has an id").to_owned();
    reeve.prints(&["event", "--task", &id, "--type", "claimed", "--actor", "ana"]);
    wait_until(BOUND, "the task is claimed", || {
        tasks(&reeve)
            .iter()
            .any(|task| task["task_id"] == id.as_str() && task["state"] == "claimed")
    });
    let letters = reeve.prints(&["dead-letters", "ls", "-o", "json"]);
    assert_eq!(letters.lines().count(), 1, "{letters}");
    let (_, metrics) = get(reeve.port(), "/metrics").expect("it serves metrics");
    check_promtool(&metrics);
    assert!(sum(&metrics, "reeve_records_consumed_total") > 0.0);
    let outcomes = sum(&metrics, "reeve_record_outcomes_total");
    assert_eq!(
        sum(&metrics, "reeve_records_consumed_total"),
        outcomes,
        "{metrics}"
    );
    let printed = [
        reeve.prints(&["tasks", "-o", "json"]),
        letters,
        reeve.prints(&["why", &id]),
    ]
    .concat();
    replica.stop();
    assert!(GITLEAKS.contains(CANARY), "the search finds it where it is");
    for text in [printed, metrics, replica.log()] {
        assert!(!text.contains(CANARY) && !text.contains("panicked"));
    }
}
