//! An inventory that is down, a replica that is killed, and no further alert: the task is amended all the same.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::{free_port, wait_until};
use reeve_tests::replica::Replica;
use serde_json::Value;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BOUND: Duration = Duration::from_secs(40);
const OWNED: &str = r#"{"subject":{"owners":{"resolver":{"type":"team","ref":"team/payments"}}}}"#;

/// Answers every request with `status` and `body` for as long as the test's process lives.
fn inventory(port: u16, status: &'static str, body: &'static str) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("nobody else took the port");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            drop(stream.read(&mut request));
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            drop(stream.write_all(format!("{head}{body}").as_bytes()));
        }
    });
}

fn run(reeve: &Embedded, inventory: u16, log: &str) -> Replica {
    let mut command = reeve.command();
    command
        .arg("run")
        .env("REEVE_INVENTORY_URL", format!("http://127.0.0.1:{inventory}"));
    let mut replica = Replica::start(&command, reeve.port(), reeve.path(log));
    replica.wait_ready();
    replica
}

fn tasks(reeve: &Embedded) -> Vec<Value> {
    let printed = reeve.prints(&["tasks", "-o", "json"]);
    printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a task is JSON"))
        .collect()
}

#[track_caller]
fn wait_all(reeve: &Embedded, what: &str, holds: impl Fn(&Value) -> bool) {
    wait_until(BOUND, what, || {
        let tasks = tasks(reeve);
        tasks.len() >= 3 && tasks.iter().all(&holds)
    });
}

#[test]
fn a_task_that_left_without_an_answer_is_amended_after_a_kill_and_no_further_alert() {
    let (reeve, port) = (Embedded::default(), free_port());
    let mut replica = run(&reeve, port, "first");
    reeve.prints(&["publish", &reeve.write("a.json", GITLEAKS)]);
    wait_all(&reeve, "the tasks leave without an answer", |task| {
        task["enrichment"]["status"] == "pending" && task["ownerless"] == false
    });
    replica.kill();
    inventory(port, "200 OK", OWNED);
    let mut replica = run(&reeve, port, "second");
    wait_all(&reeve, "the tasks are amended", |task| {
        task["enrichment"]["status"] == "complete" && task["owners"]["resolver"]["ref"] == "team/payments"
    });
    replica.stop();
}

#[test]
fn known_not_to_be_there_is_ownerless() {
    let (reeve, port) = (Embedded::default(), free_port());
    inventory(port, "404 Not Found", "{}");
    let mut replica = run(&reeve, port, "only");
    reeve.prints(&["publish", &reeve.write("a.json", GITLEAKS)]);
    wait_all(&reeve, "the tasks are without an owner", |task| {
        task["ownerless"] == true && task["enrichment"]["status"] == "complete"
    });
    replica.stop();
}
