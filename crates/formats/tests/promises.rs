//! What holds for every format: keys that stay, results that are accounted for, input that cannot break it.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

mod support;

use proptest::prelude::*;
use reeve_formats::Parsed;
use serde_json::{Value, json};
use support::{
    evidence, findings, fixture_records, fixtures, output, parse_bytes, pointers, settings, tally, with_value,
};

const TOKEN: &str = "ghp_R4eVeTestT0kenNotReal0000000000000Ab";

fn parsed(document: &Value) -> Parsed {
    parse_bytes(document.to_string().as_bytes(), &settings())
}

fn keys(parsed: &Parsed) -> Vec<String> {
    let of_findings = findings(parsed)
        .into_iter()
        .map(|finding| finding.subject.key.to_string());
    let of_evidence = evidence(parsed)
        .into_iter()
        .map(|evidence| evidence.subject.key.to_string());
    of_findings.chain(of_evidence).collect()
}

fn gitleaks(secret: &str) -> Value {
    json!({"RuleID": "github-pat", "Description": "GitHub PAT", "Secret": secret, "Match": format!("token = {secret}"),
        "File": "ci.sh", "StartLine": 4, "Commit": "4f1c", "Fingerprint": "4f1c:ci.sh:github-pat:4"})
}

fn trufflehog(secret: &str) -> Value {
    json!({"SourceMetadata": {"Data": {"Git": {"file": "ci.sh", "line": 9}}}, "SourceID": 1, "DetectorType": 8,
        "DetectorName": "Github", "DecoderName": "PLAIN", "Verified": true, "Raw": secret})
}

fn github(secret: &str) -> Value {
    json!({"number": 42, "secret_type": "github_personal_access_token", "locations_url": "https://x", "secret": secret})
}

#[test]
fn the_same_secret_of_three_scanners_is_one_subject_and_another_is_not() {
    let of = |secret: &str| {
        [gitleaks(secret), trufflehog(secret), github(secret)].map(|alert| keys(&parsed(&alert))[0].clone())
    };
    let (here, there) = (of(TOKEN), of("ghp_An0therTestT0kenNotReal000000000000A"));
    assert!(here.iter().all(|key| *key == here[0]), "{here:?}");
    assert!(there.iter().all(|key| *key != here[0]), "{there:?}");
}

#[test]
fn the_same_access_key_of_three_scanners_is_one_subject() {
    let alerts =
        [gitleaks, trufflehog, github].map(|alert| keys(&parsed(&alert("AKIARZPUZDIKED7T3FJ6")))[0].clone());
    assert!(
        alerts
            .iter()
            .all(|key| key == "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6"),
        "{alerts:?}"
    );
}

#[test]
fn line_numbers_scan_ids_and_names_of_scanners_change_no_key() {
    let changes = [
        ("gitleaks-v8", "/StartLine", json!(99)),
        ("gitleaks-v8", "/Fingerprint", json!("4f1c:ci.sh:github-pat:99")),
        ("gitleaks-v8", "/Description", json!("Another name")),
        ("gitleaks-v8", "/Date", json!("2026-02-02T00:00:00Z")),
        ("gitleaks-v7", "/lineNumber", json!(99)),
        ("trufflehog-v3", "/SourceID", json!(77)),
        ("trufflehog-v3", "/SourceName", json!("another scan")),
        ("trufflehog-v3", "/SourceMetadata/Data/Git/line", json!(77)),
        (
            "github-secret-scanning",
            "/updated_at",
            json!("2026-02-02T00:00:00Z"),
        ),
        ("asff", "/ProductName", json!("Another")),
        ("asff", "/Id", json!("another-id")),
        ("cloudtrail", "/eventID", json!("another-id")),
    ];
    for (format, pointer, value) in changes {
        let of_format = fixture_records()
            .into_iter()
            .filter(|(known, record)| known == format && record.pointer(pointer).is_some());
        let mut seen = 0;
        for (_, record) in of_format {
            assert_eq!(
                keys(&parsed(&with_value(&record, pointer, value.clone()))),
                keys(&parsed(&record)),
                "{format} {pointer}"
            );
            seen += 1;
        }
        assert!(seen > 0, "no fixture of {format} has {pointer}");
    }
}

