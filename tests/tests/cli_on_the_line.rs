//! The commands beside a running line: what they find, what they refuse, and the status they end with.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use reeve_tests::embedded::{Embedded, bodies};
use reeve_tests::host::wait_until;
use serde_json::{Value, json};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BROKEN: &str = include_str!("../../services/reeve/samples/broken.json");
const KEY: &str = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
const BOUND: Duration = Duration::from_secs(40);

#[track_caller]
fn status(reeve: &Embedded, arguments: &[&str], expected: i32, said: &str) {
    let output = reeve.ends(arguments, "");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {told}");
    assert!(told.contains(said), "{arguments:?}: {told}");
}

#[test]
fn what_is_not_there_is_66_and_what_cannot_be_said_is_64() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    reeve.publish("a.json", GITLEAKS);
    let task = reeve.wait_task(KEY, "is open", |_| true);
    let id = task["task_id"].as_str().expect("a task has an id");
    status(&reeve, &["why", "t-nobody"], 66, "t-nobody");
    status(
        &reeve,
        &["dead-letters", "show", "alerts.raw/0/99"],
        66,
        "no such dead letter",
    );
    status(
        &reeve,
        &["dead-letters", "replay", "alerts.raw/0/99"],
        66,
        "no such dead letter",
    );
    let event = |task, kind, body| {
        [
            "event", "--task", task, "--actor", "ana", "--type", kind, "--body", body,
        ]
    };
    status(&reeve, &event("t-nobody", "claimed", "{}"), 66, "no such task");
    status(&reeve, &event(id, "exploded", "{}"), 64, "expected one of");
    status(&reeve, &event(id, "claimed", "{\"a\":"), 64, "column");
    status(
        &reeve,
        &event(id, "blocked", "{\"reason\":\"laziness\"}"),
        64,
        "blocked",
    );
    let of = |task, subject| {
        [
            "event",
            "--task",
            task,
            "--subject",
            subject,
            "--actor",
            "ana",
            "--type",
            "note",
        ]
    };
    status(&reeve, &of(id, "identity:aws:user:123456789012/ci"), 64, KEY);
    status(&reeve, &of(id, KEY), 0, "note");
    status(
        &reeve,
        &of("t-nobody", KEY),
        0,
        "no record of this task was found",
    );
    for nobody in ["", " ", "automation:", "automation: ", "ana "] {
        let arguments = ["event", "--task", id, "--actor", nobody, "--type", "claimed"];
        status(&reeve, &arguments, 64, "`actor.id`");
    }
    status(&reeve, &["tasks", "--state", "sleeping"], 64, "expected one of");
    status(&reeve, &["health"], 0, "");
    replica.stop();
    status(&reeve, &["health"], 1, "");
}

#[test]
fn tasks_are_listed_by_state_and_followed_as_they_change() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    reeve.publish("a.json", GITLEAKS);
    let task = reeve.wait_task(KEY, "is open", |_| true);
    wait_until(BOUND, "all are open", || reeve.tasks().len() == 3);
    let followed = reeve.path("followed");
    let mut follow = reeve
        .command()
        .args(["tasks", "follow", "-o", "json"])
        .stdout(Stdio::from(File::create(&followed).expect("it is ours")))
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary can be run");
    let id = task["task_id"].as_str().expect("a task has an id");
    let seen = || bodies(&std::fs::read_to_string(&followed).unwrap_or_default());
    let mut claims = 0;
    wait_until(BOUND, "a change is followed", || {
        // until it follows, what happens is not its news
        claims += 1;
        let kind = if claims % 2 == 1 { "claimed" } else { "disowned" };
        reeve.prints(&["event", "--task", id, "--type", kind, "--actor", "ana"]);
        seen().iter().any(|task| task["task_id"] == id)
    });
    follow
        .kill()
        .and_then(|()| follow.wait())
        .expect("it is our child");
    let listed = |state: &str| bodies(&reeve.prints(&["tasks", "ls", "--state", state, "-o", "json"]));
    wait_until(BOUND, "the states are told apart", || {
        let counts = ["open", "claimed"].map(|state| listed(state).len());
        counts.iter().sum::<usize>() == 3
    });
    assert_eq!(listed("verified"), Vec::<Value>::new());
    let table = reeve.prints(&["tasks", "-o", "table"]);
    assert!(
        table.contains("AKIARZPUZDIKED7T3FJ6") && !table.contains('{'),
        "{table}"
    );
    let why = reeve.prints(&["why", id]);
    assert!(why.contains("AKIARZPUZDIKED7T3FJ6"), "{why}");
    replica.stop();
}

#[test]
fn a_dead_letter_is_listed_and_shown_and_its_record_is_gone() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    reeve.publish("a.json", BROKEN);
    wait_until(BOUND, "it is refused", || reeve.letters().len() == 1);
    let letter = reeve.letters().remove(0);
    let source = &letter["source"];
    assert_eq!(
        (&source["topic"], &letter["reason"]),
        (&json!("alerts.raw"), &json!("not_json"))
    );
    let coordinates = format!("alerts.raw/{}/{}", source["partition"], source["offset"]);
    let shown: Result<Value, _> =
        serde_json::from_str(&reeve.prints(&["dead-letters", "show", &coordinates]));
    assert_eq!(shown.ok(), Some(letter));
    let table = reeve.prints(&["dead-letters", "ls", "-o", "table"]);
    assert!(
        table.contains(&coordinates) && table.contains("not_json"),
        "{table}"
    );
    // the embedded log keeps no raw alert that was read
    let replay = ["dead-letters", "replay", &coordinates];
    status(
        &reeve,
        &replay,
        1,
        "deletes a record of alerts.raw as soon as it is read",
    );
    replica.stop();
}
