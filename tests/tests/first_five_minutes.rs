//! What a stranger does in the first five minutes: the demo, files in and tasks out, a wrong word, a broken file.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use reeve_tests::replica::executable;
use serde_json::Value;

const NOW: &str = "2026-11-25T00:00:00Z";
const SECRET: &str = "Zq8vR2mKp4Lx7Tw9Yb3Nc6Hd1Jf5Gs0A";

/// The binary with nothing in its environment but a key.
fn reeve(folder: &Path, args: &[&str]) -> Output {
    reeve_fed(folder, args, b"")
}

fn reeve_fed(folder: &Path, args: &[&str], input: &[u8]) -> Output {
    let key = folder.join("hmac.key");
    fs::write(&key, "0123456789abcdef0123456789abcdef").unwrap();
    let mut child = Command::new(executable())
        .args(args)
        .env_clear()
        .env("REEVE_HMAC_KEY_FILE", &key)
        .env("REEVE_METRICS_ADDR", "127.0.0.1:0")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn tasks(output: &Output) -> Vec<Value> {
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// One leak as gitleaks writes it.
fn leak(line: u32) -> String {
    format!(
        r#"[{{"RuleID":"generic-api-key","Description":"d","StartLine":{line},"EndLine":{line},"StartColumn":1,"EndColumn":9,
            "Match":"key = {SECRET}","Secret":"{SECRET}","File":"src/{SECRET}/app.py","SymlinkFile":"","Commit":"c0ffee",
            "Entropy":4.1,"Author":"a","Email":"a@example.com","Date":"2026-01-01T00:00:00Z","Message":"{SECRET}","Tags":[],
            "Fingerprint":"c0ffee:src/app.py:generic-api-key:{line}"}}]"#
    )
}

#[test]
fn the_demo_shows_the_line_and_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let output = reeve(folder.path(), &["demo"]);
    let story = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for said in [
        "claimed, still open",
        "verified",
        "dead letter: not_json",
        "of 60 → 88",
        "Metrics: http://",
    ] {
        assert!(story.contains(said), "{said}\n{story}");
    }
    assert!(!story.contains("ghp_"), "a secret was shown");
}

#[test]
fn the_same_files_give_the_same_bytes_raw_or_normalized() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), leak(1)).unwrap();
    fs::write(folder.path().join("b.json"), leak(99)).unwrap();
    let raw = || reeve(folder.path(), &["triage", "--now", NOW, "a.json", "b.json"]);
    let (once, again) = (raw(), raw());
    assert_eq!(once.stdout, again.stdout);
    let observed = reeve(folder.path(), &["normalize", "--now", NOW, "a.json", "b.json"]);
    let from_observations = reeve_fed(folder.path(), &["triage", "--now", NOW, "-"], &observed.stdout);
    let tasks = tasks(&from_observations);
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["sightings"]["count"], 2);
    for output in [&once, &observed, &from_observations] {
        assert!(!text(&output.stdout).contains(SECRET));
        assert!(!text(&output.stderr).contains(SECRET));
    }
}

#[test]
fn points_add_up_and_why_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), leak(1)).unwrap();
    let triaged = reeve(folder.path(), &["triage", "--now", NOW, "a.json"]);
    let task = &tasks(&triaged)[0];
    let factors = task["priority"]["factors"].as_array().unwrap();
    let sum = |field: &str| -> i64 {
        let applicable = factors.iter().filter(|factor| factor["applicable"] == true);
        applicable.map(|factor| factor[field].as_i64().unwrap()).sum()
    };
    let score = (200 * sum("points") + sum("max")) / (2 * sum("max"));
    assert_eq!(task["priority"]["score"], score);
    let why = reeve_fed(folder.path(), &["why", "-"], &triaged.stdout);
    assert!(
        text(&why.stdout).contains(&format!("→ {score}")),
        "{}",
        text(&why.stdout)
    );
}

