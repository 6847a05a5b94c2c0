//! Whatever an inventory does, alerts flow: tasks leave without its answer, nothing hangs or is followed, and they are
//! amended when it answers again.

use std::io::Write;
use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::{free_port, wait_until};
use reeve_tests::inventory::{Behavior, Inventory, json, response};
use reeve_tests::metrics::Scrape;
use serde_json::Value;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const OWNED: &str = r#"{"subject":{"owners":{"resolver":{"type":"team","ref":"team/payments"}}}}"#;
const TASKS: f64 = 3.0;
const BOUND: Duration = Duration::from_secs(90);
const RETRY_AFTER: Duration = Duration::from_secs(3);
/// A debug build with its log takes a tenth of it; a body of 512 MiB read whole takes more than all of it.
const MEMORY_MAX: u64 = 400 << 20;
const JSON: &str = "content-type: application/json";

/// What it does, and what a task must say of it.
fn misbehaviors() -> Vec<(&'static str, Behavior, &'static str)> {
    let broken_off =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"subject\"";
    let Behavior::Answers(good) = json(OWNED) else {
        return Vec::new();
    };
    let huge = format!(r#"{{"subject":{{"application":"{}"}}}}"#, "a".repeat(8 << 20));
    vec![
        ("hangs", Behavior::Hangs, "timeout"),
        ("drips", Behavior::Drips(good), "timeout"),
        (
            "is busy",
            response("429 Too Many Requests", &["retry-after: 3"], b""),
            "limited",
        ),
        (
            "fails",
            response("500 Internal Server Error", &[JSON], OWNED.as_bytes()),
            "invalid",
        ),
        ("forbids", response("403 Forbidden", &[], b"{}"), "refused"),
        (
            "talks garbage",
            Behavior::Answers(b"\x00\xffgarbage\r\n\r\n".to_vec()),
            "invalid",
        ),
        ("breaks off", Behavior::Answers(broken_off.to_vec()), "invalid"),
        ("sends no JSON", json("{\"subject\": tru"), "invalid"),
        (
            "sends a page",
            response("200 OK", &["content-type: text/html"], OWNED.as_bytes()),
            "invalid",
        ),
        ("sends too much", json(&huge), "invalid"),
        (
            "sends a bomb",
            response("200 OK", &[JSON, "content-encoding: gzip"], &bomb()),
            "invalid",
        ),
    ]
}

/// A JSON body of 512 MiB in some 512 KiB of gzip.
fn bomb() -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..512 {
        gzip.write_all(&spaces).expect("memory takes it");
    }
    gzip.write_all(OWNED.as_bytes()).expect("memory takes it");
    gzip.finish().expect("memory takes it")
}

#[track_caller]
fn wait_tasks(reeve: &Embedded, what: &str, pending: f64) {
    wait_until(BOUND, what, || {
        let scrape = Scrape::of(reeve.port());
        scrape.sum("reeve_tasks_open", "") == TASKS
            && scrape.sum("reeve_tasks_pending_enrichment", "") == pending
    });
}

fn status(task: &Value) -> &str {
    let asked = task["context"]["sources"]
        .as_array()
        .expect("inventories were asked");
    let primary = asked.iter().find(|source| source["inventory"] == "primary");
    primary
        .and_then(|source| source["status"].as_str())
        .unwrap_or_default()
}

