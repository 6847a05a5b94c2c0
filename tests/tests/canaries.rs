//! Planted secrets, in every format, whole and broken, in values, names, paths and titles: none leaves by any way out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use reeve_tests::embedded::{Embedded, bodies};
use reeve_tests::host::wait_until;
use reeve_tests::metrics::{Scrape, get};
use reeve_tests::planted::{PLANTED, Planted, Search, broken, token, whole};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const KEY: &str = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
const BOUND: Duration = Duration::from_secs(120);
const WITHOUT_SCRUBBER: &str = "REEVE_TEST_WITHOUT_SCRUBBER";

/// What a person, a file or a scrape was shown, by where.
type Shown = Vec<(String, Vec<u8>)>;

/// Writes the reports into `folder`: those that can be read as the lines of one file, the others one file each.
fn write(reeve: &Embedded, folder: &str) -> usize {
    fs::create_dir(reeve.path(folder)).expect("it is ours");
    let (whole, broken) = (whole(), broken());
    let lines: Vec<Vec<u8>> = whole.iter().map(|report| report.bytes.clone()).collect();
    reeve.write(&format!("{folder}/whole.ndjson"), &lines.join(&b'\n'));
    for (number, Planted { bytes, .. }) in broken.iter().enumerate() {
        reeve.write(&format!("{folder}/broken-{number}.json"), bytes);
    }
    whole.len() + broken.len()
}

/// Everything that the commands over files print or write, each reading what the one before it printed.
fn files(reeve: &Embedded) -> Shown {
    write(reeve, "planted");
    let mut shown = Shown::new();
    let mut show = |arguments: &[&str], input: &str| {
        let output = reeve.ends(arguments, input);
        assert!(output.status.success(), "{arguments:?}");
        let name = arguments[0];
        shown.push((format!("the errors of {name}"), output.stderr));
        shown.push((format!("the output of {name}"), output.stdout.clone()));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let arguments = [
        "normalize",
        "planted",
        "--rejects",
        "rejects",
        "--summary",
        "summary",
    ];
    let observations = show(&arguments, "");
    show(&["triage", "-o", "table"], &observations);
    let tasks = show(&["triage", "--changes"], &observations);
    show(&["why", "-"], &tasks);
    for file in ["rejects", "summary"] {
        let content = fs::read(reeve.path(file)).expect("it was asked for");
        shown.push((file.to_owned(), content));
    }
    shown
}

/// Everything that a running line shows of the same reports.
fn line(reeve: &Embedded) -> Shown {
    let published = write(reeve, "planted");
    let mut replica = reeve.run("stderr");
    let publish = reeve.ends(&["publish", "planted"], "");
    let consumed = || Scrape::of(reeve.port()).sum("reeve_records_consumed_total", "alerts.raw");
    wait_until(BOUND, "all are consumed", || consumed() >= published as f64);
    let lag = || Scrape::of(reeve.port()).sum("reeve_consumer_lag_records", "");
    wait_until(BOUND, "all is dispatched", || lag() == 0.0);
    let mut shown = vec![("publish".to_owned(), [publish.stdout, publish.stderr].concat())];
    let mut show = |arguments: &[&str]| {
        let printed = reeve.prints(arguments);
        shown.push((arguments.join(" "), printed.clone().into_bytes()));
        printed
    };
    show(&["tasks", "-o", "table"]);
    let tasks = bodies(&show(&["tasks", "-o", "json"]));
    for task in tasks.iter().step_by(tasks.len() / 5 + 1) {
        show(&["why", task["task_id"].as_str().expect("a task has an id")]);
    }
    show(&["dead-letters", "ls", "-o", "table"]);
    let letters = bodies(&show(&["dead-letters", "ls", "-o", "json"]));
    assert!(letters.len() >= PLANTED, "what is broken is refused");
    for letter in letters.iter().step_by(letters.len() / 5 + 1) {
        show(&["dead-letters", "show", &coordinates(letter)]);
    }
    let (_, metrics) = get(reeve.port(), "/metrics").expect("it serves metrics");
    replica.stop();
    shown.push(("metrics".to_owned(), metrics.into_bytes()));
    shown.push(("the log at trace".to_owned(), replica.log().into_bytes()));
    shown.extend(beside_the_log(&reeve.path("log")));
    shown
}

/// What people say of a task, with a token pasted into every text: by the command, and as others write the topic.
fn words(reeve: &Embedded) -> Shown {
    let mut replica = reeve.run("stderr");
    reeve.publish("a.json", GITLEAKS);
    let task = reeve.wait_task(KEY, "is open", |_| true);
    let id = task["task_id"].as_str().expect("a task has an id").to_owned();
    let said = bodies_of_events(&id);
    let mut shown = Shown::new();
    for (event_type, body) in &said {
        let arguments = [
            "event", "--task", &id, "--type", event_type, "--actor", "ana", "--body", body,
        ];
        let output = reeve.ends(&arguments, "");
        assert!(output.status.success(), "{event_type}");
        shown.push((format!("the errors of {event_type}"), output.stderr));
    }
    let applied = || Scrape::of(reeve.port()).sum("reeve_records_consumed_total", "task-events");
    wait_until(BOUND, "all is applied", || applied() >= said.len() as f64);
    for arguments in [
        &["tasks", "-o", "json"][..],
        &["why", &id],
        &["dead-letters", "ls", "-o", "json"],
    ] {
        shown.push((arguments.join(" "), reeve.prints(arguments).into_bytes()));
    }
    replica.stop();
    shown.push(("the log at trace".to_owned(), replica.log().into_bytes()));
    // nothing secret was in the alert: the log itself may be searched, ledger and task-events and all
    let log = fs::read(reeve.path("log/log.redb")).expect("the log is there");
    shown.push(("the embedded log".to_owned(), log));
    shown.push(triaged(reeve, &said));
    shown
}

/// The same events in a file, as another client of the topic would have written them.
fn triaged(reeve: &Embedded, said: &[(&str, String)]) -> (String, Vec<u8>) {
    let event = |(number, (event_type, body)): (usize, &(&str, String))| {
        let body: serde_json::Value = serde_json::from_str(body).expect("it is JSON");
        let external =
            serde_json::json!({ "system": token(1), "id": "1", "url": token(2), "status": token(3) });
        let event = serde_json::json!({
            "kind": "event", "event_id": number.to_string(), "type": event_type, "subject_key": KEY,
            "actor": { "id": "ana", "kind": "human" }, "at": "2026-11-21T00:00:00Z", "external": external, "body": body,
        });
        event.to_string()
    };
    let events: Vec<String> = said.iter().enumerate().map(event).collect();
    reeve.write("said.ndjson", &events.join("\n"));
    let now = "2026-11-25T00:00:00Z";
    let tasks = reeve.prints(&["triage", "--changes", "--now", now, "a.json", "said.ndjson"]);
    assert!(tasks.contains("claimed"), "{tasks}");
    ("the output of triage".to_owned(), tasks.into_bytes())
}

/// A body of each type that takes a text of a person, every text of it with a token.
fn bodies_of_events(id: &str) -> Vec<(&'static str, String)> {
    let pasted = |number: usize| format!("it was {} before", token(number));
    let bodies = [
        ("note", serde_json::json!({ "note": pasted(4) })),
        ("claimed", serde_json::json!({ "note": pasted(5) })),
        (
            "blocked",
            serde_json::json!({ "reason": "contract", "note": pasted(6) }),
        ),
        (
            "disowned",
            serde_json::json!({ "to": pasted(7), "note": pasted(8) }),
        ),
        (
            "reassigned",
            serde_json::json!({ "to": "team/a", "contact": pasted(9), "note": pasted(10) }),
        ),
        (
            "exception_requested",
            serde_json::json!({ "exception_id": id, "requester": "bo", "reason": pasted(11), "compensating_control": pasted(12),
                "expires_at": "2026-12-20T00:00:00Z" }),
        ),
        (
            "false_positive",
            serde_json::json!({ "reason": pasted(13), "expires_at": "2026-12-20T00:00:00Z" }),
        ),
        (
            "attestation",
            serde_json::json!({ "document": pasted(14), "reviewer": "bo", "note": pasted(15) }),
        ),
        (
            "approval_requested",
            serde_json::json!({ "gate": "business_approval", "note": pasted(16) }),
        ),
    ];
    bodies
        .map(|(event_type, body)| (event_type, body.to_string()))
        .to_vec()
}

fn coordinates(letter: &serde_json::Value) -> String {
    let source = &letter["source"];
    let topic = source["topic"].as_str().expect("a letter names its topic");
    format!("{topic}/{}/{}", source["partition"], source["offset"])
}

/// The files of the data directory but the log itself, in which `alerts.raw` lies.
fn beside_the_log(folder: &Path) -> Shown {
    let entries = fs::read_dir(folder).expect("the data directory is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let files = paths.filter(|path| path.is_file() && path.extension().is_none_or(|end| end != "redb"));
    files
        .map(|path| {
            let content = fs::read(&path).expect("it is ours");
            (path.display().to_string(), content)
        })
        .collect()
}

fn found<'s>(search: &'s Search, shown: &Shown) -> BTreeSet<&'s str> {
    shown.iter().flat_map(|(_, text)| search.found(text)).collect()
}

