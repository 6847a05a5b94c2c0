//! What the file commands take and how they print: compressed files, folders, globs, pipes, several kinds of body in
//! one file, inventories, tables.

use std::collections::BTreeMap;
use std::io::Write;

use reeve_tests::embedded::{Embedded, bodies};
use serde_json::{Value, json};

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const TRUFFLEHOG: &str = include_str!("../../services/reeve/samples/trufflehog.ndjson");
const CLOUDTRAIL: &str = include_str!("../../services/reeve/samples/cloudtrail.json");
const INVENTORY: &str = include_str!("../../services/reeve/samples/inventory.yaml");
const MAPPINGS: &str = include_str!("../../docs/mappings.md");
const KEY: &str = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
const NOW: &str = "2026-12-01T00:00:00Z";

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).expect("memory takes it");
    gzip.finish().expect("memory takes it")
}

fn triage(reeve: &Embedded, arguments: &[&str]) -> Vec<Value> {
    bodies(&reeve.prints(&[&["triage", "--now", NOW], arguments].concat()))
}

fn task(tasks: &[Value]) -> &Value {
    let task = tasks.iter().find(|task| task["subject"]["key"] == KEY);
    task.expect("the key has a task")
}

/// Without what tells where a record stood.
fn observed(printed: &str) -> Vec<Value> {
    let mut observations = bodies(printed);
    for observation in &mut observations {
        observation["provenance"] = Value::Null;
    }
    observations
}

#[test]
fn a_compressed_file_holds_what_the_file_holds() {
    let reeve = Embedded::default();
    reeve.write("plain.json", GITLEAKS);
    reeve.write("packed.json.gz", &gzip(GITLEAKS));
    let normalize = |path: &str| reeve.prints(&["normalize", "--now", NOW, path]);
    let plain = observed(&normalize("plain.json"));
    assert_eq!(plain.len(), 3);
    assert_eq!(observed(&normalize("packed.json.gz")), plain);
}

#[test]
fn a_folder_a_glob_and_a_pipe_are_read_in_the_order_given() {
    let reeve = Embedded::default();
    std::fs::create_dir_all(reeve.path("folder/below")).expect("it is ours");
    reeve.write("folder/b.json", GITLEAKS);
    reeve.write("folder/below/a.json.gz", &gzip(TRUFFLEHOG));
    reeve.write("one.ndjson", TRUFFLEHOG);
    reeve.write("two.ndjson", "[]");
    let arguments = ["normalize", "folder", "*.ndjson", "-", "--summary", "summary"];
    let output = reeve.ends(&arguments, GITLEAKS);
    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut files: Vec<Value> = bodies(&printed)
        .iter()
        .map(|observation| observation["provenance"]["file"].clone())
        .collect();
    files.dedup();
    assert_eq!(
        files,
        ["folder/b.json", "folder/below/a.json.gz", "one.ndjson", "-"]
    );
    let summary = std::fs::read_to_string(reeve.path("summary")).expect("it was asked for");
    let summary: Value = serde_json::from_str(&summary).expect("the summary is JSON");
    assert_eq!((&summary["files"], &summary["empty"]), (&json!(5), &json!(1)));
}

#[test]
fn raw_alerts_observations_and_events_may_stand_in_one_file() {
    let reeve = Embedded::default();
    let alert: Value = serde_json::from_str(GITLEAKS).expect("the sample is JSON");
    reeve.write("alert.json", &alert[0].to_string());
    let observation = reeve.prints(&["normalize", "--now", "2026-11-20T00:00:00Z", "alert.json"]);
    let event = json!({
        "kind": "event", "event_id": "e-1", "type": "claimed", "subject_key": KEY,
        "actor": { "id": "ana", "kind": "human" }, "at": "2026-11-21T00:00:00Z", "body": null,
    });
    let other = alert[1].to_string();
    reeve.write("mixed.ndjson", &format!("{observation}{event}\n{other}\n"));
    let tasks = triage(&reeve, &["mixed.ndjson"]);
    assert_eq!(tasks.len(), 2);
    assert_eq!(task(&tasks)["state"], "claimed");
}

#[test]
fn changes_are_every_revision_and_end_in_the_state_that_is_printed_without() {
    let reeve = Embedded::default();
    reeve.write("leak.json", GITLEAKS);
    let observations = reeve.prints(&["normalize", "--now", "2026-11-20T00:00:00Z", "leak.json"]);
    reeve.write("leak.ndjson", &observations);
    reeve.write(
        "proof.json",
        &CLOUDTRAIL.replace("{{now}}", "2026-11-22T00:00:00Z"),
    );
    let changes = triage(&reeve, &["--changes", "leak.ndjson", "proof.json"]);
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for change in changes {
        let id = change["task_id"].as_str().expect("a task has an id").to_owned();
        let before = last
            .insert(id, change.clone())
            .map_or(0, |task| task["revision"].as_u64().unwrap_or(0));
        assert_eq!(change["revision"], before + 1, "revisions rise by one");
    }
    assert_eq!(
        last.values().filter(|task| task["change"] == "verified").count(),
        1
    );
    let mut end = triage(&reeve, &["leak.ndjson", "proof.json"]);
    end.sort_by_key(|task| task["task_id"].to_string());
    assert_eq!(end, last.into_values().collect::<Vec<_>>());
}

