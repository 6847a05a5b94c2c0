//! What no scanner should send: each is one dead letter with its reason and position, and the partition goes on.

use std::time::Duration;

use reeve_tests::embedded::{Embedded, bodies};
use reeve_tests::fixtures::wrong_types;
use reeve_tests::host::wait_until;
use reeve_tests::metrics::Scrape;

use serde_json::{Value, json};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BOUND: Duration = Duration::from_secs(120);
const CANARY: &str = "Zq7canaryNobodyMayQuoteMe91";

/// A document that must be refused, why, and what its letter must say of where.
struct Poison {
    name: &'static str,
    bytes: Vec<u8>,
    reason: &'static str,
    path: Option<&'static str>,
    detail: &'static str,
}

fn of(name: &'static str, bytes: impl Into<Vec<u8>>, reason: &'static str, detail: &'static str) -> Poison {
    Poison {
        name,
        bytes: bytes.into(),
        reason,
        path: None,
        detail,
    }
}

impl Poison {
    fn at(self, path: &'static str) -> Self {
        Self {
            path: Some(path),
            ..self
        }
    }
}

fn poison() -> Vec<Poison> {
    let mut all = unreadable();
    all.extend(excessive());
    all
}

fn unreadable() -> Vec<Poison> {
    let bytes = [b"{\"RuleID\":\"", &[0xff, 0xfe][..], CANARY.as_bytes(), b"\"}"].concat();
    let twice = format!("{{\"RuleID\":\"x\",\n\"Secret\":\"{CANARY}\",\"Secret\":\"b\"}}");
    let cut = format!("{{\"RuleID\": \"github-pat\",\n\"Secret\": \"{CANARY}");
    let escape = format!("{{\"RuleID\":\"\\ud800{CANARY}\"}}");
    let stranger = json!({ CANARY: CANARY }).to_string();
    vec![
        of("bytes", bytes, "not_utf8", "at byte 11"),
        of("twice", twice, "duplicate_key", "at line 2 column 47").at("/Secret"),
        of("cut", cut, "not_json", "at line 2 column 38").at("/Secret"),
        of("escape", escape, "not_json", "at line 1 column 18").at("/RuleID"),
        of("zeros", [0; 64], "not_json", "at line 1 column 1"),
        of("gzip", *b"\x1f\x8b\x08broken", "not_json", "a whole gzip stream"),
        of("stranger", stranger, "unknown_format", "no known format"),
        of(
            "word",
            format!("\"{CANARY}\""),
            "unknown_format",
            "no known format",
        ),
    ]
}

fn excessive() -> Vec<Poison> {
    let objects = format!("{{\"{CANARY}\":").repeat(1_000_000 / 30);
    let large = format!("[\"{}\"]", "a".repeat(9 << 20));
    vec![
        of(
            "arrays",
            "[".repeat(1_000_000),
            "too_deep",
            "at line 1 column 129",
        )
        .at("/0/0/0"),
        of("objects", objects, "too_deep", "at line 1 column").at("/*/*/*"),
        of("large", large, "too_large", "at line 1 column 8388608"),
        of("bomb", bomb(), "bomb", "inflates to more than"),
    ]
}

/// 80 MiB of spaces.
fn bomb() -> Vec<u8> {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..80 {
        gzip.write_all(&vec![b' '; 1 << 20]).expect("memory takes it");
    }
    gzip.finish().expect("memory takes it")
}

#[track_caller]
fn check_letter(letter: &Value, poison: &Poison) {
    let Poison {
        name,
        reason,
        path,
        detail,
        bytes,
    } = poison;
    assert_eq!(letter["reason"], *reason, "{name}");
    let said = letter["detail"].as_str().unwrap_or_default();
    assert!(said.contains(detail), "{name}: {said}");
    let place = letter["path"].as_str();
    let as_expected = match path {
        Some(expected) => place.is_some_and(|place| place.starts_with(expected)),
        None => place.is_none(),
    };
    assert!(as_expected, "{name}: {place:?}");
    assert_eq!(letter["payload_bytes"], bytes.len(), "{name}");
    assert!(
        !letter.to_string().contains("canaryNobody"),
        "{name}: a letter quotes its input"
    );
}

#[test]
fn every_poison_is_refused_with_its_reason_and_position_by_normalize() {
    let reeve = Embedded::default();
    for poison in poison() {
        reeve.write(poison.name, &poison.bytes);
        let output = reeve.ends(&["normalize", poison.name, "--rejects", "rejects"], "");
        assert_eq!(
            (output.status.code(), output.stdout),
            (Some(0), Vec::new()),
            "{}",
            poison.name
        );
        let letters = bodies(&std::fs::read_to_string(reeve.path("rejects")).expect("it was asked for"));
        assert_eq!(letters.len(), 1, "{}", poison.name);
        check_letter(&letters[0], &poison);
        assert_eq!(letters[0]["source"]["file"], poison.name);
    }
}

