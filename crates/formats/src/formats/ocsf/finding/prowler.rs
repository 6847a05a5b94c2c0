//! Findings of Prowler in its own JSON.

use super::{Finding, NONE};
use crate::draft::{Record, Times};
use crate::formats::ocsf::subject::{Cloud, Resource};
use crate::{severity, time};

/// Checks of users, whose resource has the type of the whole directory or none.
const OF_USERS: &[&str] = &[
    "entra_privileged_user_has_mfa",
    "entra_non_privileged_user_has_mfa",
    "entra_user_with_vm_access_has_mfa",
    "entra_users_mfa_capable",
];

/// What a check calls its resource, where the check says it better.
pub(super) fn kind_of<'d>(rule: &str, declared: &'d str) -> &'d str {
    match declared {
        "" | "microsoft.aadiam/tenants" if OF_USERS.contains(&rule) => "#microsoft.graph.user",
        declared => declared,
    }
}

impl<'d> Finding<'d> {
    /// Prowler 2, whose keys are words for people.
    pub(in crate::formats::ocsf) fn of_prowler_2(record: &Record<'d>) -> Self {
        let json = record.json();
        let text = |name: &str| -> &'d str { json.get(name).text().unwrap_or_default() };
        let (control, account) = (text("Control"), text("Account Number"));
        // `[check114] Ensure hardware MFA is enabled for the root account`
        let check = control.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (rule, title) = check.map_or((control, control), |(rule, title)| (rule, title.trim()));
        let is_root = title.to_ascii_lowercase().contains("root");
        let (id, kind) = match text("Resource ID") {
            _ if is_root => (account, "AwsAccountRoot"),
            arn if arn.starts_with("arn:") => (arn, "Other"),
            name => (name, user_named_in(text("Message"), name)),
        };
        Self {
            json,
            info: &NONE,
            class: 0,
            rule,
            title,
            id: "",
            status: text("Status"),
            severity: json
                .get("Severity")
                .text()
                .map(severity::of_word)
                .unwrap_or_default(),
            cloud: Cloud {
                account,
                provider: "aws",
                ..Cloud::default()
            },
            resources: vec![Resource {
                id,
                kind,
                name: id,
                namespace: "",
                region: json.get("Region").text(),
                details: &NONE,
            }],
            times: Times {
                observed_at: time::of(json.get("Timestamp")),
                ..Times::default()
            },
            tool: Some("Prowler"),
            url: json.get("Doc link").text(),
        }
    }

    pub(in crate::formats::ocsf) fn of_prowler(record: &Record<'d>) -> Self {
        let json = record.json();
        let text = |name: &str| -> &'d str { json.get(name).text().unwrap_or_default() };
        let id = match text("ResourceArn") {
            "" => text("ResourceId"),
            arn => arn,
        };
        let severity = json.get("Severity").text();
        Self {
            json,
            info: &NONE,
            class: 0,
            rule: json.get("CheckID").text().unwrap_or("unknown"),
            title: text("CheckTitle"),
            id: text("FindingUniqueId"),
            status: text("Status"),
            severity: severity.map(severity::of_word).unwrap_or_default(),
            cloud: Cloud {
                account: text("AccountId"),
                provider: text("Provider"),
                ..Cloud::default()
            },
            resources: vec![Resource {
                id,
                kind: text("ResourceType"),
                name: text("ResourceId"),
                namespace: "",
                region: json.get("Region").text(),
                details: &NONE,
            }],
            times: Times {
                observed_at: time::of(json.get("AssessmentStartTime")),
                ..Times::default()
            },
            tool: Some("Prowler"),
            url: json.at(&["Remediation", "Recommendation", "Url"]).text(),
        }
    }
}

/// A resource that the message calls a user is one: `… User ann has …`.
fn user_named_in(message: &str, name: &str) -> &'static str {
    let mut words = message.split_whitespace();
    let is_user = words.any(|word| word.eq_ignore_ascii_case("user")) && words.next() == Some(name);
    if is_user { "AwsIamUser" } else { "Other" }
}
