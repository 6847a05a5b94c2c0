//! Real samples, read where they lie: every record is accounted for, and no two formats claim the same object.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]
#![allow(clippy::print_stderr, reason = "a run without samples says so")]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reeve_formats::formats::claims;
use reeve_formats::{Item, Json};
use support::{files, fixtures, parse_bytes, settings, tally};

/// File, its records in the manifest, and what becomes of them. Where the counts differ from the manifest the reason
/// stands beside. Files of formats that are not built in yet are not listed: their objects are refused as unknown.
const EXPECTED: &[(&str, u32, &str)] = &[
    // The control had nothing to evaluate: passed, and no proof of anything.
    ("aws-asff/config_one_finding.json", 1, "dropped no_result 1"),
    // Three of the four speak of instances alone.
    (
        "aws-asff/guardduty.json",
        4,
        "dropped not_identity_relevant 3, observed 1",
    ),
    ("aws-asff/many_vulns.json", 5, "dropped not_identity_relevant 5"),
    (
        "aws-asff/missing_account_id.json",
        1,
        "dropped not_identity_relevant 1",
    ),
    (
        "aws-asff/panther_aws_securityfindingformat.ndjson",
        5,
        "observed 5",
    ),
    // A missing support role is nobody's credential.
    (
        "aws-asff/prowler_asff_iam_subset_1.json",
        40,
        "dropped not_identity_relevant 1, observed 39",
    ),
    (
        "closure-evidence/218007301253_CloudTrail_us-east-1_20230710T1150Z_1vnLavRRp0ek1mP4.json",
        2,
        "dropped no_statement 2",
    ),
    // Attach…, Create…, PutSecretValue, DeleteLoginProfile and failed calls prove nothing.
    (
        "closure-evidence/invictus_cloudtrail_identity_lifecycle.ndjson",
        49,
        "dropped no_statement 22, observed 27",
    ),
    (
        "closure-evidence/panther_aws_cloudtrail.ndjson",
        15,
        "dropped no_statement 13, observed 2",
    ),
    // Policies without a delta, harmless roles and new accounts prove nothing; one binding was taken away.
    (
        "closure-evidence/panther_gcp_auditlog.ndjson",
        8,
        "dropped no_statement 7, observed 1",
    ),
    // Settings of the organization are no subject, an app without a number and a key without a fingerprint neither.
    (
        "github-audit/panther_github_audit.ndjson",
        15,
        "dropped no_statement 11, dropped not_identity_relevant 2, observed 2",
    ),
    // A refused call, reads, tokens of nodes, and a binding without subjects change nothing that is somebody's task.
    (
        "k8s-audit/panther_amazon_eks_audit.ndjson",
        12,
        "dropped no_statement 7, observed 5",
    ),
    // What is checked of a workload concerns no identity, but for credentials in its configuration.
    (
        "kubescape/with_a_failure.json",
        18,
        "dropped not_identity_relevant 17, observed 1",
    ),
    (
        "github-openapi-examples/organization-secret-scanning-alert-list.json",
        1,
        "observed 1",
    ),
    (
        "github-openapi-examples/secret-scanning-alert-location-created.json",
        1,
        "observed 1",
    ),
    (
        "github-openapi-examples/secret-scanning-alert-open.json",
        1,
        "observed 1",
    ),
    (
        "github-openapi-examples/secret-scanning-location-list.json",
        13,
        "observed 13",
    ),
    (
        "github-secret-scanning/github_secrets_detection_report_many_vul.json",
        3,
        "observed 3",
    ),
    ("github-secret-scanning/webhook_reopened.json", 1, "observed 1"),
    ("gitleaks/data_many.json", 2, "observed 2"),
    ("gitleaks/gitleaks8_many.json", 4, "observed 4"),
    ("gitleaks/json_simple.json", 1, "observed 1"),
    ("gitleaks/no_findings.json", 0, ""),
    ("gitleaks/redacted_data_many.json", 6, "observed 6"),
    (
        "noise/github_dependabot_created.json",
        1,
        "dropped not_identity_relevant 1",
    ),
    ("aws-access-analyzer/external_access.json", 1, "observed 1"),
    ("aws-access-analyzer/unused_permission.json", 1, "observed 1"),
    ("aws-guardduty/panther_aws_guardduty.ndjson", 4, "observed 4"),
    // The account's contacts, the analyzer itself and the API server are nobody's credential.
    (
        "prowler/example_output_aws.ocsf.json",
        3,
        "dropped not_identity_relevant 3",
    ),
    (
        "prowler/example_output_kubernetes.ocsf.json",
        4,
        "dropped not_identity_relevant 4",
    ),
    ("prowler/many_vuln.json", 3, "dropped not_identity_relevant 3"),
    // One is muted, though it fails.
    (
        "prowler/many_vuln.ocsf.json",
        3,
        "dropped suppressed_at_source 1, observed 2",
    ),
    (
        "prowler/master_aws.ocsf.json",
        5,
        "dropped not_identity_relevant 5",
    ),
    ("entra-id-protection/sp_risk_detection_list.json", 1, "observed 1"),
    // One alert is resolved.
    (
        "ms-graph/panther_microsoftgraph_securityalertv2.ndjson",
        2,
        "dropped no_statement 1, observed 1",
    ),
    // Sign-ins and passwords shown say nothing of a subject; one event is of CloudTrail.
    (
        "okta/panther_okta_systemlog.ndjson",
        12,
        "dropped no_statement 8, observed 4",
    ),
    ("prowler/no_vuln.ocsf.json", 0, ""),
    // Rules of style, flows and vulnerabilities are nobody's credential.
    ("sarif/Baseline.sarif", 4, "dropped not_identity_relevant 4"),
    ("sarif/Suppressions.sarif", 9, "dropped not_identity_relevant 9"),
    ("sarif/appendix_k.sarif", 1, "dropped not_identity_relevant 1"),
    ("sarif/appendix_k1.sarif", 0, ""),
    ("sarif/appendix_k2.sarif", 1, "dropped not_identity_relevant 1"),
    ("sarif/cxf-3.4.6.sarif", 22, "dropped not_identity_relevant 22"),
    ("sarif/gitleaks_7.5.0.sarif", 8, "observed 8"),
    ("sarif/no_runs.sarif", 0, ""),
    (
        "sarif/njsscan.sarif",
        2,
        "dropped not_identity_relevant 1, observed 1",
    ),
    ("sarif/sarif_simple.sarif", 1, "observed 1"),
    ("sarif/simple-example.sarif", 1, "dropped not_identity_relevant 1"),
    (
        "sarif/suppression_test.sarif",
        5,
        "dropped not_identity_relevant 5",
    ),
    (
        "sarif/taint-python-report.sarif",
        11,
        "dropped not_identity_relevant 11",
    ),
    (
        "detect-secrets/many_findings.json",
        4,
        "dropped suppressed_at_source 1, observed 3",
    ),
    ("detect-secrets/no_findings.json", 0, ""),
    ("ggshield/many_findings.json", 2, "observed 2"),
    ("ggshield/no_finding.json", 0, ""),
    (
        "gitguardian/incident_ignored.json",
        1,
        "dropped suppressed_at_source 1",
    ),
    ("gitguardian/incident_resolved.json", 1, "observed 1"),
    ("gitguardian/incident_triggered.json", 1, "observed 1"),
    ("gitlab-secret/gitlab_secret_detection_report_0_vuln.json", 0, ""),
    (
        "gitlab-secret/gitlab_secret_detection_report_1_vuln_v15.json",
        1,
        "observed 1",
    ),
    (
        "gitlab-secret/gitlab_secret_detection_report_3_vuln_v14.json",
        3,
        "observed 3",
    ),
    ("noseyparker/noseyparker_many_vul.jsonl", 5, "observed 5"),
    ("trufflehog/v2_many_vulns.json", 64, "observed 64"),
    ("trufflehog3/many_vulns_current.json", 4, "observed 4"),
    // Every vulnerability and misconfiguration of the cluster is a record.
    ("trivy/kubernetes.json", 20, "dropped not_identity_relevant 20"),
    (
        "trivy/misconfigurations_and_secrets.json",
        5,
        "dropped not_identity_relevant 3, observed 2",
    ),
    ("trivy/scheme_2_no_vuln.json", 0, ""),
    ("trivy-operator/exposedsecretreport_no_vuln.json", 0, ""),
    (
        "trivy-operator/exposedsecretreport_single_vuln.json",
        1,
        "observed 1",
    ),
    // Code that is wrong is nobody's credential.
    ("semgrep/empty.json", 0, ""),
    (
        "semgrep/fingerprint_test.json",
        2,
        "dropped not_identity_relevant 2",
    ),
    ("semgrep/many_vulns.json", 48, "dropped not_identity_relevant 48"),
    // One alert says that a secret is written down in clear.
    (
        "github-code-scanning/github_sast_many_vul.json",
        2,
        "dropped not_identity_relevant 1, observed 1",
    ),
    (
        "github-code-scanning/webhook_created.json",
        1,
        "dropped not_identity_relevant 1",
    ),
    (
        "github-code-scanning/webhook_fixed.json",
        1,
        "dropped not_identity_relevant 1",
    ),
    // Instances without their alert do not say of which rule.
    (
        "github-openapi-examples/code-scanning-alert-instances.json",
        2,
        "dropped no_statement 2",
    ),
    (
        "github-openapi-examples/code-scanning-alert.json",
        1,
        "dropped not_identity_relevant 1",
    ),
    // What happened to machines and data concerns no identity.
    (
        "wiz/panther_wiz_detections.ndjson",
        2,
        "dropped not_identity_relevant 2",
    ),
    // One is resolved, and nobody says why.
    (
        "wiz/panther_wiz_issues.ndjson",
        2,
        "dropped no_statement 1, dropped not_identity_relevant 1",
    ),
    (
        "wiz/panther_wiz_issueswebhook.ndjson",
        2,
        "dropped no_statement 1, dropped not_identity_relevant 1",
    ),
    ("google-scc/list_findings_v2_trimmed.json", 1, "observed 1"),
    // One grant of an administrator's role; other operations of the console are nobody's task.
    (
        "crowdstrike/panther_crowdstrike_eventstreams.ndjson",
        4,
        "dropped no_statement 3, observed 1",
    ),
    ("trufflehog/v3_git.json", 4, "observed 4"),
];

