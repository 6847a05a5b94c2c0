//! What different scanners say of one thing is said of one subject; and no two formats claim one object.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

mod support;

use reeve_formats::Json;
use reeve_formats::formats::claims;
use serde_json::{Value, json};
use support::{evidence, findings, fixtures, parse_bytes, settings};

const TOKEN: &str = "ghp_R4eVeTestT0kenNotReal0000000000000Ab";

/// The keys of all subjects, each once, in order.
fn keys(document: &Value) -> Vec<String> {
    let parsed = parse_bytes(document.to_string().as_bytes(), &settings());
    let of_findings = findings(&parsed)
        .into_iter()
        .map(|one| one.subject.key.to_string());
    let of_evidence = evidence(&parsed)
        .into_iter()
        .map(|one| one.subject.key.to_string());
    let mut keys: Vec<String> = of_findings.chain(of_evidence).collect();
    keys.dedup();
    keys
}

fn gitleaks(secret: &str) -> Value {
    json!({"RuleID": "github-pat", "Secret": secret, "Match": secret, "File": "ci.sh", "StartLine": 4, "Fingerprint": "x"})
}

fn semgrep(line: &str) -> Value {
    let end = line.chars().count() + 1;
    json!({"check_id": "generic.secrets.detected-github-token", "path": "ci.sh", "start": {"line": 3, "col": 1},
        "end": {"line": 3, "col": end}, "extra": {"severity": "ERROR", "lines": line, "fingerprint": "f"}})
}

#[test]
fn a_secret_is_one_subject_however_semgrep_shows_its_line() {
    let expected = keys(&gitleaks(TOKEN));
    for line in [
        TOKEN.to_owned(),
        format!("\"{TOKEN}\""),
        format!("token = \"{TOKEN}\""),
        format!("\"token\": \"{TOKEN}\","),
        format!("TOKEN={TOKEN}"),
    ] {
        assert_eq!(keys(&semgrep(&line)), expected, "{}", line.replace(TOKEN, "…"));
    }
    assert_ne!(keys(&semgrep("requires login")), expected);
}

/// A result of TruffleHog as a version without parts writes it, and as one with parts does.
fn trufflehog(detector: &str, name: &str, secret: &str, parts: [&str; 2]) -> [Value; 2] {
    let result = json!({"SourceMetadata": {"Data": {"Git": {"file": "ci.sh"}}}, "DetectorName": detector, "DecoderName": "PLAIN",
        "Verified": true, "Raw": name, "RawV2": format!("{name}{secret}"), "Redacted": ""});
    let mut with_parts = result.clone();
    with_parts["SecretParts"] = json!({parts[0]: name, parts[1]: secret});
    [result, with_parts]
}

#[test]
fn a_secret_that_trufflehog_names_by_its_client_meets_the_secret_alone() {
    let pairs = [
        (
            "Twilio",
            "AC0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "7f3e9c1d5b8a2604e1f7c3d9b5a80642",
            ["sid", "key"],
        ),
        (
            "TwilioApiKey",
            "SK5f4e3d2c1b0a99887766554433221100",
            "Zq3vT8wYb2Nc7Lk5Rj9Xm4Hd6Pf1Gs0A",
            ["key", "secret"],
        ),
        (
            "GitHubOauth2",
            "Iv1.9a8b7c6d5e4f3021",
            "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567",
            ["id", "secret"],
        ),
    ];
    for (detector, name, secret, parts) in pairs {
        let expected = keys(&gitleaks(secret));
        for result in trufflehog(detector, name, secret, parts) {
            assert_eq!(keys(&result), expected, "{detector}");
        }
        let [other, _] = trufflehog(detector, name, &secret.replace('7', "8").replace('5', "6"), parts);
        assert_ne!(keys(&other), expected, "{detector}");
    }
}

