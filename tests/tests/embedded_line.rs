//! The line on the embedded log, as a user runs it: publish, tasks, events, metrics and an orderly end.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::{wait_for, wait_until};
use reeve_tests::metrics::{Scrape, check_promtool, get};

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

/// A process that does not outlive the test.
struct Spawned(Child);

impl Drop for Spawned {
    fn drop(&mut self) {
        // one that has ended cannot be killed
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A log driver that restarts, a `| head`: what writes to a pipe that nobody reads is told so by every write.
#[test]
fn a_log_that_nobody_reads_any_more_stops_nothing() {
    let reeve = Embedded::default();
    let mut command = reeve.command();
    command
        .arg("run")
        .env("REEVE_LOG", "trace")
        .stderr(Stdio::piped());
    let mut line = Spawned(command.spawn().expect("the binary can be run"));
    drop(line.0.stderr.take());
    wait_until(BOUND, "it is ready", || {
        get(reeve.port(), "/readyz").is_some_and(|(status, _)| status == 200)
    });
    reeve.publish("a.json", GITLEAKS);
    wait_until(BOUND, "a task for each secret", || reeve.tasks().len() >= 3);
    let told = Command::new("kill")
        .args(["-TERM", &line.0.id().to_string()])
        .status();
    assert!(told.is_ok_and(|status| status.success()));
    let ended = wait_for(BOUND, || line.0.try_wait().expect("it is our child"));
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
}

/// Publishes the sample if wanted, and waits until so many open cases are named with the current key, the previous one
/// and another one; the open tasks then.
#[track_caller]
fn counted(reeve: &Embedded, publish: bool, expected: [f64; 3]) -> BTreeSet<String> {
    let mut replica = reeve.run("stderr");
    if publish {
        reeve.publish("alerts.json", GITLEAKS);
    }
    wait_until(BOUND, &format!("{expected:?} cases by their keys"), || {
        let scrape = Scrape::of(reeve.port());
        let of = |key: &str| scrape.sum("reeve_ledger_open_cases", &format!("hash_key=\"{key}\""));
        scrape.sum("reeve_consumer_lag_records", "") == 0.0
            && of("none") == 1.0
            && ["current", "previous", "other"].map(of) == expected
    });
    replica.stop();
    let open = reeve.tasks().into_iter().filter(|task| task["state"] == "open");
    open.map(|task| task["task_id"].to_string()).collect()
}

#[test]
fn a_rotation_of_the_key_keeps_every_task_across_restarts_and_shows_when_it_is_over() {
    let reeve = Embedded::default();
    let [old, new] = ["old key ", "new key "].map(|name| reeve.write(name.trim(), &name.repeat(8)));
    let reeve = reeve.with("REEVE_HMAC_KEY_FILE", &old);
    let before = counted(&reeve, true, [2.0, 0.0, 0.0]);
    let reeve = reeve.with("REEVE_HMAC_KEY_FILE", &new);
    counted(&reeve, false, [0.0, 0.0, 2.0]);
    let reeve = reeve.with("REEVE_HMAC_KEY_PREVIOUS_FILE", &old);
    counted(&reeve, false, [0.0, 2.0, 0.0]);
    let during = counted(&reeve, true, [2.0, 0.0, 0.0]);
    let reeve = reeve.with("REEVE_HMAC_KEY_PREVIOUS_FILE", "");
    let after = counted(&reeve, true, [2.0, 0.0, 0.0]);
    assert_eq!(before.len(), 3);
    assert_eq!((&before, &before), (&during, &after));
}

/// What the test above guards: without the previous key every hashed secret is another subject.
#[test]
fn a_key_that_is_changed_without_a_rotation_parts_what_is_seen_again() {
    let reeve = Embedded::default();
    let new = reeve.write("new key", "another key of at least 32 bytes here");
    let before = counted(&reeve, true, [2.0, 0.0, 0.0]);
    let reeve = reeve.with("REEVE_HMAC_KEY_FILE", &new);
    let after = counted(&reeve, true, [2.0, 0.0, 1.0]);
    assert_eq!((before.len(), after.len()), (3, 4));
}