/// The corpus of the environment, else beside the repository.
fn corpus() -> PathBuf {
    let given = std::env::var_os("REEVE_CORPUS").map(PathBuf::from);
    given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"))
}

/// Name and content of every sample. Without samples the tests say so and pass; in CI that is a failure.
fn samples() -> Vec<(String, Vec<u8>)> {
    let root = corpus();
    let named = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(&path).unwrap())
    };
    let mut samples: Vec<_> = files(&root).into_iter().map(named).collect();
    samples.sort();
    assert!(
        !samples.is_empty() || std::env::var_os("CI").is_none(),
        "in CI the corpus must be there"
    );
    eprintln!("{} corpus files read from {}", samples.len(), root.display());
    samples
}

#[test]
fn every_record_of_the_corpus_is_accounted_for() {
    let expected: BTreeMap<&str, (u32, &str)> = EXPECTED
        .iter()
        .map(|(name, records, becomes)| (*name, (*records, *becomes)))
        .collect();
    let samples = samples();
    for (name, bytes) in &samples {
        let parsed = parse_bytes(bytes, &settings());
        match expected.get(name.as_str()) {
            Some((records, becomes)) => {
                assert_eq!(parsed.records, *records, "{name}: records");
                assert_eq!(tally(&parsed), *becomes, "{name}");
            }
            None => assert!(
                parsed
                    .items
                    .iter()
                    .all(|item| matches!(item, Item::Rejected(_)) || is_stray(item)),
                "{name} is not in the table: {}",
                tally(&parsed)
            ),
        }
    }
    let missing = |name: &&str| !samples.is_empty() && !samples.iter().any(|(known, _)| known == name);
    assert_eq!(
        expected.into_keys().find(missing),
        None,
        "a file of the table is gone"
    );
}