#[track_caller]
fn check_none(shown: &Shown) {
    let search = Search::default();
    for (place, text) in shown {
        search.check_none(place, text);
        assert!(!String::from_utf8_lossy(text).contains("panicked"), "{place}");
    }
}

#[test]
fn no_planted_secret_leaves_by_a_command_over_files() {
    check_none(&files(&Embedded::default().with("REEVE_LOG", "trace")));
}

#[test]
fn no_planted_secret_leaves_the_running_line() {
    check_none(&line(&Embedded::default()));
}

#[test]
fn with_the_scrubber_off_every_planted_secret_is_found() {
    let search = Search::default();
    let shown = files(&Embedded::default().with(WITHOUT_SCRUBBER, "1"));
    assert_eq!(found(&search, &shown).len(), 2 * PLANTED);
    let shown = line(&Embedded::default().with(WITHOUT_SCRUBBER, "1"));
    assert_eq!(found(&search, &shown).len(), 2 * PLANTED);
}

#[test]
fn what_a_person_pastes_into_an_event_is_on_no_topic_in_no_log_and_in_no_task() {
    check_none(&words(&Embedded::default()));
}

#[test]
fn with_the_scrubber_off_what_a_person_pastes_is_found() {
    let search = Search::default();
    let shown = words(&Embedded::default().with(WITHOUT_SCRUBBER, "1"));
    let by = |place: &str| -> usize {
        let there = shown.iter().filter(|(name, _)| name == place);
        there
            .flat_map(|(_, text)| search.found(text))
            .collect::<BTreeSet<_>>()
            .len()
    };
    assert!(by("the embedded log") >= 13, "{}", by("the embedded log"));
    for place in ["tasks -o json", "the output of triage"] {
        assert!(by(place) > 0, "{place}");
    }
}
