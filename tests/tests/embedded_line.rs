//! The line on the embedded log, as a user runs it: publish, tasks, events, metrics and an orderly end.

use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use reeve_tests::metrics::{check_promtool, get};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BROKEN: &str = include_str!("../../services/reeve/samples/broken.json");
const CANARY: &str = "Xk29dQm4LwZ7vTq1Rb8NsYc3Hf6Jg01kuI3g";
const BOUND: Duration = Duration::from_secs(40);

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
    wait_until(BOUND, "a task for each secret", || reeve.tasks().len() >= 3);
    let task = reeve.tasks().remove(0);
    let id = task["task_id"].as_str().expect("a task has an id").to_owned();
    reeve.prints(&["event", "--task", &id, "--type", "claimed", "--actor", "ana"]);
    wait_until(BOUND, "the task is claimed", || {
        reeve
            .tasks()
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
