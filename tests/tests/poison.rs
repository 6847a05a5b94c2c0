//! What no scanner should send: each is one dead letter with its reason and position, and the line goes on.

use std::time::Duration;

use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use serde_json::Value;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BOUND: Duration = Duration::from_secs(40);
const CANARY: &str = "Zq7canaryNobodyMayQuoteMe91";

/// A name, the document, and the reason it must be refused for.
fn poison() -> [(&'static str, Vec<u8>, &'static str); 5] {
    let text = |text: String| text.into_bytes();
    [
        (
            "utf8",
            [b"{\"RuleID\":\"", &[0xff, 0xfe][..], CANARY.as_bytes(), b"\"}"].concat(),
            "not_utf8",
        ),
        ("deep", text("[".repeat(1_000_000)), "too_deep"),
        (
            "large",
            text(format!("[\"{}\"]", "a".repeat(9 << 20))),
            "too_large",
        ),
        (
            "twice",
            text(format!(
                "{{\"RuleID\":\"x\",\"Secret\":\"{CANARY}\",\"Secret\":\"b\"}}"
            )),
            "duplicate_key",
        ),
        (
            "broken",
            text(format!("{{\"RuleID\": \"github-pat\", \"Secret\": \"{CANARY}")),
            "not_json",
        ),
    ]
}

#[track_caller]
fn reason(letter: &str) -> String {
    assert!(!letter.contains("canaryNobody"), "a dead letter quotes its input");
    let letter: Value = serde_json::from_str(letter).expect("a dead letter is JSON");
    assert!(
        letter["source"].is_object() && letter["detail"].is_string(),
        "{letter}"
    );
    letter["reason"].as_str().expect("a reason").to_owned()
}

#[test]
fn every_poison_is_refused_with_its_reason_by_normalize() {
    let reeve = Embedded::default();
    for (name, bytes, expected) in poison() {
        std::fs::write(reeve.path(name), bytes).expect("it is ours");
        reeve.prints(&["normalize", name, "--rejects", "rejects"]);
        let letters = std::fs::read_to_string(reeve.path("rejects")).expect("it was asked for");
        let reasons: Vec<String> = letters.lines().map(reason).collect();
        assert_eq!(reasons, [expected], "{name}");
    }
}

#[test]
fn the_line_goes_on_behind_poison() {
    let reeve = Embedded::default();
    let mut replica = reeve.run("stderr");
    let mut expected = Vec::new();
    for (name, bytes, reason) in poison() {
        std::fs::write(reeve.path(name), bytes).expect("it is ours");
        reeve.prints(&["publish", name]);
        expected.push(reason);
    }
    reeve.prints(&["publish", &reeve.write("good.json", GITLEAKS)]);
    let tasks = || reeve.prints(&["tasks", "-o", "json"]).lines().count();
    wait_until(BOUND, "the good report has its tasks", || tasks() >= 3);
    let letters = || reeve.prints(&["dead-letters", "ls", "-o", "json"]);
    wait_until(BOUND, "all dead letters are there", || {
        letters().lines().count() >= expected.len()
    });
    let mut reasons: Vec<String> = letters().lines().map(reason).collect();
    reasons.sort();
    expected.sort_unstable();
    assert_eq!(reasons, expected);
    replica.stop();
    assert!(!replica.log().contains("canaryNobody") && !replica.log().contains("panicked"));
}