/// The tasks leave pending for that reason, and are amended once it answers, without any further alert.
fn check(what: &str, inventory: &Inventory, expected: &str) -> Embedded {
    let reeve = Embedded::default().with("REEVE_INVENTORY_URL", &inventory.url());
    let mut replica = reeve.run("stderr");
    reeve.publish("a.json", GITLEAKS);
    wait_tasks(
        &reeve,
        &format!("an inventory that {what} holds no task up"),
        TASKS,
    );
    for task in reeve.tasks() {
        // on a busy machine its deadline may have passed before its answer was read
        assert!(
            [expected, "timeout"].contains(&status(&task)),
            "{what}: {}",
            status(&task)
        );
        let told = (
            &task["enrichment"]["status"],
            &task["owners"]["resolver"]["source"],
        );
        assert_eq!(told, (&"pending".into(), &"owners.yaml".into()), "{what}");
        assert_eq!(task["ownerless"], false, "{what}");
    }
    replica.wait_log(BOUND, &format!("no answer status={expected}"));
    let scrape = Scrape::of(reeve.port());
    let failed = ["error", "limited"].map(|result| scrape.sum("reeve_inventory_lookups_total", result));
    assert!(failed.iter().sum::<f64>() >= TASKS, "{what}: {failed:?}");
    assert!(
        replica.is_ready(),
        "{what}: readiness is not tied to an inventory"
    );
    // one that says when to come again is not down
    let down = f64::from(u8::from(expected != "limited"));
    wait_until(BOUND, &format!("the breaker of one that {what} is open"), || {
        Scrape::of(reeve.port()).sum("reeve_inventory_available", "primary") == 1.0 - down
    });
    inventory.set(json(OWNED));
    wait_tasks(&reeve, &format!("an inventory that {what} is asked again"), 0.0);
    for task in reeve.tasks() {
        assert_eq!(
            (status(&task), &task["owners"]["resolver"]["ref"]),
            ("ok", &"team/payments".into()),
            "{what}"
        );
    }
    assert_eq!(
        Scrape::of(reeve.port()).sum("reeve_inventory_available", "primary"),
        1.0
    );
    assert!(
        replica.memory_peak() < MEMORY_MAX,
        "{what}: {} bytes",
        replica.memory_peak()
    );
    replica.stop();
    reeve
}

#[test]
fn alerts_flow_whatever_an_inventory_does_and_their_tasks_are_amended_when_it_answers() {
    std::thread::scope(|scope| {
        for (what, behavior, expected) in misbehaviors() {
            scope.spawn(move || {
                let inventory = Inventory::start(behavior);
                check(what, &inventory, expected);
            });
        }
    });
}

#[test]
fn retry_after_holds_for_every_request() {
    let busy = response("429 Too Many Requests", &["retry-after: 3"], b"");
    let inventory = Inventory::start(busy);
    let reeve = Embedded::default().with("REEVE_INVENTORY_URL", &inventory.url());
    let mut replica = reeve.run("stderr");
    reeve.publish("a.json", GITLEAKS);
    wait_until(BOUND, "it is asked again", || {
        let asked = inventory.asked();
        asked
            .last()
            .is_some_and(|last| last.duration_since(asked[0]) > RETRY_AFTER / 2)
    });
    let asked = inventory.asked();
    let pause = asked.windows(2).map(|pair| pair[1].duration_since(pair[0])).max();
    assert!(pause >= Some(RETRY_AFTER.mul_f64(0.95)), "{pause:?}");
    replica.stop();
}

#[test]
fn nothing_follows_a_redirect() {
    let trap = Inventory::start(json(OWNED));
    for target in ["http://169.254.169.254/latest/meta-data/".to_owned(), trap.url()] {
        let location = format!("location: {target}");
        let inventory = Inventory::start(response("307 Temporary Redirect", &[&location], b""));
        check("redirects", &inventory, "invalid");
    }
    assert_eq!(trap.asked(), [], "nobody was sent there");
}

#[test]
fn a_link_local_address_is_refused_before_anything_runs() {
    for address in [
        "http://169.254.169.254",
        "http://[fe80::1]",
        "http://[::ffff:169.254.169.254]",
    ] {
        let reeve = Embedded::default().with("REEVE_INVENTORY_URL", address);
        let output = reeve.ends(&["run"], "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{address}: {said}");
        assert!(
            said.contains("inventories.yaml:") && said.contains("link-local"),
            "{said}"
        );
    }
}

#[test]
fn an_inventory_that_is_not_there_yet_is_asked_when_it_is() {
    let port = free_port();
    let reeve = Embedded::default().with("REEVE_INVENTORY_URL", &format!("http://127.0.0.1:{port}"));
    let mut replica = reeve.run("stderr");
    reeve.publish("a.json", GITLEAKS);
    wait_tasks(&reeve, "nobody listens, and the tasks leave", TASKS);
    assert!(reeve.tasks().iter().all(|task| status(task) == "unreachable"));
    let _inventory = Inventory::start_on(port, json(OWNED));
    wait_tasks(&reeve, "it is there, and asked", 0.0);
    replica.stop();
}
