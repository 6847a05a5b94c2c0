//! Real samples of the sources that ship as mappings, read where they lie: every record is accounted for.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]
#![allow(clippy::print_stderr, reason = "a run without samples says so")]

#[path = "support/mappings.rs"]
mod mappings;
mod support;

use std::path::{Path, PathBuf};

use support::{parse_bytes, tally};

/// File, format, its records, and what becomes of them.
const EXPECTED: &[(&str, &str, u32, &str)] = &[
    (
        "checkov/checkov-report-many-vuln.json",
        "checkov",
        3,
        "dropped not_identity_relevant 3",
    ),
    ("checkov/checkov2-report-0-vuln.json", "checkov", 0, ""),
    // A record a principal; a finding for each of its policies that lets too much.
    (
        "cloudsplaining/iam-results-example.json",
        "cloudsplaining",
        7,
        "observed 7",
    ),
    // An alert that names no user is nobody's, an event that is no alert says nothing.
    (
        "longtail-alerts/panther_appomni_alerts.ndjson",
        "appomni",
        2,
        "dropped not_identity_relevant 1, observed 1",
    ),
    (
        "longtail-alerts/panther_thinkstcanary_alert.ndjson",
        "thinkst-canary",
        2,
        "dropped not_identity_relevant 1, observed 1",
    ),
    (
        "longtail-alerts/panther_tracebit_alert.ndjson",
        "tracebit",
        2,
        "observed 2",
    ),
    // Detections that name nobody are nobody's.
    (
        "longtail-alerts/panther_upwind_detections.ndjson",
        "upwind",
        9,
        "dropped not_identity_relevant 8, observed 1",
    ),
    // A repository's rules of review are nobody's rights; what passed is evidence only where the configuration says so.
    (
        "longtail-secrets/legitify__legitify_many_findings.json",
        "legitify",
        27,
        "dropped no_result 6, dropped no_statement 2, dropped not_identity_relevant 18, observed 1",
    ),
    (
        "longtail-secrets/n0s1__many_findings.json",
        "n0s1",
        17,
        "observed 17",
    ),
    // Addresses of people are no secrets.
    (
        "longtail-secrets/rusty_hog__choctawhog_many_vulns.json",
        "rusty-hog",
        13,
        "dropped not_identity_relevant 5, observed 8",
    ),
    (
        "longtail-secrets/secretlint__secretlint_many_vuln.json",
        "secretlint",
        4,
        "observed 4",
    ),
    (
        "longtail-secrets/secrets_many_findings.json",
        "xygeni-secrets",
        61,
        "observed 61",
    ),
    // Each match is a record, not each file.
    (
        "longtail-secrets/talisman__many_findings.json",
        "talisman",
        5,
        "observed 5",
    ),
    (
        "longtail-secrets/whispers__whispers_many_vul.json",
        "whispers",
        5,
        "observed 5",
    ),
    (
        "orca/many_vulns.json",
        "orca",
        5,
        "dropped no_result 1, dropped not_identity_relevant 2, observed 2",
    ),
    (
        "orca/panther_orca_alert.ndjson",
        "orca",
        2,
        "dropped not_identity_relevant 1, observed 1",
    ),
    // Buckets without logs and versions.
    (
        "scoutsuite/two_findings.js",
        "scoutsuite",
        4,
        "dropped not_identity_relevant 4",
    ),
    (
        "snyk/snyk_code_scan_api_many_vuln.json",
        "snyk",
        3,
        "dropped not_identity_relevant 1, dropped suppressed_at_source 1, observed 1",
    ),
    (
        "wiz/wizcli_dir_many_vul.json",
        "wizcli",
        7,
        "dropped not_identity_relevant 6, observed 1",
    ),
];

fn corpus() -> PathBuf {
    let given = std::env::var_os("REEVE_CORPUS").map(PathBuf::from);
    given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"))
}

#[test]
fn every_record_of_a_mapped_source_is_accounted_for() {
    let root = corpus();
    if !root.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "in CI the corpus must be there");
        eprintln!("0 corpus files read");
        return;
    }
    let settings = mappings::settings();
    let mut wrong = Vec::new();
    for (name, format, records, becomes) in EXPECTED {
        let parsed = parse_bytes(&std::fs::read(root.join(name)).unwrap(), &settings);
        if parsed.formats != [*format] || parsed.records != *records || tally(&parsed) != *becomes {
            wrong.push(format!(
                "{name}: {:?} {} {}",
                parsed.formats,
                parsed.records,
                tally(&parsed)
            ));
        }
    }
    eprintln!("{} corpus files read", EXPECTED.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names the built-in format or mapping of each object that two of them claim.
#[test]
fn no_object_of_the_corpus_is_claimed_twice() {
    let settings = mappings::settings();
    for path in support::files(&corpus()) {
        let bytes = std::fs::read(&path).unwrap();
        for object in support::explained(&bytes, &settings) {
            let claims: Vec<&str> = object
                .verdicts
                .iter()
                .filter(|one| one.claims)
                .map(|one| one.format)
                .collect();
            assert!(claims.len() <= 1, "{}: {claims:?}", path.display());
        }
    }
}

/// What came of the whole corpus, for a look: `cargo test --test mappings_corpus -- --nocapture`.
#[test]
fn what_was_unknown_without_mappings_is_known_with_them() {
    let (with, without) = (mappings::settings(), support::settings());
    for path in support::files(&corpus()) {
        let bytes = std::fs::read(&path).unwrap();
        let (mapped, plain) = (parse_bytes(&bytes, &with), parse_bytes(&bytes, &without));
        let is_mapped = mapped.formats != plain.formats;
        if is_mapped {
            eprintln!(
                "{}: {:?} {} {}",
                path.display(),
                mapped.formats,
                mapped.records,
                tally(&mapped)
            );
        }
        assert!(is_mapped || tally(&mapped) == tally(&plain), "{}", path.display());
    }
}
