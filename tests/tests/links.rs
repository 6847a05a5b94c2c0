//! One secret under several keys, through the binary: the value, its SHA-256, its SHA-1 and another hash are one task.

use std::time::Duration;

use reeve_log::Topic;
use reeve_log::embedded::{Access, Incoming, Settings};
use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use reeve_tests::metrics::Scrape;
use reeve_tests::one_secret::{detect_secrets, gitguardian, gitlab, gitleaks};
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BOUND: Duration = Duration::from_secs(60);

fn tasks(reeve: &Embedded) -> Vec<Value> {
    let printed = reeve.prints(&["tasks", "-o", "json"]);
    let all = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a task is JSON"));
    all.filter(|task: &Value| task["state"] != "merged").collect()
}

/// Σ sightings of the living tasks, as the ledger has them.
fn sightings(reeve: &Embedded) -> u64 {
    tasks(reeve)
        .iter()
        .filter_map(|task| task["sightings"]["count"].as_u64())
        .sum()
}

#[track_caller]
fn publish(reeve: &Embedded, name: &str, report: &str) {
    let path = reeve.write(name, report);
    reeve.prints(&["publish", &path]);
}

#[track_caller]
fn one_task(reeve: &Embedded, count: u64) -> Value {
    wait_until(BOUND, "one task for all keys", || {
        tasks(reeve).len() == 1 && sightings(reeve) == count
    });
    tasks(reeve).remove(0)
}

/// The living tasks of an offline run over `reports`, in this order.
fn triaged(reeve: &Embedded, reports: &[(&str, String)], hmsl: &str) -> Vec<Value> {
    let paths: Vec<String> = reports
        .iter()
        .map(|(name, report)| reeve.write(name, report))
        .collect();
    let mut command = reeve.command();
    command
        .args(["triage", "-o", "json", "--now", "2026-09-10T00:00:00Z"])
        .args(&paths);
    let output = command
        .env("REEVE_ALIAS_HMSL", hmsl)
        .output()
        .expect("the binary can be run");
    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8(output.stdout).expect("tasks are JSON");
    let all = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a task is JSON"));
    all.filter(|task: &Value| task["state"] != "merged").collect()
}

fn reports() -> [(&'static str, String); 4] {
    [
        ("gitleaks.json", gitleaks(1)),
        ("gitlab.json", gitlab()),
        ("baseline.json", detect_secrets(3)),
        ("gitguardian.json", gitguardian()),
    ]
}

#[test]
fn four_scanners_in_any_order_speak_of_one_task() {
    let reeve = Embedded::default();
    for first in 0..4 {
        for second in (0..4).filter(|index| *index != first) {
            let mut order: Vec<usize> = (0..4).filter(|index| ![first, second].contains(index)).collect();
            order.splice(0..0, [first, second]);
            let all = reports();
            let ordered: Vec<_> = order.iter().map(|index| all[*index].clone()).collect();
            let living = triaged(&reeve, &ordered, "true");
            assert_eq!(living.len(), 1, "{order:?}");
            assert_eq!(living[0]["sightings"]["count"], 4, "{order:?}");
            assert_eq!(
                living[0]["first_detected_at"], "2026-09-01T08:15:00Z",
                "the oldest clock, {order:?}"
            );
        }
    }
}

/// The negative control: a hash that is not computed joins nothing.
#[test]
fn a_hash_that_is_switched_off_stays_a_task_of_its_own() {
    let living = triaged(&Embedded::default(), &reports(), "false");
    assert_eq!(living.len(), 2);
    let counts: u64 = living
        .iter()
        .filter_map(|task| task["sightings"]["count"].as_u64())
        .sum();
    assert_eq!(counts, 4);
}

#[test]
fn the_hash_comes_first_and_the_line_restarts_before_the_value_comes() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("first");
    publish(&reeve, "a.json", &detect_secrets(3));
    let first = one_task(&reeve, 1);
    replica.kill();
    let mut replica = reeve.run("second");
    publish(&reeve, "b.json", &gitleaks(1));
    let joined = one_task(&reeve, 2);
    assert_eq!(
        first["task_id"], joined["task_id"],
        "the task that was opened first lives on"
    );
    assert_eq!(first["opened_at"], joined["opened_at"]);
    assert_ne!(first["subject"]["key"], joined["subject"]["key"]);
    replica.kill();
    let mut replica = reeve.run("third");
    publish(&reeve, "c.json", &gitlab());
    publish(&reeve, "d.json", &detect_secrets(9));
    one_task(&reeve, 4);
    replica.stop();
}