#[test]
fn a_redacted_finding_keeps_its_key_when_its_line_moves() {
    let masked = |line: u32| {
        json!({"RuleID": "github-pat", "Secret": "REDACTED", "File": "ci.sh", "StartLine": line,
            "Fingerprint": format!("ci.sh:github-pat:{line}")})
    };
    assert_eq!(keys(&parsed(&masked(10))), keys(&parsed(&masked(99))));
    let elsewhere = with_value(&masked(10), "/File", json!("other.sh"));
    assert_ne!(keys(&parsed(&masked(10))), keys(&parsed(&elsewhere)));
}

#[test]
fn the_order_of_keys_changes_nothing() {
    for (format, record) in fixture_records() {
        let reversed = reversed(&record);
        let (here, there) = (
            parse_bytes(record.to_string().as_bytes(), &settings()),
            parse_bytes(reversed.as_bytes(), &settings()),
        );
        assert_eq!(output(&here), output(&there), "{format}");
    }
}

/// The document as text, the keys of every object in reverse.
fn reversed(json: &Value) -> String {
    match json {
        Value::Array(all) => format!("[{}]", all.iter().map(reversed).collect::<Vec<_>>().join(",")),
        Value::Object(all) => {
            let entries = all
                .iter()
                .rev()
                .map(|(key, value)| format!("{}:{}", json!(key), reversed(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[test]
fn the_same_input_gives_the_same_output() {
    for (path, _) in fixtures() {
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(
            output(&parse_bytes(&bytes, &settings())),
            output(&parse_bytes(&bytes, &settings()))
        );
    }
}

#[test]
fn a_wrong_type_in_any_field_degrades_or_refuses_its_record_alone() {
    let wrong = [
        json!(null),
        json!(true),
        json!(-7),
        json!(1e300),
        json!("x"),
        json!(""),
        json!([]),
        json!([1]),
        json!({}),
        json!({"a": {}}),
    ];
    let neighbor =
        json!({"RuleID": "generic-api-key", "Secret": "dfjksdjfs3294dfjlsdaf213", "File": "tests/api.py"});
    let last_finding = |parsed: &Parsed| {
        findings(parsed).last().map(|finding| {
            let mut finding = (*finding).clone();
            finding.provenance.index = 0;
            finding
        })
    };
    let alone = last_finding(&parsed(&neighbor));
    for (format, record) in fixture_records() {
        for pointer in pointers(&record) {
            for value in &wrong {
                let poisoned = with_value(&record, &pointer, value.clone());
                let parsed = parsed(&json!([poisoned, neighbor]));
                let is_empty_report = parsed.records == 1 && parsed.formats.contains(&format.as_str());
                assert!(
                    parsed.records >= 2 || is_empty_report,
                    "{format} {pointer}: {}",
                    tally(&parsed)
                );
                assert_eq!(
                    last_finding(&parsed),
                    alone,
                    "{format} {pointer}: the neighbor changed"
                );
            }
        }
    }
}

#[test]
fn a_missing_field_degrades_or_refuses() {
    for (_, record) in fixture_records() {
        for pointer in pointers(&record) {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let mut without = record.clone();
            if let Some(object) = without.pointer_mut(parent).and_then(Value::as_object_mut) {
                object.remove(&key.replace("~1", "/").replace("~0", "~"));
            }
            let parsed = parsed(&without);
            let is_empty_report = !parsed.formats.is_empty();
            assert!(
                parsed.records >= 1
                    || is_empty_report
                    || without.as_object().is_some_and(serde_json::Map::is_empty)
            );
        }
    }
}

#[test]
fn claims_that_prove_nothing_give_no_evidence_of_an_end() {
    let statements = |document: &Value| {
        evidence(&parsed(document))
            .iter()
            .map(|evidence| evidence.statement.to_string())
            .collect::<Vec<_>>()
    };
    let alert = |validity: &str| {
        json!({"action": "resolved", "alert": {"number": 1, "secret_type": "t", "resolution": "revoked", "state": "resolved", "validity": validity},
            "repository": {"id": 7}})
    };
    assert_eq!(statements(&alert("active")), ["active"]);
    assert!(statements(&alert("unknown")).is_empty());
    assert_eq!(statements(&alert("inactive")), ["inactive"]);
    let mut unverified = trufflehog(TOKEN);
    unverified["Verified"] = json!(false);
    assert_eq!(
        statements(&unverified),
        ["inactive"],
        "a candidate, counted by the ledger as a change only"
    );
    assert_eq!(findings(&parsed(&unverified))[0].validity.to_string(), "unknown");
    unverified["VerificationError"] = json!("timeout");
    assert!(statements(&unverified).is_empty());
    unverified["VerificationError"] = json!(null);
    unverified["DetectorName"] = json!("CustomRegex");
    assert!(statements(&unverified).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        parse_bytes(&bytes, &settings());
    }

    #[test]
    fn a_damaged_report_gives_an_answer(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let all = fixtures();
        let mut bytes = std::fs::read(&all[which.index(all.len())].0).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        parse_bytes(&bytes, &settings());
    }

    #[test]
    fn any_text_in_any_field_gives_an_answer(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), text in "\\PC{0,80}") {
        let records = fixture_records();
        let (_, record) = &records[which.index(records.len())];
        let pointers = pointers(record);
        let pointer = &pointers[at.index(pointers.len())];
        parsed(&with_value(record, pointer, text.into()));
    }
}

/// A run that ended well, on a branch, with these results.
fn scan(results: &Value) -> Value {
    json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "gitleaks", "semanticVersion": "v8.0.0", "rules": [{"id": "github-pat"}]}},
        "versionControlProvenance": [{"repositoryUri": "https://git.example/shop", "branch": "main"}],
        "invocations": [{"executionSuccessful": true, "endTimeUtc": "2026-01-02T00:00:00Z"}],
        "results": results}]})
}

