//! An inventory that is down, a replica that is killed, and no further alert: the task is amended all the same.

use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::{free_port, wait_until};
use reeve_tests::inventory::{Inventory, json, response};
use serde_json::Value;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BOUND: Duration = Duration::from_secs(40);
const OWNED: &str = r#"{"subject":{"owners":{"resolver":{"type":"team","ref":"team/payments"}}}}"#;

/// An installation that asks an inventory on `port`.
fn asking(port: u16) -> Embedded {
    Embedded::default().with("REEVE_INVENTORY_URL", &format!("http://127.0.0.1:{port}"))
}

#[track_caller]
fn wait_all(reeve: &Embedded, what: &str, holds: impl Fn(&Value) -> bool) {
    wait_until(BOUND, what, || {
        let tasks = reeve.tasks();
        tasks.len() >= 3 && tasks.iter().all(&holds)
    });
}

#[test]
fn a_task_that_left_without_an_answer_is_amended_after_a_kill_and_no_further_alert() {
    let port = free_port();
    let reeve = asking(port);
    let mut replica = reeve.run("first");
    reeve.publish("a.json", GITLEAKS);
    wait_all(&reeve, "the tasks leave without an answer", |task| {
        task["enrichment"]["status"] == "pending" && task["ownerless"] == false
    });
    replica.kill();
    let _inventory = Inventory::start_on(port, json(OWNED));
    let mut replica = reeve.run("second");
    wait_all(&reeve, "the tasks are amended", |task| {
        task["enrichment"]["status"] == "complete" && task["owners"]["resolver"]["ref"] == "team/payments"
    });
    replica.stop();
}

#[test]
fn known_not_to_be_there_is_ownerless() {
    let port = free_port();
    let reeve = asking(port);
    let _inventory = Inventory::start_on(port, response("404 Not Found", &[], b"{}"));
    let mut replica = reeve.run("only");
    reeve.publish("a.json", GITLEAKS);
    wait_all(&reeve, "the tasks are without an owner", |task| {
        task["ownerless"] == true && task["enrichment"]["status"] == "complete"
    });
    replica.stop();
}
