//! The command line as its contract has it: exit codes, accounts that add up, the same bytes for the same input.

use std::os::unix::fs::PermissionsExt;

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
fn nobody_speaks_for_reeve_itself() {
    let reeve = Embedded::default();
    let key = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
    for actor in ["system:reeve", "system:"] {
        let event = ["event", "--type", "note", "--subject", key, "--actor", actor];
        assert!(code(&reeve, &event, 64).contains("nobody speaks for it"));
    }
    assert!(!reeve.path("log").exists(), "nothing is written");
}

#[test]
fn metrics_are_served_nowhere_if_that_is_said() {
    let reeve = Embedded::default().with("REEVE_METRICS_ADDR", "none");
    code(&reeve, &["check"], 0);
    assert!(code(&reeve, &["health"], 1).contains("no metrics are served"));
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

/// What `check` calls valid, `run` starts with; what it refuses, `run` refuses with the same words.
#[test]
fn check_refuses_what_run_refuses() {
    let reeve = Embedded::default();
    reeve.write("file", "");
    std::fs::create_dir(reeve.path("open")).expect("it is ours");
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(reeve.path("open"), permissions).expect("it is ours");
    let long = "x".repeat(120);
    let routes = "queues: [{ name: q, owner: team/q }]\nroutes: []\nfallback: { name: f, queue: q, channel: ticket }\n\
                  tests:\n  - { name: goes elsewhere, finding: { class: secret }, expect: { route: f, channel: page } }\n";
    std::fs::create_dir(reeve.path("routed")).expect("it is ours");
    reeve.write("routed/routes.yaml", routes);
    std::fs::create_dir(reeve.path("properties")).expect("it is ours");
    let property = "log: { kafka: { properties: { no.such.property: hunter2 } } }";
    reeve.write("properties/reeve.yaml", property);
    for (name, value, said) in [
        ("REEVE_METRICS_ADDR", "localhost:9464", "an IP address and a port"),
        ("REEVE_LOG", "reeve=loud", "expected a log filter"),
        ("REEVE_HMAC_KEY_FILE", "", "hmac_key: no key"),
        ("REEVE_HMAC_KEY_FILE", "gone", "gone: there is no such file"),
        ("REEVE_HMAC_KEY_FILE", "file", "hmac_key"),
        ("REEVE_DATA_DIR", "file", "file: it is no directory"),
        ("REEVE_DATA_DIR", "file/below", "it is no directory"),
        ("REEVE_DATA_DIR", "open", "chmod 700"),
        ("REEVE_DATA_DIR", long.as_str(), "too long"),
        ("REEVE_TOPIC_PREFIX", "a b", "reeve.yaml:7:13: expected letters"),
        ("REEVE_TOPIC_PARTITIONS", "0", "at least 1"),
        ("-c", "gone", "expected a directory with configuration files"),
        ("-c", "routed", "goes elsewhere"),
        ("-c", "properties", "no.such.property"),
    ] {
        let told = ["check", "run"].map(|command| refusal(&reeve, command, (name, value)));
        assert!(told[0].1.contains(said), "{name}={value}: {told:?}");
        assert!(
            !told[0].1.contains("os error") && !told[0].1.contains("entity"),
            "{told:?}"
        );
        assert!(!told[0].1.contains("hunter2"), "{told:?}");
        // tests of routes are findings for the one and a configuration error for the other
        assert!(
            told[1].0 == 78 && (told[0].0 == 78 || value == "routed"),
            "{told:?}"
        );
        assert!(told[0] == told[1] || value == "routed", "{told:?}");
    }
    assert!(!reeve.path("log").exists(), "a refused start makes nothing");
    code(&reeve, &["check"], 0);
    assert!(!reeve.path("log").exists(), "a check makes nothing");
}

/// The code and the words of a command with one more variable, or `-c`.
fn refusal(reeve: &Embedded, command: &str, (name, value): (&str, &str)) -> (i32, String) {
    let mut started = reeve.command();
    match name {
        "-c" => started
            .env("REEVE_KAFKA_BROKERS", "127.0.0.1:1")
            .args([name, value]),
        _ => started.env(name, value),
    };
    let output = started.arg(command).output().expect("the binary can be run");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or_default(), said)
}

#[test]
fn a_path_that_cannot_be_used_is_told_with_what_was_expected_before_anything_is_read() {
    let reeve = Embedded::default();
    reeve.write("a.json", GITLEAKS);
    std::fs::create_dir(reeve.path("folder")).expect("it is ours");
    for option in ["--rejects", "--summary"] {
        for path in ["gone/file", "folder", "a.json/file"] {
            let output = reeve.ends(&["normalize", "a.json", option, path], "");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(66), "{said}");
            assert_eq!(output.stdout, b"", "{option} {path}");
            assert!(
                said.contains(path) && said.contains(&format!("({option})")),
                "{said}"
            );
            assert!(!said.contains("entity") && !said.contains("os error"), "{said}");
        }
    }
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
