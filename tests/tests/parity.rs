//! Both logs give the same tasks: the same alerts through the embedded log, through Kafka and through `triage`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use serde_json::{Value, json};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const TRUFFLEHOG: &str = include_str!("../../services/reeve/samples/trufflehog.ndjson");
const SECURITY_HUB: &str = include_str!("../../services/reeve/samples/securityhub.json");
const CLOUDTRAIL: &str = include_str!("../../services/reeve/samples/cloudtrail.json");
const NOW: &str = "2026-11-24T12:00:00Z";
const BOUND: Duration = Duration::from_secs(90);
/// Corpus folders of formats whose records have their own times.
const FOLDERS: [&str; 3] = ["gitleaks", "aws-asff", "github-secret-scanning"];

/// The shipped samples, and the corpus where it lies.
fn inputs(reeve: &Embedded) -> Vec<String> {
    let samples = [
        ("a.json", GITLEAKS),
        ("b.ndjson", TRUFFLEHOG),
        ("c.json", SECURITY_HUB),
        ("d.json", CLOUDTRAIL),
    ];
    let mut paths: Vec<String> = samples
        .iter()
        .map(|(name, text)| reeve.write(name, &text.replace("{{now}}", NOW)))
        .collect();
    let corpus = std::env::var_os("REEVE_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus")),
        PathBuf::from,
    );
    let found = FOLDERS
        .iter()
        .map(|name| corpus.join(name))
        .filter(|path| path.is_dir());
    paths.extend(found.map(|path| path.display().to_string()));
    println!("{} corpus folders read", paths.len() - samples.len());
    assert!(
        std::env::var_os("CI").is_none() || paths.len() > samples.len(),
        "in CI the corpus is there"
    );
    paths
}

/// What does not depend on when and where a record was processed.
fn projection(printed: &str) -> BTreeMap<String, Value> {
    let tasks = printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = |task: &Value| {
        json!({
            "subject": place(&task["subject"]["key"]), "issue": task["issue_type"], "state": task["state"],
            "closure": task["closure"], "cycle": task["cycle"], "band": task["priority"]["band"],
            "score": task["priority"]["score"], "resolver": task["owners"]["resolver"]["ref"],
            "route": task["route"], "path": task["path"]["class"], "causes": task["causes"].as_array().map(Vec::len),
        })
    };
    tasks
        .map(|task| {
            (
                format!("{} {}", place(&task["subject"]["key"]), task["issue_type"]),
                told(&task),
            )
        })
        .collect()
}

/// The key, without the coordinates of the record where nothing else says where a place is.
fn place(key: &Value) -> String {
    let key = key.as_str().unwrap();
    match key.split_once("alerts.raw/") {
        Some((_, rest)) => rest.splitn(3, '/').last().unwrap().to_owned(),
        None => key.to_owned(),
    }
}

#[test]
fn the_embedded_log_kafka_and_files_give_the_same_tasks() {
    let embedded = Embedded::default();
    let inputs = inputs(&embedded);
    let command = |name| -> Vec<&str> {
        std::iter::once(name)
            .chain(inputs.iter().map(String::as_str))
            .collect()
    };
    let publish = command("publish");
    let expected = projection(&embedded.prints(&command("triage")));
    assert!(expected.len() > 5, "{expected:?}");

    let running = embedded.run("embedded.log");
    embedded.prints(&publish);
    let same = || projection(&embedded.prints(&["tasks", "-o", "json"])) == expected;
    wait_until(BOUND, "the embedded log gives the tasks of the files", same);
    drop(running);

    let line = Line::new(Kafka::shared(), "parity", 3);
    let running = line.replica("a").ready();
    line.reeve(&publish);
    let same = || projection(&line.reeve(&["tasks", "-o", "json"])) == expected;
    wait_until(BOUND, "Kafka gives the tasks of the files", same);
    drop(running);
}
