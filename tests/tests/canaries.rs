//! Planted secrets, in every format, whole and broken, in values, names, paths and titles: none leaves by any way out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use reeve_tests::embedded::{Embedded, bodies};
use reeve_tests::host::wait_until;
use reeve_tests::metrics::{Scrape, get};
use reeve_tests::planted::{PLANTED, Planted, Search, broken, whole};

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
