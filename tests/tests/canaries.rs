//! Planted secrets, well-formed and broken, in values, names, paths and titles: none leaves by any way out.

use reeve_tests::embedded::Embedded;
use reeve_tests::host::wait_until;
use serde_json::{Value, json};
use std::time::Duration;

const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const TRUFFLEHOG: &str = include_str!("../../services/reeve/samples/trufflehog.ndjson");
const PLANTED: usize = 50;

fn canary(number: usize) -> String {
    format!("Kq9canary{number:02}Vx7Lw3Tz8Rb5Nm2Hd6Jf")
}

/// Every third is broken off, half are gitleaks' and half TruffleHog's; the value recurs in other places.
fn alert(number: usize) -> String {
    let secret = canary(number);
    let mut alert: Value = if number.is_multiple_of(2) {
        let report: Value = serde_json::from_str(GITLEAKS).expect("the sample is JSON");
        report[1].clone()
    } else {
        serde_json::from_str(TRUFFLEHOG).expect("the sample is JSON")
    };
    if number.is_multiple_of(2) {
        alert["Secret"] = json!(secret);
        alert["Match"] = json!(format!("token = \"{secret}\""));
        alert["File"] = json!(format!("ci/{secret}/release.sh"));
        alert["Message"] = json!(format!("use {secret}"));
        alert["Link"] = json!(format!("https://bot:{secret}@example.com/acme"));
    } else {
        alert["Raw"] = json!(secret);
        alert["Redacted"] = json!(&secret[..20]);
        alert["ExtraData"] = json!({ secret.as_str(): secret });
        let place = &mut alert["SourceMetadata"]["Data"]["Github"];
        place["repository"] = json!(format!("https://bot:{secret}@github.com/acme/payments.git"));
        place["file"] = json!(format!("ci/{secret}.sh"));
    }
    let mut text = alert.to_string();
    if number.is_multiple_of(3) {
        text.truncate(text.len() - 5);
    }
    text
}

fn found(text: &str) -> usize {
    (0..PLANTED)
        .filter(|number| text.contains(&canary(*number)[..18]))
        .count()
}

#[test]
fn no_planted_secret_leaves_by_any_way_out() {
    let reeve = Embedded::default();
    let names: Vec<String> = (0..PLANTED)
        .map(|number| reeve.write(&format!("{number}.json"), &alert(number)))
        .collect();
    assert_eq!(
        found(&(0..PLANTED).map(alert).collect::<String>()),
        PLANTED,
        "the search finds them where they are"
    );
    let mut shown = reeve.prints(&[
        "normalize",
        "*.json",
        "--rejects",
        "rejects",
        "--summary",
        "summary",
    ]);
    for file in ["rejects", "summary"] {
        shown += &std::fs::read_to_string(reeve.path(file)).expect("it was asked for");
    }
    let mut replica = reeve.run("stderr");
    let mut publish = vec!["publish"];
    publish.extend(names.iter().map(String::as_str));
    reeve.prints(&publish);
    let fates = || {
        let letters = reeve.prints(&["dead-letters", "ls", "-o", "json"]);
        let tasks = reeve.prints(&["tasks", "-o", "json"]);
        (letters.lines().count() + tasks.lines().count(), letters + &tasks)
    };
    wait_until(Duration::from_secs(40), "each has its fate", || {
        fates().0 >= PLANTED
    });
    shown += &fates().1;
    shown += &reeve_tests::metrics::get(reeve.port(), "/metrics")
        .expect("it serves metrics")
        .1;
    replica.stop();
    shown += &replica.log();
    assert_eq!(found(&shown), 0);
}
