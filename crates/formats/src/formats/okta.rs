//! Okta's System Log: what it detects are findings, what its administrators end is evidence.
//!
//! The subject may stand in `target` alone, and an actor may be an address. A failed event proves nothing.

use std::borrow::Cow;

use reeve_domain::key::{KeyError, okta};
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, SourceSeverity, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Draft, Named, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

/// Events of the System Log.
pub(super) const OKTA: Format = Format {
    id: "okta-systemlog",
    version: 1,
    tool: "Okta",
    names: &["eventType", "published", "actor", "target", "outcome"],
    statements: &[
        (Statement::Deleted, EvidenceLevel::E2),
        (Statement::Disabled, EvidenceLevel::E2),
        (Statement::Active, EvidenceLevel::E2),
        (Statement::PrivilegeReduced, EvidenceLevel::E2),
    ],
    detect: |json| {
        let is_event = json
            .get("eventType")
            .text()
            .is_some_and(|name| name.contains('.'));
        is_event && MARKS.iter().filter(|mark| json.has(mark)).count() >= 3
    },
    records: |json| Ok(Report::one(json)),
    read,
};

/// Some of which every event has, though none has all.
const MARKS: &[&str] = &[
    "published",
    "actor",
    "legacyEventType",
    "uuid",
    "target",
    "client",
];

/// What an event says of a subject.
#[derive(Clone, Copy)]
enum Says {
    Problem(IssueType),
    Proof(Statement),
}

/// Event, the kind of target that it is about, what it says. The actor is the subject where there is no such target.
const EVENTS: &[(&str, &str, Says)] = &[
    (
        "security.threat.detected",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    (
        "user.account.report_suspicious_activity_by_enduser",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    (
        "user.risk.detect",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    (
        "user.session.impersonation.grant",
        "User",
        Says::Problem(IssueType::HumanUse),
    ),
    (
        "user.session.impersonation.initiate",
        "User",
        Says::Problem(IssueType::HumanUse),
    ),
    (
        "user.account.privilege.grant",
        "User",
        Says::Problem(IssueType::OverPrivileged),
    ),
    (
        "user.mfa.factor.deactivate",
        "User",
        Says::Problem(IssueType::WeakAuthentication),
    ),
    (
        "user.mfa.factor.reset_all",
        "User",
        Says::Problem(IssueType::WeakAuthentication),
    ),
    (
        "user.mfa.attempt_bypass",
        "User",
        Says::Problem(IssueType::WeakAuthentication),
    ),
    (
        "system.api_token.create",
        "Token",
        Says::Problem(IssueType::CredentialAdded),
    ),
    (
        "system.api_token.revoke",
        "Token",
        Says::Proof(Statement::Deleted),
    ),
    (
        "user.lifecycle.deactivate",
        "User",
        Says::Proof(Statement::Disabled),
    ),
    ("user.lifecycle.suspend", "User", Says::Proof(Statement::Disabled)),
    ("user.lifecycle.activate", "User", Says::Proof(Statement::Active)),
    (
        "user.lifecycle.reactivate",
        "User",
        Says::Proof(Statement::Active),
    ),
    ("user.lifecycle.unsuspend", "User", Says::Proof(Statement::Active)),
    (
        "user.lifecycle.delete.completed",
        "User",
        Says::Proof(Statement::Deleted),
    ),
    (
        "user.account.privilege.revoke",
        "User",
        Says::Proof(Statement::PrivilegeReduced),
    ),
    (
        "application.lifecycle.deactivate",
        "AppInstance",
        Says::Proof(Statement::Disabled),
    ),
    (
        "application.lifecycle.activate",
        "AppInstance",
        Says::Proof(Statement::Active),
    ),
    (
        "application.lifecycle.delete",
        "AppInstance",
        Says::Proof(Statement::Deleted),
    ),
];

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let name = json.require_text(&["eventType"])?;
    let known = EVENTS.iter().find(|(event, ..)| *event == name);
    let failed = matches!(
        json.at(&["outcome", "result"]).text(),
        Some("FAILURE" | "DENY" | "SKIPPED")
    );
    let (kind, says) = match known {
        Some((_, kind, Says::Problem(issue))) => (*kind, Says::Problem(*issue)),
        Some((_, kind, says)) if !failed => (*kind, *says),
        _ if is_threat(json) => ("User", Says::Problem(IssueType::SuspectedCompromise)),
        _ => return Ok(Reading::Dropped(DropReason::NoStatement)),
    };
    let drafts = subjects(json, kind)
        .into_iter()
        .map(|named| draft(json, name, named, says));
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

fn is_threat(json: &Json<'_>) -> bool {
    json.at(&["debugContext", "debugData", "threatSuspected"]).bool() == Some(true)
}

fn subjects<'d>(json: &'d Json<'d>, kind: &str) -> Vec<Named<'d>> {
    let is_kind = |one: &&Json<'_>| one.get("type").text() == Some(kind);
    let targets: Vec<_> = json.get("target").elements().iter().filter(is_kind).collect();
    let actor = Some(json.get("actor")).filter(is_kind);
    let meant = if targets.is_empty() {
        actor.into_iter().collect()
    } else {
        targets
    };
    meant.into_iter().map(named).collect()
}

fn named<'d>(one: &'d Json<'d>) -> Named<'d> {
    let text = |field: &str| -> &'d str {
        one.get(field)
            .text()
            .filter(|text| *text != "unknown")
            .unwrap_or_default()
    };
    Named::new([text("type"), text("id"), text("alternateId")], |texts| {
        let login = Some(texts[2]).filter(|login| !login.is_empty());
        match (texts[0], texts[1]) {
            ("User", "") => okta::login(None, login.ok_or(KeyError::NotASubject)?),
            ("User", id) => okta::user(None, id, login),
            ("AppInstance", id) => okta::app(None, id),
            ("Token", id) => okta::token(None, id),
            _ => Err(KeyError::NotASubject),
        }
    })
}

fn draft<'d>(json: &'d Json<'d>, name: &'d str, named: Named<'d>, says: Says) -> Draft<'d> {
    let id = json.get("uuid").text().unwrap_or_default();
    let source = SourceOf {
        rule: name.into(),
        reference: id.into(),
        serial: Cow::Borrowed(""),
        ..SourceOf::default()
    };
    let draft = Draft {
        times: Times {
            observed_at: time::of(json.get("published")),
            ..Times::default()
        },
        ..Draft::new(SubjectOf::Named(named), source)
    };
    match says {
        Says::Proof(statement) => Draft {
            statements: vec![(statement, scope(name))],
            ..draft
        },
        Says::Problem(issue_type) => Draft {
            problem: Some(Problem {
                severity: severity_of(json.get("severity")),
                ..Problem::new(issue_type, json.get("displayMessage").text().unwrap_or(name))
            }),
            ..draft
        },
    }
}

/// One privilege less is not every privilege: it closes only what its grant had opened.
fn scope(name: &str) -> EvidenceScope {
    match name {
        "user.account.privilege.revoke" => EvidenceScope::Rule("user.account.privilege.grant".to_owned()),
        _ => EvidenceScope::WholeSubject,
    }
}

fn severity_of(json: &Json<'_>) -> SourceSeverity {
    let score = match json.text() {
        Some("ERROR") => 60,
        Some("WARN") => 50,
        Some("INFO") => 20,
        Some("DEBUG") => 10,
        Some(word) => return crate::severity::of_word(word),
        None => return SourceSeverity::default(),
    };
    SourceSeverity {
        label: json.text().unwrap_or_default().to_owned(),
        score,
    }
}
