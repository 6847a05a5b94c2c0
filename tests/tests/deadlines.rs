//! Deadlines that pass: each step of the ladder is told once, also across restarts.

use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use serde_json::Value;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const SHIPPED: &str = include_str!("../../config/deadlines.yaml");
const CONFIGURED: [&str; 2] = ["-c", "config"];
const BOUND: Duration = Duration::from_secs(40);

fn steps(task: &Value) -> Vec<String> {
    let history = task["escalation"]["history"].as_array();
    history
        .into_iter()
        .flatten()
        .map(|step| step["step"].to_string())
        .collect()
}

#[track_caller]
fn wait_overdue(reeve: &Embedded, count: usize) {
    let overdue = |task: &Value| steps(task).iter().any(|step| step == "\"remediate_100\"");
    wait_until(BOUND, "every task went through its ladder", || {
        let tasks = reeve.tasks();
        tasks.len() >= count && tasks.iter().all(overdue)
    });
}

#[test]
fn a_deadline_that_passed_is_escalated_once_across_two_restarts() {
    let reeve = Embedded::default();
    std::fs::create_dir(reeve.path("config")).expect("it is ours");
    let short = SHIPPED
        .replace(
            "P1: { contain: 4h, remediate: 24h }",
            "P1: { contain: 1s, remediate: 2s }",
        )
        .replace(
            "P2: { contain: 24h, remediate: 3d }",
            "P2: { contain: 1s, remediate: 2s }",
        )
        .replace("P3: { remediate: 14d }", "P3: { remediate: 2s }");
    assert_ne!(short, SHIPPED, "the shipped deadlines are shortened");
    reeve.write("config/deadlines.yaml", &short);
    let mut replica = reeve.run_with("first", &CONFIGURED);
    reeve.prints(&["publish", &reeve.write("a.json", GITLEAKS)]);
    wait_overdue(&reeve, 3);
    replica.kill();
    let before = {
        let mut replica = reeve.run_with("second", &CONFIGURED);
        let before = reeve.tasks();
        replica.stop();
        before
    };
    let mut replica = reeve.run_with("third", &CONFIGURED);
    // a newer leak whose deadline passes shows that ticks went on over the older ones
    let newer = GITLEAKS.replace("AKIARZPUZDIKED7T3FJ6", "AKIAYVP4CIPPERUVIFXG");
    reeve.prints(&["publish", &reeve.write("b.json", &newer)]);
    wait_overdue(&reeve, before.len() + 1);
    for task in &before {
        let after = reeve.tasks();
        let same = after.iter().find(|after| after["task_id"] == task["task_id"]);
        let told = steps(same.expect("the task is still there"));
        let mut once = told.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), told.len(), "{told:?}");
        assert_eq!(told, steps(task), "nothing is told again");
    }
    replica.stop();
}