fn is_proof(results: &Value) -> bool {
    let parsed = parsed(&scan(results));
    assert_eq!(parsed.receipts.len(), 1);
    parsed.receipts[0].scope.complete
}

#[test]
fn a_scan_of_which_a_result_was_refused_or_clicked_away_proves_no_removal() {
    let place =
        json!([{"physicalLocation": {"artifactLocation": {"uri": "ci.sh"}, "region": {"startLine": 4}}}]);
    let shown = json!({"ruleId": "github-pat", "message": {"text": "x"}, "locations": place});
    let with = |name: &str, value: Value| {
        let mut result = shown.clone();
        result[name] = value;
        json!([shown, result])
    };
    assert!(is_proof(&json!([])), "nothing is left");
    assert!(is_proof(&json!([shown])));
    let gone = with("baselineState", json!("absent"));
    assert!(is_proof(&gone), "it says itself that it is gone");
    let clicked = with(
        "suppressions",
        json!([{"kind": "external", "status": "accepted"}]),
    );
    assert_eq!(
        tally(&parsed(&scan(&clicked))),
        "dropped suppressed_at_source 1, observed 1"
    );
    assert!(!is_proof(&clicked));
    let sample = include_str!("../fixtures/trivy-operator/exposed_secrets.json");
    let refused = parse_bytes(sample.as_bytes(), &settings());
    assert!(tally(&refused).contains("rejected"));
    assert!(refused.receipts.iter().all(|receipt| !receipt.scope.complete));
}

#[test]
fn a_scan_that_left_a_control_out_is_not_compared_with_one_that_ran_it() {
    let rules = |status: &str| {
        let scan = json!({"clusterName": "shop", "generationTime": "2026-01-02T00:00:00Z",
            "metadata": {"scanMetadata": {"kubescapeVersion": "v3.0.0"}, "contextMetadata": {"clusterContextMetadata": {"contextName": "shop"}}},
            "summaryDetails": {"frameworks": [{"name": "NSA"}],
                "controls": {"C-0035": {"status": status, "statusInfo": {"status": status}}}},
            "resources": [], "results": []});
        let parsed = parsed(&scan);
        assert_eq!(parsed.receipts.len(), 1, "{parsed:?}");
        parsed.receipts[0].scope.ruleset.clone()
    };
    assert_eq!(rules("passed"), rules("failed"));
    assert_ne!(rules("passed"), rules("skipped"));
}
