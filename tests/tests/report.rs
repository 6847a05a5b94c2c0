//! What the ledger says of remediation, and what another policy would make of it.

use std::time::Duration;

use reeve_tests::embedded::{Embedded, bodies};
use reeve_tests::host::wait_until;
use serde_json::Value;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const DEADLINES: &str = include_str!("../../config/deadlines.yaml");
const BOUND: Duration = Duration::from_secs(30);

fn report(reeve: &Embedded) -> Value {
    bodies(&reeve.prints(&["report", "-o", "json"])).remove(0)
}

/// Three secrets reported, one of their tasks claimed; nothing runs any more.
fn one_claimed_of_three() -> (Embedded, String) {
    let reeve = Embedded::default();
    let mut replica = reeve.run("log.txt");
    reeve.write("alert.json", &GITLEAKS.replace("{{now}}", "2026-11-20T10:00:00Z"));
    reeve.prints(&["publish", "alert.json"]);
    wait_until(BOUND, "every secret is a task", || reeve.tasks().len() == 3);
    let id = reeve.tasks()[0]["task_id"]
        .as_str()
        .expect("a task has an id")
        .to_owned();
    reeve.prints(&["event", "--task", &id, "--type", "claimed", "--actor", "ines"]);
    wait_until(BOUND, "one is claimed", || {
        reeve.tasks().iter().any(|task| task["state"] == "claimed")
    });
    replica.stop();
    (reeve, id)
}

#[test]
fn a_report_adds_up_to_the_tasks_and_a_claim_is_still_open() {
    let (reeve, _) = one_claimed_of_three();
    let report = report(&reeve);
    assert_eq!(report["tasks"], 3);
    assert_eq!(
        (&report["states"]["open"], &report["states"]["claimed"]),
        (&2.into(), &1.into())
    );
    let bands = report["priorities"].as_object().expect("bands by name");
    let sum = |of: fn(&Value) -> &Value| bands.values().filter_map(|band| of(band).as_u64()).sum::<u64>();
    assert_eq!(sum(|band| &band["open"]), 3);
    assert_eq!(sum(|band| &band["verified"]), 0);
    assert_eq!(sum(|band| &band["time_to_claim"]["count"]), 1);
    let routes = report["routes"].as_object().expect("routes by name");
    assert_eq!(
        routes
            .values()
            .filter_map(|route| route["open"].as_u64())
            .sum::<u64>(),
        3
    );
}

#[test]
fn another_policy_is_tried_on_the_open_tasks_and_nothing_is_written() {
    let (reeve, _) = one_claimed_of_three();
    let before = reeve.tasks();
    std::fs::create_dir(reeve.path("same")).expect("it is ours");
    std::fs::create_dir(reeve.path("other")).expect("it is ours");
    let later = DEADLINES
        .replace("remediate: 14d }", "remediate: 15d }")
        .replace("remediate: 3d }", "remediate: 4d }");
    assert_ne!(later, DEADLINES);
    reeve.write("other/deadlines.yaml", &later);
    let changed = bodies(&reeve.prints(&["what-if", "--policy", "other", "-o", "json"]));
    assert!(!changed.is_empty(), "a day more is a change");
    for change in &changed {
        assert_ne!(change["now"]["remediate_by"], change["then"]["remediate_by"]);
        assert_eq!(change["now"]["priority"], change["then"]["priority"]);
    }
    let same = reeve.prints(&["what-if", "--policy", "same", "-o", "json"]);
    assert_eq!(same, "", "the same policy changes nothing");
    assert_eq!(reeve.tasks(), before);
}
