//! What a stranger does in the first five minutes: the demo, files in and tasks out, a wrong word, a broken file.
#![allow(clippy::unwrap_used, clippy::panic)]

use reeve_tests::embedded::{Embedded, bodies};
use serde_json::Value;

const NOW: &str = "2026-11-25T00:00:00Z";
const SECRET: &str = "Zq8vR2mKp4Lx7Tw9Yb3Nc6Hd1Jf5Gs0A";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
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
    let reeve = Embedded::default();
    let output = reeve.ends(&["demo"], "");
    let story = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for said in [
        "closes a task only on proof",
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
    let reeve = Embedded::default();
    reeve.write("a.json", &leak(1));
    reeve.write("b.json", &leak(99));
    let raw = || reeve.ends(&["triage", "--now", NOW, "a.json", "b.json"], "");
    let (once, again) = (raw(), raw());
    assert_eq!(once.stdout, again.stdout);
    let observed = reeve.ends(&["normalize", "--now", NOW, "a.json", "b.json"], "");
    let from_observations = reeve.ends(&["triage", "--now", NOW, "-"], &text(&observed.stdout));
    let tasks = bodies(&text(&from_observations.stdout));
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["sightings"]["count"], 2);
    for output in [&once, &observed, &from_observations] {
        assert!(!text(&output.stdout).contains(SECRET));
        assert!(!text(&output.stderr).contains(SECRET));
    }
}

#[test]
fn points_add_up_and_why_says_so() {
    let reeve = Embedded::default();
    reeve.write("a.json", &leak(1));
    let triaged = reeve.ends(&["triage", "--now", NOW, "a.json"], "");
    let task = &bodies(&text(&triaged.stdout))[0];
    let factors = task["priority"]["factors"].as_array().unwrap();
    let sum = |field: &str| -> i64 {
        let applicable = factors.iter().filter(|factor| factor["applicable"] == true);
        applicable.map(|factor| factor[field].as_i64().unwrap()).sum()
    };
    let score = (200 * sum("points") + sum("max")) / (2 * sum("max"));
    assert_eq!(task["priority"]["score"], score);
    let why = reeve.ends(&["why", "-"], &text(&triaged.stdout));
    assert!(
        text(&why.stdout).contains(&format!("→ {score}")),
        "{}",
        text(&why.stdout)
    );
}

#[test]
fn a_word_of_a_person_closes_nothing_and_a_provider_s_does() {
    let reeve = Embedded::default();
    let key = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
    let leaked = leak(1).replace(SECRET, "AKIARZPUZDIKED7T3FJ6");
    reeve.write("leak.json", &leaked);
    let said = format!(
        r#"{{"kind":"event","event_id":"e1","type":"evidence","subject_key":"{key}","actor":{{"id":"eve","kind":"human"}},"at":"{NOW}","body":{{"statement":"deleted","level":"E1"}}}}"#
    );
    reeve.write("said.ndjson", &said);
    let proof = r#"{"Records":[{"eventVersion":"1.08","eventTime":"2026-11-25T00:00:00Z","eventSource":"iam.amazonaws.com","eventName":"DeleteAccessKey","awsRegion":"us-east-1","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/root"},"requestParameters":{"userName":"ci","accessKeyId":"AKIARZPUZDIKED7T3FJ6"},"eventID":"x","recipientAccountId":"123456789012"}]}"#;
    reeve.write("proof.json", proof);
    let failed = proof.replace("\"eventID\"", "\"errorCode\":\"AccessDenied\",\"eventID\"");
    reeve.write("failed.json", &failed);
    let state = |files: &[&str]| {
        let args = [&["triage", "--now", NOW], files].concat();
        bodies(&reeve.prints(&args))[0]["state"]
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
    let reeve = Embedded::default();
    std::fs::create_dir_all(reeve.path("reports/empty")).unwrap();
    reeve.write("reports/good.json", &leak(1));
    reeve.write("reports/none.json", "null");
    reeve.write("reports/broken.json", &format!("{{\"Secret\": \"{SECRET}"));
    reeve.write("reports/deep.json", &"[".repeat(1_000_000));
    reeve.write("reports/bytes.json", &[0xff, 0xfe, 0x00]);
    let args = [
        "normalize",
        "--summary",
        "s.json",
        "--rejects",
        "r.ndjson",
        "reports",
    ];
    let output = reeve.ends(&args, "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&std::fs::read(reeve.path("s.json")).unwrap()).unwrap();
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
    let rejects = std::fs::read_to_string(reeve.path("r.ndjson")).unwrap();
    for reason in ["not_json", "too_deep", "not_utf8"] {
        assert!(rejects.contains(reason), "{reason}: {rejects}");
    }
    assert!(!rejects.contains(SECRET));
}

#[test]
fn a_mistake_has_its_exit_status_and_says_where() {
    let reeve = Embedded::default();
    let check = |args: &[&str], status: i32, said: &str| {
        let output = reeve.ends(args, "");
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {told}");
        assert!(told.contains(said), "{args:?}: {told}");
    };
    std::fs::create_dir(reeve.path("cfg")).unwrap();
    let routes = "routes:\n  - name: a\n    matc: {}\n    queue: q\n    channel: ticket\nfallback: { name: f, queue: soc, channel: ticket }\n";
    reeve.write("cfg/routes.yaml", routes);
    check(&["frobnicate"], 64, "unrecognized");
    check(&["normalize", "nowhere.json"], 66, "nowhere.json");
    check(
        &["-c", "cfg", "check"],
        78,
        "routes.yaml:3:5: unknown field `matc`",
    );
    check(&["check"], 0, "configuration is valid");
    check(&["health"], 1, "");
    let without_key = reeve
        .command()
        .env_remove("REEVE_HMAC_KEY_FILE")
        .arg("run")
        .output();
    assert_eq!(without_key.unwrap().status.code(), Some(78));
}
