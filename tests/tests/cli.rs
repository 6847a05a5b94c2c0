//! The command line as its contract has it: exit codes, accounts that add up, the same bytes for the same input.

use reeve_tests::embedded::Embedded;
use serde_json::Value;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const BROKEN: &str = include_str!("../../services/reeve/samples/broken.json");
const NOW: [&str; 2] = ["--now", "2026-12-01T00:00:00Z"];

#[track_caller]
fn code(reeve: &Embedded, arguments: &[&str], expected: i32) -> String {
    let output = reeve.ends(arguments, "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn count(value: &Value) -> u64 {
    value
        .as_object()
        .map_or_else(|| value.as_u64(), |map| map.values().map(Value::as_u64).sum())
        .expect("counts are numbers")
}

#[test]
fn a_wrong_command_line_ends_with_64() {
    let reeve = Embedded::default();
    code(&reeve, &["nonsense"], 64);
    code(&reeve, &["event", "--type", "claimed", "--actor", "a"], 64);
    code(&reeve, &["triage", "--now", "yesterday"], 64);
}

#[test]
fn help_version_schema_completions_and_manual_end_with_0() {
    let reeve = Embedded::default();
    for arguments in [
        ["--help", ""],
        ["--version", ""],
        ["completions", "bash"],
        ["man", ""],
        ["schema", ""],
    ] {
        let given: Vec<&str> = arguments.into_iter().filter(|text| !text.is_empty()).collect();
        assert!(!reeve.prints(&given).is_empty());
    }
    for kind in ["finding", "evidence", "receipt", "task", "event", "dead_letter"] {
        let schema: Result<Value, _> = serde_json::from_str(&reeve.prints(&["schema", kind]));
        assert!(schema.is_ok_and(|schema| schema.is_object()), "{kind}");
    }
}

#[test]
fn a_path_that_is_not_there_ends_with_66_after_the_others_were_read() {
    let reeve = Embedded::default();
    let path = reeve.write("a.json", GITLEAKS);
    for command in ["normalize", "triage"] {
        let output = reeve.ends(&[command, "nowhere.json", &path], "");
        assert_eq!(output.status.code(), Some(66));
        assert!(!output.stdout.is_empty(), "{command}");
    }
}

#[test]
fn run_without_a_key_ends_with_78() {
    let reeve = Embedded::default();
    let output = reeve
        .command()
        .env_remove("REEVE_HMAC_KEY_FILE")
        .arg("run")
        .output();
    assert_eq!(output.expect("the binary can be run").status.code(), Some(78));
}

#[test]
fn all_configuration_errors_are_told_at_once_with_place_and_suggestion() {
    let reeve = Embedded::default();
    reeve.write(
        "reeve.yaml",
        "tick_mss: 5\nmetrics: { addres: \"127.0.0.1:1\" }\n",
    );
    reeve.write("ledger.yaml", "hold_mss: 5\n");
    let said = code(&reeve, &["check", "-c", "."], 78);
    for expected in ["reeve.yaml:1:1", "ledger.yaml:1:1", "hold_ms"] {
        assert!(said.contains(expected), "{expected} not in: {said}");
    }
    code(&reeve, &["check"], 0);
    code(&reeve, &["test"], 0);
}

#[test]
fn every_record_of_every_file_is_accounted_for() {
    let reeve = Embedded::default();
    reeve.write("good.json", GITLEAKS);
    reeve.write("broken.json", BROKEN);
    reeve.write("empty.json", "[]");
    let printed = reeve.prints(&[
        "normalize",
        "*.json",
        "--summary",
        "summary",
        "--rejects",
        "rejects",
    ]);
    let read = |name: &str| std::fs::read_to_string(reeve.path(name)).expect("it was asked for");
    let summary: Value = serde_json::from_str(&read("summary")).expect("the summary is JSON");
    assert_eq!(summary["files"], 3);
    assert_eq!(summary["empty"], 1);
    assert_eq!(read("rejects").lines().count(), 1);
    assert_eq!(printed.lines().count() as u64, count(&summary["findings"]));
    for file in summary["by_file"].as_array().expect("a list of files") {
        let fates = count(&file["observed"]) + count(&file["dropped"]) + count(&file["rejected"]);
        assert_eq!(count(&file["records"]), fates, "{file}");
    }
}

#[test]
fn the_same_input_and_now_give_the_same_bytes_and_so_do_its_observations() {
    let reeve = Embedded::default();
    let path = reeve.write("a.json", GITLEAKS);
    let triage = |path: &str| reeve.prints(&["triage", NOW[0], NOW[1], path]);
    let tasks = triage(&path);
    assert!(!tasks.is_empty());
    assert_eq!(tasks, triage(&path));
    let observations = reeve.prints(&["normalize", NOW[0], NOW[1], &path]);
    assert_eq!(tasks, triage(&reeve.write("observations.ndjson", &observations)));
    let piped = reeve.ends(&["triage", NOW[0], NOW[1]], GITLEAKS);
    assert_eq!(tasks.as_bytes(), piped.stdout);
}
