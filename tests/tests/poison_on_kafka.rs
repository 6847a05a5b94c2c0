//! Poison on a real partition: each record is one dead letter with its coordinates, the longest record that the topic
//! takes is read, what comes behind is a task, and a letter's record can be read and published again.

use std::time::Duration;

use reeve_tests::console::ConsumedRecord;
use reeve_tests::embedded::bodies;
use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use serde_json::{Value, json};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BOUND: Duration = Duration::from_secs(90);
const CANARY: &str = "Zq7canaryNobodyMayQuoteMe91";

/// The topic takes 1 048 588 bytes with what a batch and a record add.
const LONGEST: usize = 1_048_480;

/// A report of one secret, padded to `length` bytes.
fn report(number: usize, length: usize) -> Vec<u8> {
    let mut report: Value = serde_json::from_str(GITLEAKS).expect("the sample is JSON");
    let mut result = report[1].take();
    result["Secret"] = json!(format!("Lw4Good{number:03}Report9Xt2Qb7Vn5"));
    result["File"] = json!(format!("good/{number}.sh"));
    let missing = length.saturating_sub(result.to_string().len());
    let message = result["Message"].as_str().unwrap_or_default();
    result["Message"] = json!(format!("{message}{}", "a".repeat(missing)));
    result.to_string().into_bytes()
}

/// Poison, with what it must be refused for; every second record is a report to be read.
fn records() -> Vec<(Vec<u8>, Option<&'static str>)> {
    let bytes = [b"{\"RuleID\":\"", &[0xff, 0xfe][..], CANARY.as_bytes(), b"\"}"].concat();
    let twice = format!("{{\"Secret\":\"{CANARY}\",\"Secret\":\"b\"}}");
    let poison = [
        (bytes, "not_utf8"),
        (b"[".repeat(999_000), "too_deep"),
        (twice.into_bytes(), "duplicate_key"),
        (format!("{{\"Secret\":\"{CANARY}").into_bytes(), "not_json"),
    ];
    let poison = poison.into_iter().enumerate();
    let pairs =
        poison.flat_map(|(number, (bytes, reason))| [(bytes, Some(reason)), (report(number, 0), None)]);
    pairs.collect()
}

fn paths(line: &Line<'_>) -> Vec<String> {
    let tasks = bodies(&line.reeve(&["tasks", "-o", "json"]));
    let paths = tasks
        .iter()
        .filter_map(|task| task["causes"][0]["location"]["path"].as_str());
    paths.map(str::to_owned).collect()
}

#[track_caller]
fn check_letter(letter: &ConsumedRecord, offset: usize, reason: &str, topic: &str) {
    let body: Value = serde_json::from_str(&letter.value_text()).expect("a letter is JSON");
    assert_eq!(
        (body["reason"].as_str(), &body["source"]["offset"]),
        (Some(reason), &json!(offset))
    );
    assert_eq!(
        (&body["source"]["topic"], &body["source"]["partition"]),
        (&json!(topic), &json!(0))
    );
    assert!(
        body["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains(" at ")),
        "{body}"
    );
    assert_eq!(letter.key_text(), format!("{topic}/0/{offset}"));
    assert_eq!(
        letter.header("ce_type").as_deref(),
        Some("io.reeve.dead_letter.v1")
    );
    assert!(
        !letter.value_text().contains("canaryNobody"),
        "a letter quotes its input"
    );
}

#[test]
fn a_partition_goes_on_behind_poison_and_a_letter_can_be_replayed() {
    let line = Line::new(Kafka::shared(), "poison", 1);
    let mut replica = line.replica("a").ready();
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let records = records();
    for (number, (bytes, _)) in records.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number:02}")), bytes).expect("it is ours");
    }
    line.reeve(&["publish", &folder.path().display().to_string()]);
    let longest = String::from_utf8(report(99, LONGEST)).expect("it is JSON");
    line.kafka()
        .produce_lines(&line.topic("alerts.raw"), &format!("h:1\tk\t{longest}\n"));
    let good = 1 + records.iter().filter(|(_, reason)| reason.is_none()).count();
    wait_until(BOUND, "every report behind poison is a task", || {
        paths(&line).len() == good
    });
    let topic = line.topic("alerts.raw");
    let letters = || line.kafka().consume(&line.topic("dead-letters"));
    let expected: Vec<(usize, &str)> = records
        .iter()
        .enumerate()
        .filter_map(|(offset, (_, reason))| Some((offset, (*reason)?)))
        .collect();
    let written = letters();
    assert_eq!(written.len(), expected.len());
    for (letter, (offset, reason)) in written.iter().zip(&expected) {
        check_letter(letter, *offset, reason, &topic);
    }
    line.reeve(&["dead-letters", "replay", &format!("{topic}/0/0")]);
    wait_until(BOUND, "the replayed record is refused again", || {
        letters().len() == expected.len() + 1
    });
    let again = letters().pop().expect("there are letters");
    check_letter(&again, records.len() + 1, "not_utf8", &topic);
    replica.stop();
    assert!(!replica.log().contains("canaryNobody") && !replica.log().contains("panicked"));
}