/// A report of one secret that no other report holds.
fn good(number: usize) -> String {
    let mut report: Value = serde_json::from_str(GITLEAKS).expect("the sample is JSON");
    let mut result = report[1].take();
    result["Secret"] = json!(format!("Lw4Good{number:03}Report9Xt2Qb7Vn5"));
    result["File"] = json!(format!("good/{number}.sh"));
    result.to_string()
}

fn of_good(reeve: &Embedded) -> Vec<String> {
    let tasks = reeve.tasks();
    let paths = tasks
        .iter()
        .filter_map(|task| task["causes"][0]["location"]["path"].as_str());
    paths
        .filter(|path| path.starts_with("good/"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_partition_goes_on_behind_every_poison() {
    let reeve = Embedded::default().with("REEVE_TOPIC_PARTITIONS", "1");
    let mut replica = reeve.run("stderr");
    let poison = poison();
    for (number, poison) in poison.iter().enumerate() {
        reeve.publish(poison.name, &poison.bytes);
        reeve.publish("good.json", &good(number));
    }
    wait_until(BOUND, "behind each poison a good report is a task", || {
        of_good(&reeve).len() == poison.len()
    });
    let letters = reeve.letters();
    assert_eq!(letters.len(), poison.len());
    for (number, (letter, poison)) in letters.iter().zip(&poison).enumerate() {
        check_letter(letter, poison);
        let at = (&letter["source"]["topic"], &letter["source"]["offset"]);
        assert_eq!(at, (&json!("alerts.raw"), &json!(2 * number)), "{}", poison.name);
    }
    replica.stop();
    assert!(!replica.log().contains("canaryNobody") && !replica.log().contains("panicked"));
}

#[test]
fn a_report_as_long_as_a_document_may_be_is_read() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    let mut report: Value = serde_json::from_str(&good(0)).expect("it is JSON");
    let missing = (8 << 20) - report.to_string().len();
    report["Message"] =
        json!(report["Message"].as_str().unwrap_or_default().to_owned() + &"a".repeat(missing));
    let text = report.to_string();
    assert_eq!(text.len(), 8 << 20);
    reeve.publish("longest.json", &text);
    reeve.publish("longer.json", &(text + " "));
    wait_until(BOUND, "it is a task, and one byte more is refused", || {
        of_good(&reeve).len() == 1 && reeve.letters().len() == 1
    });
    assert_eq!(reeve.letters()[0]["reason"], "too_large");
    replica.stop();
}

#[test]
fn a_field_of_a_wrong_type_is_a_letter_with_its_path_or_less_is_known() {
    let reeve = Embedded::default();
    let documents: Vec<String> = wrong_types(CANARY).into_iter().step_by(4).collect();
    assert!(documents.len() > 500, "{}", documents.len());
    reeve.write("wrong.ndjson", &documents.join("\n"));
    let printed = reeve.prints(&[
        "normalize",
        "wrong.ndjson",
        "--rejects",
        "rejects",
        "--summary",
        "summary",
    ]);
    let read = |name: &str| std::fs::read_to_string(reeve.path(name)).expect("it was asked for");
    let letters = bodies(&read("rejects"));
    for letter in &letters {
        let reason = letter["reason"].as_str().unwrap_or_default();
        let of_field = matches!(reason, "invalid_field" | "missing_field");
        assert!(!of_field || letter["path"].is_string(), "{letter}");
        assert!(
            of_field || matches!(reason, "unknown_format" | "no_subject" | "not_json"),
            "{letter}"
        );
        assert!(
            letter["source"]["index"].is_number() || reason == "not_json",
            "{letter}"
        );
    }
    let of_field = letters
        .iter()
        .filter(|letter| letter["reason"] == "invalid_field")
        .count();
    assert!(of_field > 50 && printed.lines().count() > 100, "{of_field}");
    let summary: Value = serde_json::from_str(&read("summary")).expect("the summary is JSON");
    let sum = |of: &Value| -> u64 {
        of.as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, n)| n.as_u64())
            .sum()
    };
    let fates = summary["observed"].as_u64().unwrap_or_default()
        + sum(&summary["dropped"])
        + sum(&summary["rejected"]);
    assert_eq!(summary["records"], fates);
    assert!(fates >= documents.len() as u64, "each document has a fate");
}

#[test]
fn the_line_goes_on_behind_fields_of_wrong_types() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    let documents: Vec<String> = wrong_types(CANARY).into_iter().step_by(11).collect();
    reeve.publish("wrong.ndjson", &documents.join("\n"));
    reeve.publish("good.json", &good(1));
    wait_until(BOUND, "all are consumed, and the good one is a task", || {
        let scrape = Scrape::of(reeve.port());
        let consumed = scrape.sum("reeve_records_consumed_total", "alerts.raw");
        consumed == documents.len() as f64 + 1.0 && scrape.sum("reeve_consumer_lag_records", "") == 0.0
    });
    assert_eq!(of_good(&reeve).len(), 1);
    let scrape = Scrape::of(reeve.port());
    let outcomes = scrape.sum("reeve_record_outcomes_total", "alerts.raw");
    assert_eq!(outcomes, documents.len() as f64 + 1.0);
    replica.stop();
    assert!(!replica.log().contains("panicked"));
}
