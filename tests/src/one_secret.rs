//! One made-up secret as four scanners report it: by its value, its SHA-256, its SHA-1 and another hash.

use serde_json::json;

/// Made up, with the hashes that GitLab, detect-secrets and GitGuardian would report for it.
const SECRET: &str = "q7RmT2xWc9LkZ4vBn8YpHd3JsF6gUe1A";
const SHA256: &str = "cf29d3ca57a00cd120b4a3f1c1866d96ec57fc6e0dab23c8bc7f8ffd2201e219";
const SHA1: &str = "a9ac8f6916ea8ee4e61cfcb8058f0f7a8b4779f5";
const HMSL: &str = "db1a3c2d915c4c61b9b4c9b28b75265013f8338d259c792ad2769ef585ba6d9b";

/// Its value, found in `commit`.
pub fn gitleaks(commit: u32) -> String {
    json!([{
        "RuleID": "generic-api-key", "Description": "Generic API Key", "StartLine": 3, "EndLine": 3,
        "StartColumn": 1, "EndColumn": 30, "Match": format!("key = {SECRET}"), "Secret": SECRET,
        "File": "app/settings.py", "SymlinkFile": "", "Commit": format!("{commit:040x}"), "Entropy": 4.4,
        "Author": "Ana Ruiz", "Email": "ana@example.org", "Date": "2026-09-02T08:11:00Z", "Message": "settings",
        "Tags": [], "Fingerprint": format!("{commit:040x}:app/settings.py:generic-api-key:3"),
    }])
    .to_string()
}

/// Its SHA-256.
pub fn gitlab() -> String {
    json!({
        "version": "15.0.6",
        "vulnerabilities": [{
            "id": "g1", "name": "Generic API key", "severity": "Critical",
            "cve": format!("app/settings.py:{SHA256}:generic-api-key"),
            "location": { "file": "app/settings.py", "start_line": 3 },
            "identifiers": [{ "type": "gitleaks_rule_id", "value": "generic-api-key" }],
        }],
        "scan": { "type": "secret_detection", "status": "success", "end_time": "2026-09-03T09:13:09" },
    })
    .to_string()
}

/// Its SHA-1, on `line`.
pub fn detect_secrets(line: u32) -> String {
    json!({
        "version": "1.5.0", "plugins_used": [{ "name": "KeywordDetector" }], "filters_used": [],
        "results": { "app/settings.py": [{
            "type": "Secret Keyword", "filename": "app/settings.py", "hashed_secret": SHA1, "is_verified": false,
            "line_number": line,
        }] },
        "generated_at": "2026-09-01T08:15:00Z",
    })
    .to_string()
}

/// Its hmsl.
pub fn gitguardian() -> String {
    json!({
        "source": "GitGuardian", "timestamp": "2026-09-04T08:11:00Z", "action": "incident_triggered",
        "message": "A new incident has been detected.", "target_user": "GitGuardian",
        "incident": {
            "id": 4711, "date": "2026-09-04T08:11:00Z", "detector": { "name": "generic_high_entropy_secret" },
            "hmsl_hash": HMSL, "severity": "high", "validity": "no_checker", "status": "TRIGGERED",
        },
    })
    .to_string()
}
