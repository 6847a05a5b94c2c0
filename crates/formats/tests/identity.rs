//! When two findings of a secret are one subject, and when they must not be.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use reeve_domain::alert::{Origin, RawAlert};
use reeve_domain::key::{Alias, Strength};
use reeve_domain::observation::Finding;
use reeve_domain::secret::{AliasKind, HmacKeys};
use reeve_formats::{Parsed, Settings, parse};
use serde_json::{Value, json};
use support::{RECEIVED_AT, findings, parse_with_headers, settings};

const VALUE: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SHA1: &str = "d70eab08607a4d05faa2d0d6647206599e9abc65";
const SHA256: &str = "78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598";
const HMSL: &str = "a2727ef11569043cc925d57a621a7dfc6422357a68c25b80463f5666f3bac778";

/// SHA-1 of the header of a private key, which detect-secrets takes for the key.
const HEADER_SHA1: &str = "be4fc4886bd949b369d5e092eb87494f12e57e5b";

fn with_hashes() -> Settings {
    let keys = HmacKeys::new(b"0123456789abcdef0123456789abcdef").unwrap();
    Settings::new(keys.with_alias_kinds(&[AliasKind::Sha1, AliasKind::Hmsl]))
}

/// The alert as the record at an offset of the topic.
fn parse_at(document: &Value, offset: i64, settings: &Settings) -> Parsed {
    let origin = Origin::Topic {
        topic: "alerts.raw".into(),
        partition: 0,
        offset,
        timestamp: None,
    };
    let text = document.to_string();
    let alert = RawAlert {
        value: text.as_bytes(),
        headers: &[],
        origin,
        received_at: RECEIVED_AT.parse().unwrap(),
    };
    parse(&alert, settings)
}

fn key_at(document: &Value, offset: i64) -> String {
    let parsed = parse_at(document, offset, &settings());
    findings(&parsed)[0].subject.key.to_string()
}

fn finding(document: &Value) -> Finding {
    let parsed = parse_at(document, 7, &with_hashes());
    (*findings(&parsed)[0]).clone()
}

/// Reports of scanners that carry a value.
fn carrying(value: &str) -> Vec<Value> {
    vec![
        json!({"RuleID": "generic-api-key", "Secret": value, "File": "a.env"}),
        json!({"rule": "Generic", "offender": value, "commit": "0a1b", "file": "a.env"}),
        json!({"DetectorName": "Generic", "DetectorType": 1, "SourceMetadata": {"Data": {}}, "Raw": value}),
        json!({"secret_type": "generic", "number": 1, "secret": value,
            "locations_url": "https://api.github.com/repos/acme/app/secret-scanning/alerts/1/locations",
            "url": "https://api.github.com/repos/acme/app/secret-scanning/alerts/1", "repository": {"id": 9}}),
        json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "gitleaks"}}, "results": [{"ruleId": "g",
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.env"}, "region": {"snippet": {"text": value}}}}]}]}]}),
        json!({"total_incidents": 1, "entities_with_incidents": [{"filename": "a.env", "incidents": [
            {"type": "Generic", "occurrences": [{"type": "apikey", "match": value}]}]}]}),
        json!({"scan": {"type": "secret_detection"}, "vulnerabilities": [{"name": "g", "raw_source_code_extract": value,
            "location": {"file": "a.env"}}]}),
    ]
}

fn strong(finding: &Finding) -> Vec<&Alias> {
    let aliases = finding.aliases.iter();
    aliases
        .filter(|alias| alias.strength == Strength::Strong)
        .collect()
}