#[test]
fn access_from_outside_is_one_entitlement_natively_through_security_hub_and_in_ocsf() {
    let native = json!({"id": "1", "accountId": "123456789012", "resource": "arn:aws:s3:::acme-logs", "resourceType": "AWS::S3::Bucket",
        "status": "ACTIVE", "principal": {"AWS": "333333333333"}, "action": ["s3:GetObject", "s3:PutObject"], "analyzedAt": "2026-02-01T10:00:00Z"});
    let hub = json!({"SchemaVersion": "2018-10-08", "Id": "1", "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/access-analyzer",
        "GeneratorId": "aws/access-analyzer", "AwsAccountId": "123456789012", "Types": ["Effects/Data Exposure/External Access Granted"], "Title": "x",
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::acme-logs", "Details": {"Other": {"External Principal": "333333333333", "Action Granted": "s3:PutObject,s3:GetObject"}}}]});
    let ocsf = json!({"class_uid": 2008, "metadata": {"version": "1.6.0"}, "finding_info": {"title": "x", "uid": "1"},
        "resources": [{"type": "AwsS3Bucket", "uid": "arn:aws:s3:::acme-logs"}],
        "access_analysis_result": {"accessors": [{"uid": "333333333333"}], "granted_privileges": ["s3:GetObject", "s3:PutObject"]}});
    let expected = keys(&native);
    assert_eq!(expected.len(), 1);
    assert_eq!(keys(&hub), expected);
    assert_eq!(keys(&ocsf), expected);
}

#[test]
fn an_account_of_the_directory_is_one_subject_in_graph_sentinel_and_defender() {
    let (id, tenant) = ("5f0e1a2b-0000-4000-8000-000000000001", "t-1");
    let graph = json!({"id": "a", "tenantId": tenant, "serviceSource": "x", "severity": "high", "status": "new",
        "createdDateTime": "2026-02-01T10:00:00Z", "evidence": [{"userAccount": {"azureAdUserId": id}}]});
    let sentinel = json!({"SystemAlertId": "a", "AlertName": "x", "Status": "New",
        "Entities": format!("[{{\"Type\":\"account\",\"Name\":\"ann\",\"AadUserId\":\"{id}\",\"AadTenantId\":\"{tenant}\"}}]")});
    let defender = json!({"tenantId": tenant, "category": "AdvancedHunting-AlertEvidence",
        "properties": {"AlertId": "a", "EntityType": "User", "AccountObjectId": id}});
    let risk = json!({"category": "RiskyUsers", "tenantId": tenant, "properties": {"id": id, "riskState": "atRisk", "riskLevel": "high"}});
    let expected = keys(&graph);
    assert_eq!(expected, [format!("identity:entra:user:{tenant}/{id}")]);
    for other in [sentinel, defender, risk] {
        assert_eq!(keys(&other), expected);
    }
}

#[test]
fn a_key_of_a_service_account_is_one_subject_in_wiz_and_security_command_center() {
    let name = "projects/acme/serviceAccounts/ci@acme.iam.gserviceaccount.com/keys/0123456789abcdef0123456789abcdef01234567";
    let wiz = json!({"id": "i", "severity": "HIGH", "status": "OPEN", "sourceRule": {"id": "r", "name": "Key older than 90 days"},
        "entitySnapshot": {"type": "ACCESS_KEY", "providerId": name}});
    let google = json!({"finding": {"name": "organizations/1/sources/2/findings/3", "state": "ACTIVE", "category": "SERVICE_ACCOUNT_KEY_NOT_ROTATED",
        "findingClass": "MISCONFIGURATION", "resourceName": format!("//iam.googleapis.com/{name}")}});
    assert_eq!(keys(&wiz), keys(&google));
    assert_eq!(keys(&wiz).len(), 1);
}

#[test]
fn what_ended_without_proof_gives_no_evidence() {
    let wiz = |reason: &str| {
        json!({"id": "i", "severity": "HIGH", "status": "RESOLVED", "resolutionReason": reason, "sourceRule": {"id": "r", "name": "Role with admin privileges"},
            "entitySnapshot": {"type": "ACCESS_ROLE", "providerId": "arn:aws:iam::123456789012:role/batch"}})
    };
    let google = |validity: &str| {
        json!({"finding": {"name": "organizations/1/sources/2/findings/3", "state": "INACTIVE", "category": "SECRET", "findingClass": "SECRET",
            "resourceName": "//run/x", "secret": {"type": "T", "status": {"validity": validity}}}})
    };
    let risk = |detail: &str| json!({"id": "u", "riskState": "remediated", "riskDetail": detail, "riskLevel": "none"});
    let fixed = |branch: &str| {
        json!({"number": 1, "state": "fixed", "rule": {"id": "hardcoded-credentials"}, "tool": {"name": "CodeQL"}, "html_url": "https://github.com/a/b/security/code-scanning/1",
            "most_recent_instance": {"ref": branch, "location": {"path": "x"}}})
    };
    for unproven in [
        wiz("WONT_FIX"),
        wiz(""),
        google("SECRET_VALIDITY_UNSUPPORTED"),
        google("SECRET_VALIDITY_FAILED"),
        risk("adminDismissedAllRiskForUser"),
        risk("userPassedMFADrivenByRiskBasedPolicy"),
        fixed("refs/pull/1/merge"),
    ] {
        assert!(keys(&unproven).is_empty(), "{unproven}");
    }
    for proven in [
        wiz("ISSUE_FIXED"),
        google("SECRET_VALIDITY_INVALID"),
        risk("userPerformedSecuredPasswordReset"),
        fixed("refs/heads/main"),
    ] {
        assert_eq!(keys(&proven).len(), 1, "{proven}");
    }
}

#[test]
fn no_object_of_a_fixture_is_claimed_by_two_formats() {
    for (path, _) in fixtures() {
        let text = std::fs::read_to_string(&path).unwrap();
        for json in Json::documents_of(&text) {
            check(&path.display().to_string(), &json);
        }
    }
}

fn check(name: &str, json: &Json<'_>) {
    let claimed = claims(json);
    assert!(claimed.len() <= 1, "{name}: {claimed:?}");
    json.elements().iter().for_each(|element| check(name, element));
    json.entries().iter().for_each(|(_, value)| check(name, value));
}
