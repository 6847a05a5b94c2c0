//! Seeded raw alerts of three formats, and what each of them must become.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// One in so many alerts is a broken document, one a report with a bad result, one an empty report.
const POISON_EVERY: u64 = 25;

/// A raw alert and its fate.
#[derive(Debug, Clone)]
pub struct Alert {
    /// The document, one line.
    pub value: String,
    /// Results that become findings, by their index.
    pub findings: Vec<u32>,
    /// Dead letters: of a result by its index, or of the whole document.
    pub letters: Vec<Option<u32>>,
}

/// Raw alerts by their Kafka key, which is unique.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    /// In the order in which they are published.
    pub by_key: BTreeMap<String, Alert>,
    subjects: BTreeSet<u64>,
}

impl Alerts {
    /// `count` alerts about at most `subjects` subjects, a third of them about one; the same for the same `seed`.
    pub fn generate(seed: u64, count: u32, subjects: u64) -> Self {
        let mut dice = Dice(seed);
        let mut alerts = Self::default();
        for number in 0..count {
            let alert = alerts.draw(&mut dice, subjects);
            alerts.by_key.insert(format!("a-{seed}-{number:06}"), alert);
        }
        alerts
    }

    /// Findings that must come of them.
    pub fn findings(&self) -> usize {
        self.by_key.values().map(|alert| alert.findings.len()).sum()
    }

    /// Dead letters that must come of them.
    pub fn letters(&self) -> usize {
        self.by_key.values().map(|alert| alert.letters.len()).sum()
    }

    /// Tasks that must come of them: one per subject, since each is seen with one issue type only.
    pub fn tasks(&self) -> usize {
        self.subjects.len()
    }

    /// These and those.
    pub fn extend(&mut self, more: &Self) {
        self.by_key.extend(more.by_key.clone());
        self.subjects.extend(&more.subjects);
    }

    /// As Java's console producer takes them: headers, key, value.
    pub fn lines(&self) -> String {
        let line = |(key, alert): (&String, &Alert)| format!("from:chaos\t{key}\t{}\n", alert.value);
        self.by_key.iter().map(line).collect()
    }

    fn draw(&mut self, dice: &mut Dice, subjects: u64) -> Alert {
        let subject = if dice.below(3) == 0 {
            0
        } else {
            dice.below(subjects)
        };
        match dice.below(POISON_EVERY) {
            0 => whole_letter(),
            1 => {
                self.subjects.insert(subject);
                with_a_bad_neighbor(subject)
            }
            2 => empty(),
            3 => {
                let other = dice.below(subjects);
                self.subjects.extend([subject, other]);
                report(&[subject, other])
            }
            _ => {
                self.subjects.insert(subject);
                single(subject, dice.below(2) == 0)
            }
        }
    }
}

fn whole_letter() -> Alert {
    Alert {
        value: r#"{"RuleID":"generic-api-key","Secret":"cut off"#.to_owned(),
        findings: Vec::new(),
        letters: vec![None],
    }
}

fn empty() -> Alert {
    Alert {
        value: "[]".to_owned(),
        findings: Vec::new(),
        letters: Vec::new(),
    }
}

fn single(subject: u64, verified: bool) -> Alert {
    let value = match subject % 3 {
        2 => json!({ "Findings": [security_hub(subject)] }),
        _ if verified => trufflehog(subject),
        _ => gitleaks(subject),
    };
    findings(&value, vec![0])
}

/// A report of two results; Security Hub's subjects have their own envelope, so there is one gitleaks report for each.
fn report(subjects: &[u64]) -> Alert {
    let results: Vec<Value> = subjects.iter().map(|subject| result(*subject)).collect();
    let indexes = (0..).take(results.len()).collect();
    findings(&Value::Array(results), indexes)
}

fn result(subject: u64) -> Value {
    if subject % 3 == 2 {
        security_hub(subject)
    } else {
        gitleaks(subject)
    }
}

fn with_a_bad_neighbor(subject: u64) -> Alert {
    let value = if subject % 3 == 2 {
        json!({ "Findings": [security_hub(subject), { "SchemaVersion": "2018-10-08", "Id": "x" }] })
    } else {
        let mut bad = gitleaks(subject);
        bad["Secret"] = json!(17);
        json!([gitleaks(subject), bad])
    };
    Alert {
        letters: vec![Some(1)],
        ..findings(&value, vec![0])
    }
}