#[test]
fn a_source_that_carries_only_a_hash_meets_every_source_of_the_value() {
    let baseline = |hash: &str| json!({"plugins_used": [], "results": {"a.env": [{"type": "Secret Keyword", "hashed_secret": hash}]}});
    let incident = |hash: &str| {
        json!({"source": "GitGuardian", "action": "incident_triggered",
            "incident": {"id": 1, "hmsl_hash": hash, "detector": {"name": "generic"}}})
    };
    let hashes = [finding(&baseline(SHA1)), finding(&incident(HMSL))];
    let by_sha256 = finding(&json!({"scan": {"type": "secret_detection"}, "vulnerabilities": [
        {"name": "g", "cve": format!("a.env:{SHA256}:g"), "location": {"file": "a.env"}}]}));
    for document in carrying(VALUE) {
        let value = finding(&document);
        assert_eq!(value.subject.key, by_sha256.subject.key, "{document}");
        for hash in &hashes {
            let met = strong(&value).iter().any(|alias| alias.key == hash.subject.key);
            assert!(met, "{} meets {document}", hash.source.format);
        }
    }
    let other = finding(&carrying("another-value-altogether-9")[0]);
    let all = hashes.iter().chain([&by_sha256]);
    assert!(all.into_iter().all(|hash| {
        other.subject.key != hash.subject.key
            && !strong(&other).iter().any(|alias| alias.key == hash.subject.key)
    }));
}

/// Reports that know nothing of a secret but a path, which any repository may have.
fn by_path_alone() -> Vec<Value> {
    vec![
        json!({"plugins_used": [], "results": {"id_rsa": [{"type": "Private Key", "hashed_secret": HEADER_SHA1}]}}),
        json!({"scan": {"type": "secret_detection"}, "vulnerabilities": [{"id": "1", "name": "g", "location": {"file": "id_rsa"}}]}),
        json!({"total_incidents": 1, "scans": [{"id": "x", "entities_with_incidents": [{"filename": "id_rsa", "incidents": [
            {"type": "Generic", "occurrences": [{"type": "apikey", "match": "abc*****************"}]}]}]}]}),
        json!({"SchemaVersion": 2, "ArtifactName": ".", "Results": [{"Target": "id_rsa", "Secrets": [{"RuleID": "private-key"}]}]}),
        json!({"RuleID": "private-key", "Secret": "REDACTED", "File": "id_rsa"}),
    ]
}

#[test]
fn the_same_path_of_two_reports_that_name_no_repository_is_two_places() {
    for document in by_path_alone() {
        let (one, other) = (key_at(&document, 1), key_at(&document, 2));
        assert!(one.starts_with("secret:location:"), "{one}");
        assert_ne!(one, other, "{document}");
        assert_eq!(one, key_at(&document, 1), "the same record is the same place");
    }
}

#[test]
fn a_sender_that_says_what_it_speaks_of_gives_its_places_a_home() {
    let key = |document: &Value, source: &str, subject: &str| {
        let headers = [
            ("ce_specversion", "1.0"),
            ("ce_id", "1"),
            ("ce_type", "scan"),
            ("ce_source", source),
            ("ce_subject", subject),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let parsed = parse_with_headers(document.to_string().as_bytes(), &headers, &settings());
        findings(&parsed)[0].subject.key.to_string()
    };
    let structured = |document: &Value, source: &str, subject: &str| json!({"specversion": "1.0", "id": "1", "type": "scan", "source": source, "subject": subject, "data": document});
    for document in by_path_alone() {
        let home = key(&document, "/ci/scan", "acme/app");
        assert_eq!(home, key(&document, "/ci/scan", "acme/app"));
        assert_ne!(home, key(&document, "/ci/scan", "acme/site"), "{document}");
        let event = structured(&document, "/ci/scan", "acme/app");
        assert_eq!(home, key_at(&event, 1));
        assert_eq!(home, key_at(&event, 2));
    }
}

#[test]
fn a_repository_that_is_known_joins_what_two_scans_of_it_say() {
    let report = |metadata: Value| {
        json!({"SchemaVersion": 2, "ArtifactName": ".", "Metadata": metadata,
            "Results": [{"Target": "id_rsa", "Secrets": [{"RuleID": "private-key"}]}]})
    };
    let known = report(json!({"RepoURL": "https://git.example/acme/app.git", "Commit": "0a1b"}));
    assert_eq!(key_at(&known, 1), key_at(&known, 2));
    let same = report(json!({"RepoURL": "git@git.example:acme/app"}));
    assert_eq!(key_at(&known, 1), key_at(&same, 2));
}