#[test]
fn the_value_comes_first_and_a_person_parts_and_joins_again() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    publish(&reeve, "a.json", &gitleaks(1));
    publish(&reeve, "b.json", &detect_secrets(3));
    let task = one_task(&reeve, 2);
    let id = task["task_id"].as_str().expect("a task has an id");
    let alias = alias_of(&reeve);
    let body = json!({ "from": alias }).to_string();
    reeve.prints(&[
        "event", "--task", id, "--type", "unmerge", "--actor", "ines", "--body", &body,
    ]);
    wait_until(BOUND, "two tasks", || {
        tasks(&reeve).len() == 2 && sightings(&reeve) == 2
    });
    publish(&reeve, "c.json", &detect_secrets(9));
    wait_until(BOUND, "a sighting under the hash", || sightings(&reeve) == 3);
    let body = json!({ "main": task["subject"]["key"] }).to_string();
    reeve.prints(&[
        "event",
        "--subject",
        &alias,
        "--type",
        "link",
        "--actor",
        "ines",
        "--body",
        &body,
    ]);
    one_task(&reeve, 3);
    assert_eq!(reeve.prints(&["dead-letters", "ls", "-o", "json"]), "");
    replica.stop();
}

/// The key of the SHA-1, as an offline run with the same key of the keyed hash names it.
fn alias_of(reeve: &Embedded) -> String {
    let report = [("baseline.json", detect_secrets(3))];
    let task = triaged(reeve, &report, "false").remove(0);
    task["subject"]["key"]
        .as_str()
        .expect("a task has a subject")
        .to_owned()
}

/// Writes to `task-events` what says to be of reeve itself, as whoever may write there can.
fn forge(reeve: &Embedded, key: &str, what: &str, body: &Value) {
    let event = json!({
        "kind": "event", "event_id": format!("{what}-forged"), "type": what, "subject_key": key,
        "actor": { "id": "reeve", "kind": "system" }, "at": jiff::Timestamp::now().to_string(), "body": body,
    });
    let record = Incoming {
        key: Some(key.to_owned().into()),
        value: Some(event.to_string().into()),
        headers: Vec::new(),
    };
    let access = Access::open(&reeve.path("log"), Settings::default()).expect("the running reeve answers");
    access
        .append(Topic::TaskEvents, &[record])
        .expect("the running reeve writes it");
}

/// The tasks of the sample, and the keys of two of them.
#[track_caller]
fn strangers(reeve: &Embedded) -> (Vec<Value>, [String; 2]) {
    publish(reeve, "sample.json", SAMPLE);
    wait_until(BOUND, "a task for each secret", || reeve.tasks().len() == 3);
    let tasks = reeve.tasks();
    let all = tasks.iter().filter_map(|task| task["subject"]["key"].as_str());
    // a place joins nothing, whoever says so
    let mut known = all.filter(|key| !key.contains(":location:")).map(str::to_owned);
    let mut next = || {
        known
            .next()
            .expect("two secrets are known by more than their place")
    };
    let keys = [next(), next()];
    (tasks, keys)
}

#[test]
fn what_a_stranger_says_as_reeve_is_a_dead_letter_and_joins_nothing() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    let (before, [alias, main]) = strangers(&reeve);
    let through = json!({ "from": main, "through": main, "generation": 1, "sequence": 1, "hops": 1 });
    let with = |name: &str, value: Value| {
        let mut body = through.clone();
        body[name] = value;
        body
    };
    let receipt = json!({
        "scope": { "kind": "repository", "id": "a", "ruleset": "r", "complete": true },
        "observed_at": "2026-01-01T00:00:00Z",
        "source": { "format": "sarif", "tool": "sarif", "rule": "x", "reference": "" },
        "provenance": { "index": 0, "format_version": 1, "file": "-" },
    });
    let forged = [
        ("link", json!({ "main": main })),
        ("unlink", json!({ "main": main })),
        ("merge", with("facts", json!({}))),
        ("unmerge", json!({ "from": main, "generation": 1 })),
        ("sighting", with("receipt", receipt)),
        ("note", json!({ "text": "a word" })),
    ];
    for (what, body) in &forged {
        forge(&reeve, &alias, what, body);
    }
    wait_until(BOUND, "a letter for each", || {
        reeve.letters().len() >= forged.len()
    });
    let letters = reeve.letters();
    assert!(
        letters.iter().all(|letter| letter["reason"] == "not_permitted"),
        "{letters:#?}"
    );
    let refused = Scrape::of(reeve.port()).sum("reeve_rejects_total", "reason=\"not_permitted\"");
    assert_eq!((letters.len(), refused), (forged.len(), 6.0));
    assert_eq!(before, reeve.tasks());
    // nor does a replay make it reeve's own
    let source = &letters[0]["source"];
    let coordinates = ["topic", "partition", "offset"].map(|part| match &source[part] {
        Value::String(text) => text.clone(),
        number => number.to_string(),
    });
    reeve.prints(&["dead-letters", "replay", &coordinates.join("/")]);
    wait_until(BOUND, "a letter of the replay", || {
        reeve.letters().len() > forged.len()
    });
    assert_eq!(before, reeve.tasks());
    replica.stop();
}

/// What the test above guards: believed, the stranger has joined two secrets that have nothing in common.
#[test]
fn where_seals_are_not_asked_for_a_stranger_joins_two_secrets() {
    let reeve = Embedded::default().with("REEVE_TEST_WITHOUT_SEALS", "1");
    let mut replica = reeve.run("stderr");
    let (_, [alias, main]) = strangers(&reeve);
    forge(&reeve, &alias, "link", &json!({ "main": main }));
    wait_until(BOUND, "one task for both", || tasks(&reeve).len() == 2);
    replica.stop();
}