fn findings(value: &Value, findings: Vec<u32>) -> Alert {
    Alert {
        value: value.to_string(),
        findings,
        letters: Vec::new(),
    }
}

/// No format that can be verified offline, so that the value's hash is its key.
fn secret(subject: u64) -> String {
    let mut dice = Dice(subject.wrapping_mul(7919) + 11);
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    let mut letter = || char::from(LETTERS[dice.below(LETTERS.len() as u64) as usize]);
    (0..28).map(|_| letter()).collect()
}

fn gitleaks(subject: u64) -> Value {
    let secret = secret(subject);
    json!({
        "RuleID": "generic-api-key", "Description": "Generic API Key",
        "StartLine": 3, "EndLine": 3, "StartColumn": 1, "EndColumn": 30,
        "Match": format!("key = {secret}"), "Secret": secret, "File": format!("app/{subject}.py"), "SymlinkFile": "",
        "Commit": "7c1e5a90d2b34f86a1c0e9d8b7f65a4c3d2e1f00", "Entropy": 4.1, "Author": "Ana Ruiz",
        "Email": "ana.ruiz@example.com", "Date": "2026-09-02T08:11:00Z", "Message": "settings", "Tags": [],
        "Fingerprint": format!("app/{subject}.py:generic-api-key:3"),
    })
}

fn trufflehog(subject: u64) -> Value {
    json!({
        "SourceMetadata": { "Data": { "Git": {
            "repository": "https://github.com/acme/payments.git", "file": format!("app/{subject}.py"), "line": 3,
            "commit": "7c1e5a90d2b34f86a1c0e9d8b7f65a4c3d2e1f00", "timestamp": "2026-09-02 08:11:00 +0000",
        } } },
        "SourceID": 1, "SourceType": 16, "SourceName": "trufflehog - git", "DetectorType": 900,
        "DetectorName": "Payments", "DecoderName": "PLAIN", "Verified": true, "Raw": secret(subject), "RawV2": "",
        "Redacted": "", "ExtraData": null, "StructuredData": null,
    })
}

fn security_hub(subject: u64) -> Value {
    let now = jiff::Timestamp::now().to_string();
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("arn:aws:securityhub:eu-west-1:123456789012:security-control/IAM.2/finding/{subject}"),
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub", "ProductName": "Security Hub",
        "Region": "eu-west-1", "GeneratorId": "security-control/IAM.2", "AwsAccountId": "123456789012",
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "CreatedAt": now, "UpdatedAt": now, "Severity": { "Label": "LOW", "Normalized": 30 },
        "Title": "IAM users should not have IAM policies attached", "Description": "A policy is attached to a user",
        "Compliance": { "Status": "FAILED", "SecurityControlId": "IAM.2" }, "Workflow": { "Status": "NEW" },
        "RecordState": "ACTIVE",
        "Resources": [{
            "Type": "AwsIamUser", "Id": format!("arn:aws:iam::123456789012:user/build-{subject}"),
            "Partition": "aws", "Region": "eu-west-1",
        }],
    })
}

/// splitmix64: small, seeded, the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(
    /// The seed.
    pub u64,
);

impl Dice {
    /// A number from 0 to `end`, exclusive.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_fates_and_secrets_again() {
        let fates = |alerts: &Alerts| (alerts.findings(), alerts.letters(), alerts.tasks());
        assert_eq!(
            fates(&Alerts::generate(7, 500, 50)),
            fates(&Alerts::generate(7, 500, 50))
        );
        assert_eq!(secret(4), secret(4));
        assert_ne!(secret(4), secret(5));
    }

    #[test]
    fn every_kind_of_fate_occurs() {
        let alerts = Alerts::generate(1, 500, 50);
        let some = |wanted: fn(&Alert) -> bool| alerts.by_key.values().any(wanted);
        assert!(some(|alert| alert.letters == [None]));
        assert!(some(|alert| alert.letters == [Some(1)] && alert.findings == [0]));
        assert!(some(|alert| alert.findings == [0, 1]));
        assert!(some(|alert| alert.findings.is_empty() && alert.letters.is_empty()));
        assert_eq!(alerts.tasks(), 50);
    }
}