#[test]
fn an_inventory_file_gives_owners_and_without_it_nobody_is_known() {
    let reeve = Embedded::default();
    reeve.write("leak.json", GITLEAKS);
    reeve.write("owners.yaml", INVENTORY);
    reeve.write(
        "owners.csv",
        &format!("key,owners.resolver.ref,environment\n{KEY},team/from-csv,production\n"),
    );
    let resolver = |arguments: &[&str]| {
        let tasks = triage(&reeve, arguments);
        let task = task(&tasks);
        (
            task["owners"]["resolver"]["ref"].clone(),
            task["context"]["environment"].clone(),
        )
    };
    let of = |owner: &str| (json!(owner), json!("production"));
    assert_eq!(
        resolver(&["--inventory", "owners.yaml", "leak.json"]),
        of("team/payments-platform")
    );
    assert_eq!(
        resolver(&["--inventory", "owners.csv", "leak.json"]),
        of("team/from-csv")
    );
    assert_eq!(resolver(&["leak.json"]).1, Value::Null);
}

#[test]
fn an_inventory_file_that_is_missing_is_66_and_a_bad_one_78_with_its_place() {
    let reeve = Embedded::default();
    reeve.write("leak.json", GITLEAKS);
    reeve.write("bad.yaml", "- key: x\n  ownerz: {}\n");
    for (name, status, said) in [
        (
            "gone.yaml",
            66,
            "gone.yaml: there is no such file or directory; expected an inventory file",
        ),
        ("bad.yaml", 78, "bad.yaml"),
    ] {
        let output = reeve.ends(&["triage", "--inventory", name, "leak.json"], "");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{told}");
        assert!(told.contains(said), "{told}");
        assert_eq!(output.stdout, b"", "{name}");
    }
}

#[test]
fn a_table_has_a_line_for_each_task_and_no_color_in_a_pipe() {
    let reeve = Embedded::default();
    reeve.write("leak.json", GITLEAKS);
    reeve.write("owners.yaml", INVENTORY);
    let table = reeve.prints(&[
        "triage",
        "--now",
        NOW,
        "-o",
        "table",
        "--inventory",
        "owners.yaml",
        "leak.json",
    ]);
    let words = [
        "priority",
        "subject",
        "owner",
        "fix by",
        "route",
        "AKIARZPUZDIKED7T3FJ6",
        "team/payments-platform",
    ];
    for word in words {
        assert!(table.contains(word), "{word}: {table}");
    }
    assert_eq!(table.matches("secret_exposed").count(), 3, "{table}");
    assert!(!table.contains('\u{1b}') && !table.contains('{'), "{table}");
    let piped = reeve.prints(&["triage", "--now", NOW, "leak.json"]);
    assert_eq!(bodies(&piped).len(), 3, "without a word it is NDJSON in a pipe");
}

#[test]
fn one_path_of_several_that_cannot_be_opened_is_66_for_every_command_that_takes_paths() {
    let reeve = Embedded::default();
    reeve.write("a.json", GITLEAKS);
    for command in ["normalize", "triage", "publish"] {
        let output = reeve.ends(&[command, "gone.json", "a.json", "*.none"], "");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(66), "{command}: {told}");
        assert!(
            told.contains("gone.json") && told.contains("*.none"),
            "{command}: {told}"
        );
    }
}

/// The blocks of one language in a page.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let fence = format!("```{language}\n");
    page.split(fence.as_str())
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect()
}

#[test]
fn the_page_about_mappings_leads_to_a_mapping_and_shows_what_is_said() {
    let reeve = Embedded::default();
    std::fs::create_dir_all(reeve.path("config/mappings")).expect("it is ours");
    reeve.write("warden.json", blocks(MAPPINGS, "json")[0]);
    let mapping = blocks(MAPPINGS, "yaml")[..4].concat();
    reeve.write("config/mappings/keywarden.yaml", &mapping);
    reeve.prints(&["-c", "config", "check"]);
    let explained = ["-c", "config", "normalize", "warden.json", "--explain"];
    let said = reeve.ends(&explained, "");
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains(blocks(MAPPINGS, "text")[0]), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let reeve = Embedded::default();
    let reports = vec![GITLEAKS.replace('\n', " "); 400].join("\n");
    reeve.write("many.ndjson", &reports);
    let mut normalize = reeve
        .command()
        .args(["normalize", "many.ndjson"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary can be run");
    drop(normalize.stdout.take());
    let ended = normalize.wait().expect("it is our child");
    assert_eq!(ended.code(), Some(0));
}

#[test]
fn every_command_of_the_contract_is_in_the_help() {
    let help = Embedded::default().prints(&["--help"]);
    for command in [
        "run",
        "normalize",
        "triage",
        "why",
        "check",
        "test",
        "publish",
        "event",
        "tasks",
        "topics",
        "dead-letters",
        "schema",
        "completions",
        "man",
        "health",
        "demo",
    ] {
        let found = help
            .lines()
            .any(|line| line.split_whitespace().next() == Some(command));
        assert!(found, "{command}: {help}");
    }
}
