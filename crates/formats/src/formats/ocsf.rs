//! OCSF of any product (Prowler, Security Hub V2, a security lake) and Prowler's own JSON: one event a record.
//!
//! `PASS` is evidence for its own check; a muted, manual, archived or closed finding says nothing. Only resources that
//! are an identity, a credential or an entitlement count, except where the finding is about a secret: then it is the
//! place. Events of access management are evidence where they end something. Events of CloudTrail are read as such.

mod access;
mod finding;
pub(super) mod rules;
mod subject;

use reeve_domain::observation::{EvidenceLevel, IssueType, SourceSeverity, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use super::cloudtrail::lake;
use crate::draft::{Reading, Record, Report};
use crate::json::Json;
use crate::severity;
use finding::Finding;

/// OCSF, categories Findings and Identity & Access Management.
pub(super) const OCSF: Format = Format {
    id: "ocsf",
    version: 5,
    tool: "ocsf",
    names: &[
        "class_uid",
        "metadata",
        "finding_info",
        "resources",
        "CheckID",
        "Status",
        "findings",
        "Findings",
    ],
    statements: &[
        (Statement::PrivilegeReduced, EvidenceLevel::E3),
        (Statement::Rotated, EvidenceLevel::E3),
        (Statement::Disabled, EvidenceLevel::E3),
        (Statement::RemovedFromSource, EvidenceLevel::E3),
        // Said by events of access management alone, which are what a provider logged.
        (Statement::Deleted, EvidenceLevel::E2),
        (Statement::Active, EvidenceLevel::E3),
    ],
    detect: |json| is_mine(json) || listed(json).iter().any(is_event),
    records: |json| match is_mine(json) {
        true => Ok(Report::one(json)),
        false => Ok(Report::of(listed(json).iter())),
    },
    read,
};

fn is_mine(json: &Json<'_>) -> bool {
    is_event(json) || is_native(json) || is_native_2(json)
}

/// An event or an answer of Security Hub's second version.
fn listed<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    match json.get("findings") {
        Json::Array(findings) => findings,
        _ => json.get("Findings").elements(),
    }
}

fn is_event(json: &Json<'_>) -> bool {
    json.has("class_uid") && json.get("metadata").is_object() && !lake::is_event(json)
}

/// Prowler 3.
fn is_native(json: &Json<'_>) -> bool {
    json.has_all(&["CheckID", "FindingUniqueId", "Status"])
}

/// Prowler 2.
fn is_native_2(json: &Json<'_>) -> bool {
    json.has_all(&["Account Number", "Control", "Control ID", "Status"])
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let class = json.get("class_uid").unsigned().unwrap_or_default();
    if is_native_2(json) {
        return Ok(read_finding(&Finding::of_prowler_2(record)));
    }
    Ok(match (is_native(json), class / 1_000) {
        (true, _) => read_finding(&Finding::of_prowler(record)),
        (false, 0 | 2) => read_finding(&Finding::of_event(record)),
        (false, 3) => access::read(record, class),
        _ => Reading::Dropped(DropReason::NotIdentityRelevant),
    })
}

fn read_finding<'d>(finding: &Finding<'d>) -> Reading<'d> {
    let meaning = finding.meaning();
    if meaning == Some(None) {
        return Reading::Dropped(DropReason::NotIdentityRelevant);
    }
    let passes = match finding.passes() {
        Ok(passes) => passes,
        Err(reason) => return Reading::Dropped(reason),
    };
    let issue_type = meaning.flatten().unwrap_or(IssueType::AccessUnreviewed);
    let subjects = finding.subjects(issue_type);
    let drafts = subjects
        .into_iter()
        .map(|accused| finding.draft(accused, issue_type, meaning.is_none(), passes));
    Reading::observed(Vec::new(), drafts.collect())
}

fn severity_of(json: &Json<'_>) -> SourceSeverity {
    let word = match json.get("severity_id").unsigned() {
        Some(1) => Some("Informational"),
        Some(2) => Some("Low"),
        Some(3) => Some("Medium"),
        Some(4) => Some("High"),
        Some(5) => Some("Critical"),
        Some(6) => Some("Fatal"),
        _ => json.get("severity").text(),
    };
    word.map(severity::of_word).unwrap_or_default()
}
