//! Seeded raw alerts as scanners send them: about 1 KB each, five formats, with repeats, hot subjects and poison.

use reeve_tests::alerts::Dice;
use serde_json::{Value, json};

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const COMMIT: &str = "3f1c9a7be2d04856a1b2c3d4e5f60718293a4b5c";

/// What kind of day it is. Shares are in percent.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Mix {
    /// The same seed gives the same alerts.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// gitleaks : TruffleHog : GitHub secret scanning : Security Hub, as weights.
    #[arg(long, value_parser = shares, default_value = "40,30,15,15")]
    pub(crate) formats: [u64; 4],
    /// Alerts about a subject that was seen before.
    #[arg(long, default_value_t = 70)]
    pub(crate) repeats: u64,
    /// Alerts about subjects that everybody reports.
    #[arg(long, default_value_t = 10)]
    pub(crate) hot: u64,
    /// How many such subjects there are.
    #[arg(long, default_value_t = 10)]
    pub(crate) hot_subjects: u64,
    /// Alerts that cannot be read.
    #[arg(long, default_value_t = 1)]
    pub(crate) poison: u64,
}

fn shares(text: &str) -> Result<[u64; 4], String> {
    let shares: Result<Vec<u64>, _> = text.split(',').map(str::parse).collect();
    let shares = shares.map_err(|error| error.to_string())?;
    shares
        .try_into()
        .map_err(|_| "expected four numbers, as 40,30,15,15".to_owned())
}

impl Mix {
    /// The same formats, every alert about a subject of its own.
    pub(crate) fn all_new(self) -> Self {
        Self {
            repeats: 0,
            hot: 0,
            poison: 0,
            ..self
        }
    }

    /// Every alert about the same subject.
    pub(crate) fn one_subject(self) -> Self {
        Self {
            repeats: 0,
            hot: 100,
            hot_subjects: 1,
            poison: 0,
            ..self
        }
    }