#[test]
fn a_word_of_a_person_closes_nothing_and_a_provider_s_does() {
    let folder = tempfile::tempdir().unwrap();
    let key = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
    let leaked = leak(1).replace(SECRET, "AKIARZPUZDIKED7T3FJ6");
    fs::write(folder.path().join("leak.json"), leaked).unwrap();
    let said = format!(
        r#"{{"kind":"event","event_id":"e1","type":"evidence","subject_key":"{key}","actor":{{"id":"eve","kind":"human"}},"at":"{NOW}","body":{{"statement":"deleted","level":"E1"}}}}"#
    );
    fs::write(folder.path().join("said.ndjson"), said).unwrap();
    let proof = r#"{"Records":[{"eventVersion":"1.08","eventTime":"2026-11-25T00:00:00Z","eventSource":"iam.amazonaws.com","eventName":"DeleteAccessKey","awsRegion":"us-east-1","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/root"},"requestParameters":{"userName":"ci","accessKeyId":"AKIARZPUZDIKED7T3FJ6"},"eventID":"x","recipientAccountId":"123456789012"}]}"#;
    fs::write(folder.path().join("proof.json"), proof).unwrap();
    fs::write(
        folder.path().join("failed.json"),
        proof.replace("\"eventID\"", "\"errorCode\":\"AccessDenied\",\"eventID\""),
    )
    .unwrap();
    let state = |files: &[&str]| {
        let args = [&["triage", "--now", NOW], files].concat();
        tasks(&reeve(folder.path(), &args))[0]["state"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(state(&["leak.json", "said.ndjson"]), "open");
    assert_eq!(state(&["leak.json", "failed.json"]), "open");
    assert_eq!(state(&["leak.json", "proof.json"]), "verified");
    assert_eq!(state(&["proof.json", "leak.json"]), "verified");
}

#[test]
fn every_record_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.json"), leak(1)).unwrap();
    fs::write(folder.path().join("none.json"), "null").unwrap();
    fs::write(
        folder.path().join("broken.json"),
        format!("{{\"Secret\": \"{SECRET}"),
    )
    .unwrap();
    fs::write(folder.path().join("deep.json"), "[".repeat(1_000_000)).unwrap();
    fs::write(folder.path().join("bytes.json"), [0xff, 0xfe, 0x00]).unwrap();
    let args = ["normalize", "--summary", "s.json", "--rejects", "r.ndjson", "."];
    fs::create_dir(folder.path().join("out")).unwrap();
    let output = reeve(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&fs::read(folder.path().join("s.json")).unwrap()).unwrap();
    for file in summary["by_file"].as_array().unwrap() {
        let sum = |field: &str| -> u64 {
            file[field]
                .as_object()
                .unwrap()
                .values()
                .map(|n| n.as_u64().unwrap())
                .sum()
        };
        let parts = file["observed"].as_u64().unwrap() + sum("dropped") + sum("rejected");
        assert_eq!(file["records"].as_u64().unwrap(), parts, "{file}");
    }
    let rejects = fs::read_to_string(folder.path().join("r.ndjson")).unwrap();
    for reason in ["not_json", "too_deep", "not_utf8"] {
        assert!(rejects.contains(reason), "{reason}: {rejects}");
    }
    assert!(!rejects.contains(SECRET));
}

#[test]
fn a_mistake_has_its_exit_status_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let check = |args: &[&str], status: i32, said: &str| {
        let output = reeve(folder.path(), args);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {told}");
        assert!(told.contains(said), "{args:?}: {told}");
    };
    fs::create_dir(folder.path().join("cfg")).unwrap();
    let routes = "routes:\n  - name: a\n    matc: {}\n    queue: q\n    channel: ticket\nfallback: { name: f, queue: soc, channel: ticket }\n";
    fs::write(folder.path().join("cfg/routes.yaml"), routes).unwrap();
    check(&["frobnicate"], 64, "unrecognized");
    check(&["normalize", "nowhere.json"], 66, "nowhere.json");
    check(
        &["-c", "cfg", "check"],
        78,
        "routes.yaml:3:5: unknown field `matc`",
    );
    check(&["check"], 0, "configuration is valid");
    check(&["health"], 1, "");
    let without_key = Command::new(executable())
        .arg("run")
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(without_key.status.code(), Some(78));
}