/// The Okta samples hold one event of CloudTrail among them.
fn is_stray(item: &Item) -> bool {
    matches!(
        item,
        Item::Dropped {
            format: "cloudtrail",
            ..
        }
    )
}

#[test]
fn every_finding_whose_rule_is_in_no_table_is_counted() {
    let unmapped: u32 = samples()
        .iter()
        .map(|(_, bytes)| parse_bytes(bytes, &settings()).unmapped)
        .sum();
    assert_eq!(unmapped, 0, "rules of the corpus that the tables do not know");
}

#[test]
fn no_object_of_the_corpus_is_claimed_by_two_formats() {
    for (name, bytes) in samples() {
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        for json in Json::documents_of(text) {
            check_claims(&name, &json);
        }
    }
}

#[test]
fn no_object_of_a_fixture_is_claimed_by_two_formats() {
    for (path, _) in fixtures() {
        let text = std::fs::read_to_string(&path).unwrap();
        for json in Json::documents_of(&text) {
            check_claims(&path.display().to_string(), &json);
        }
    }
}

fn check_claims(name: &str, json: &Json<'_>) {
    let claimed = claims(json);
    assert!(claimed.len() <= 1, "{name}: {claimed:?}");
    json.elements()
        .iter()
        .for_each(|element| check_claims(name, element));
    json.entries()
        .iter()
        .for_each(|(_, value)| check_claims(name, value));
}