    /// Alert number `number` of the day.
    pub(crate) fn alert(&self, number: u64) -> String {
        let mut dice = Dice(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        if dice.below(100) < self.poison {
            return r#"{"RuleID":"generic-api-key","Secret":"cut off"#.to_owned();
        }
        let subject = self.subject(number, &mut dice);
        let body = match weighted(&self.formats, subject) {
            0 => gitleaks(subject, number),
            1 => trufflehog(subject, number),
            2 => github(subject, number),
            _ => security_hub(subject, number),
        };
        body.to_string()
    }

    fn subject(&self, number: u64, dice: &mut Dice) -> u64 {
        let chance = dice.below(100);
        if chance < self.hot {
            dice.below(self.hot_subjects.max(1))
        } else if chance < self.hot + self.repeats {
            dice.below(number.max(1))
        } else {
            number
        }
    }
}

/// A format by its weight: always the same one for a subject.
fn weighted(weights: &[u64; 4], subject: u64) -> usize {
    let mut left = Dice(subject ^ 0x5bd1_e995).below(weights.iter().sum::<u64>().max(1));
    for (format, weight) in weights.iter().enumerate() {
        if left < *weight {
            return format;
        }
        left -= weight;
    }
    0
}

fn letters(subject: u64, count: usize) -> String {
    let mut dice = Dice(subject.wrapping_mul(31) + 7);
    (0..count)
        .map(|_| char::from(LETTERS[dice.below(62) as usize]))
        .collect()
}

fn path(number: u64) -> String {
    format!("services/billing/src/load-{number}/resources/application-production.properties")
}

fn gitleaks(subject: u64, number: u64) -> Value {
    let (secret, path) = (letters(subject, 40), path(number));
    json!({
        "RuleID": "generic-api-key",
        "Description": "Detected a Generic API Key, potentially exposing access to various services and sensitive operations.",
        "StartLine": 41, "EndLine": 41, "StartColumn": 18, "EndColumn": 71,
        "Match": format!("api_key = \"{secret}\""), "Secret": secret, "File": path, "SymlinkFile": "",
        "Commit": COMMIT, "Entropy": 4.684183, "Author": "Maria Jensen", "Email": "maria.jensen@acme.example",
        "Date": "2026-01-14T09:12:44Z",
        "Message": "Add the connection to the new billing backend\n\nThe old one stays for a week.",
        "Tags": [], "Fingerprint": format!("{COMMIT}:{path}:generic-api-key:41"),
        "Link": format!("https://github.com/acme/billing/blob/{COMMIT}/{path}#L41"),
    })
}

fn trufflehog(subject: u64, number: u64) -> Value {
    json!({
        "SourceMetadata": { "Data": { "Git": {
            "commit": COMMIT, "file": path(number), "email": "Maria Jensen <maria.jensen@acme.example>",
            "repository": "https://github.com/acme/billing.git", "timestamp": "2026-01-14 09:12:44 +0000", "line": 41 } } },
        "SourceID": 1, "SourceType": 16, "SourceName": "trufflehog - git", "DetectorType": 8, "DetectorName": "Gitlab",
        "DetectorDescription": "GitLab is a platform for version control and software development. Tokens give access to repositories.",
        "DecoderName": "PLAIN", "Verified": false, "VerificationFromCache": false,
        "VerificationError": "the verifier did not answer",
        "Raw": format!("glpat-{}", letters(subject, 20)), "RawV2": "", "Redacted": "",
        "ExtraData": { "rotation_guide": "https://howtorotate.com/docs/tutorials/gitlab/", "version": "2" },
        "StructuredData": null,
    })
}

fn github(subject: u64, number: u64) -> Value {
    let api = "https://api.github.com/repos/acme/billing";
    json!({
        "number": number, "created_at": "2026-01-14T09:12:44Z", "updated_at": "2026-01-14T09:12:44Z",
        "url": format!("{api}/secret-scanning/alerts/{number}"),
        "html_url": format!("https://github.com/acme/billing/security/secret-scanning/{number}"),
        "locations_url": format!("{api}/secret-scanning/alerts/{number}/locations"),
        "state": "open", "resolution": null, "resolved_at": null, "resolved_by": null, "resolution_comment": null,
        "secret_type": "adafruit_io_key", "secret_type_display_name": "Adafruit IO Key",
        "secret": format!("aio_{}", letters(subject, 28)), "validity": "unknown",
        "publicly_leaked": false, "multi_repo": false, "push_protection_bypassed": false,
        "first_location_detected": { "path": path(number), "start_line": 41, "end_line": 41, "start_column": 1,
            "end_column": 41, "blob_sha": COMMIT, "commit_sha": COMMIT, "commit_url": format!("{api}/git/commits/{COMMIT}") },
        "has_more_locations": false,
    })
}

fn security_hub(subject: u64, number: u64) -> Value {
    let arn = format!("arn:aws:iam::123456789012:user/service-{subject}");
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("arn:aws:securityhub:eu-west-1:123456789012:security-control/IAM.3/finding/load-{number}"),
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "ProductName": "Security Hub", "CompanyName": "AWS", "Region": "eu-west-1",
        "GeneratorId": "security-control/IAM.3", "AwsAccountId": "123456789012",
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "CreatedAt": "2026-01-14T09:12:44.000Z", "UpdatedAt": "2026-01-14T09:12:44.000Z",
        "Severity": { "Label": "MEDIUM", "Normalized": 40 },
        "Title": "IAM users' access keys should be rotated every 90 days or less",
        "Description": "This control checks whether the active access keys are rotated within 90 days.",
        "Resources": [{ "Type": "AwsIamUser", "Id": arn, "Partition": "aws", "Region": "eu-west-1" }],
        "Compliance": { "Status": "FAILED", "SecurityControlId": "IAM.3" },
        "Workflow": { "Status": "NEW" }, "WorkflowState": "NEW", "RecordState": "ACTIVE",
    })
}
