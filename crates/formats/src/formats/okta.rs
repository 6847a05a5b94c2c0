//! Okta's System Log: what it detects are findings, what its administrators end is evidence.
//!
//! The subject may stand in `target` alone, and an actor may be an address. A failed event proves nothing. Which
//! organization it is of only event hooks and some events say; Okta never gives an id twice, so the key without it is
//! the same subject's.

use std::borrow::Cow;

use reeve_domain::key::{KeyError, Resolved, Strength, okta};
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, SourceSeverity, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Also, Draft, Found, Named, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

/// Events of the System Log.
pub(super) const OKTA: Format = Format {
    id: "okta-systemlog",
    version: 2,
    tool: "Okta",
    names: &[
        "eventType",
        "published",
        "actor",
        "target",
        "outcome",
        "data",
        "events",
    ],
    statements: &[
        (Statement::Deleted, EvidenceLevel::E2),
        (Statement::Disabled, EvidenceLevel::E2),
        (Statement::Active, EvidenceLevel::E2),
        (Statement::PrivilegeReduced, EvidenceLevel::E2),
    ],
    detect: |json| is_event(json) || hooked(json).iter().any(is_event),
    records: |json| match is_event(json) {
        true => Ok(Report::one(json)),
        false => Ok(of_hook(json)),
    },
    read,
};

fn is_event(json: &Json<'_>) -> bool {
    let name = json.get("eventType").text();
    name.is_some_and(|name| name.contains('.')) && MARKS.iter().filter(|mark| json.has(mark)).count() >= 3
}

/// The events that an event hook sends together.
fn hooked<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    json.at(&["data", "events"]).elements()
}

fn of_hook<'d>(hook: &'d Json<'d>) -> Report<'d> {
    let found = hooked(hook).iter().map(|json| Found {
        json,
        within: vec![hook],
        key: None,
    });
    Report {
        results: found.collect(),
        receipts: Vec::new(),
    }
}

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
        "security.breached_credential.detected",
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
    // A kind of factor is switched off for everybody; who did it is all that is known.
    (
        "system.mfa.factor.deactivate",
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
    (
        "app.oauth2.client.lifecycle.deactivate",
        "PublicClientApp",
        Says::Proof(Statement::Disabled),
    ),
    (
        "app.oauth2.client.lifecycle.activate",
        "PublicClientApp",
        Says::Proof(Statement::Active),
    ),
    (
        "app.oauth2.client.lifecycle.delete",
        "PublicClientApp",
        Says::Proof(Statement::Deleted),
    ),
    (
        "app.oauth2.credentials.lifecycle.create",
        "PublicClientApp",
        Says::Problem(IssueType::CredentialAdded),
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
        Some((_, kind, Says::Problem(issue))) if !failed || *issue == IssueType::SuspectedCompromise => {
            (*kind, Says::Problem(*issue))
        }
        Some((_, kind, says)) if !failed => (*kind, *says),
        _ if is_threat(json) => ("User", Says::Problem(IssueType::SuspectedCompromise)),
        _ => return Ok(Reading::Dropped(DropReason::NoStatement)),
    };
    let organization = organization(json, &record.found.within);
    let drafts = subjects(json, kind).into_iter().map(|one| Draft {
        also: without_organization(one, organization),
        ..draft(json, name, named(one, organization), says)
    });
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

fn is_threat(json: &Json<'_>) -> bool {
    json.at(&["debugContext", "debugData", "threatSuspected"]).bool() == Some(true)
}

/// The host of the hook that sent the event, or of Okta's own page that it came from; empty where neither is there.
fn organization<'d>(json: &'d Json<'d>, within: &[&'d Json<'d>]) -> &'d str {
    let of_hook = within.first().and_then(|hook| hook.get("source").text());
    let of_page = json.at(&["debugContext", "debugData", "origin"]).text();
    let hosts = [of_hook, of_page].into_iter().flatten();
    let mut hosts = hosts.filter_map(|page| page.split_once("://")?.1.split('/').next());
    hosts
        .find(|host| DOMAINS.iter().any(|domain| host.ends_with(domain)))
        .unwrap_or_default()
}

/// Under which every organization has its host.
const DOMAINS: &[&str] = &[".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com"];

fn subjects<'d>(json: &'d Json<'d>, kind: &str) -> Vec<&'d Json<'d>> {
    let is_kind = |one: &&Json<'_>| one.get("type").text() == Some(kind);
    let targets: Vec<_> = json.get("target").elements().iter().filter(is_kind).collect();
    let actor = Some(json.get("actor")).filter(is_kind);
    if targets.is_empty() {
        actor.into_iter().collect()
    } else {
        targets
    }
}

/// The key without the organization, where the subject's own has one.
fn without_organization<'d>(one: &'d Json<'d>, organization: &str) -> Vec<Also<'d>> {
    let is_id = one
        .get("id")
        .text()
        .is_some_and(|id| id.len() == 20 && id.starts_with('0'));
    match is_id && !organization.is_empty() {
        true => vec![Also::Alias(Strength::Strong, named(one, ""))],
        false => Vec::new(),
    }
}

fn named<'d>(one: &'d Json<'d>, organization: &'d str) -> Named<'d> {
    let text = |field: &str| -> &'d str {
        one.get(field)
            .text()
            .filter(|text| *text != "unknown")
            .unwrap_or_default()
    };
    Named::new(
        [text("type"), text("id"), text("alternateId"), organization],
        build,
    )
}

fn build(texts: &[&str]) -> Result<Resolved, KeyError> {
    let known = |text: &'_ str| !text.is_empty();
    let login = Some(texts[2]).filter(|login| known(login));
    let organization = Some(texts[3]).filter(|name| known(name));
    match (texts[0], texts[1]) {
        ("User", "") => okta::login(organization, login.ok_or(KeyError::NotASubject)?),
        ("User", id) => okta::user(organization, id, login),
        ("AppInstance" | "PublicClientApp", id) => okta::app(organization, id),
        ("Token", id) => okta::token(organization, id),
        _ => Err(KeyError::NotASubject),
    }
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
