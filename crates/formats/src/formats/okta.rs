//! Okta's System Log: what it detects are findings, what its administrators end is evidence.
//!
//! The subject may stand in `target` alone, and an actor may be an address. Only an event that says it has succeeded
//! proves something. Of administrators' rights one role is spoken of, never all. Which organization it is of the envelope says (a hook, a log stream), or a page of Okta's own that the event names; Okta
//! never gives an id twice, so the key without it is the same subject's. Lakes write every key in lower case.

mod events;
mod organization;
mod roles;

use std::borrow::Cow;

use reeve_domain::key::{KeyError, Resolved, Strength, okta};
use reeve_domain::observation::{EvidenceLevel, IssueType, SourceSeverity, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Also, Draft, Found, Named, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;
use events::{EVENTS, Says};

/// Events of the System Log.
pub(super) const OKTA: Format = Format {
    id: "okta-systemlog",
    version: 4,
    tool: "Okta",
    names: &[
        "eventType",
        "eventtype",
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
    let name = field(json, "eventType", "eventtype").text();
    name.is_some_and(|name| name.contains('.')) && MARKS.iter().filter(|mark| json.has(mark)).count() >= 3
}

/// A field by its name, or by its name in lower case.
fn field<'d>(json: &'d Json<'d>, name: &str, lower: &str) -> &'d Json<'d> {
    match json.get(name) {
        Json::Null => json.get(lower),
        value => value,
    }
}

/// What Okta says of an event besides what is the same in every event.
fn debug_data<'d>(json: &'d Json<'d>) -> &'d Json<'d> {
    field(json, "debugContext", "debugcontext").get("debugData")
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
    "legacyeventtype",
    "uuid",
    "target",
    "client",
];

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let name = match field(json, "eventType", "eventtype") {
        Json::Null => json.require_text(&["eventType"])?,
        name => name.text().unwrap_or_default(),
    };
    let known = EVENTS.iter().find(|(event, ..)| *event == name);
    let outcome = Outcome::of(json);
    let (kind, says) = match known {
        Some((_, kind, says)) if outcome.lets(*says) => (*kind, *says),
        _ if is_threat(json) => ("User", Says::Problem(IssueType::SuspectedCompromise)),
        _ => return Ok(Reading::Dropped(DropReason::NoStatement)),
    };
    let organization = organization::of(record);
    let drafts = subjects(json, kind).into_iter().map(|one| Draft {
        also: without_organization(one, &organization),
        ..draft(json, name, named(one, organization.clone()), says)
    });
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

/// How an event ended.
enum Outcome {
    Succeeded,
    /// It does not say.
    Unknown,
    /// It failed, or has not happened yet.
    Otherwise,
}

impl Outcome {
    fn of(json: &Json<'_>) -> Self {
        match json.at(&["outcome", "result"]).text() {
            Some("SUCCESS" | "ALLOW") => Self::Succeeded,
            None | Some("UNKNOWN") => Self::Unknown,
            Some(_) => Self::Otherwise,
        }
    }

    /// An attack that failed is one too.
    fn lets(&self, says: Says) -> bool {
        match (self, says) {
            (Self::Succeeded, _) | (_, Says::Problem(IssueType::SuspectedCompromise)) => true,
            (Self::Unknown, Says::Problem(_) | Says::Grant) => true,
            (Self::Unknown | Self::Otherwise, _) => false,
        }
    }
}

/// Okta suspects it itself, names what it detected, calls the risk high, or its own factor refused a phisher.
fn is_threat(json: &Json<'_>) -> bool {
    let data = debug_data(json);
    let detections = data.get("threatDetections");
    let named = detections
        .text()
        .is_some_and(|text| !text.trim_matches(['{', '}', '[', ']', ' ']).is_empty());
    let reason = json.at(&["outcome", "reason"]).text().unwrap_or_default();
    data.get("threatSuspected").bool() == Some(true)
        || named
        || !detections.entries().is_empty()
        || risk(json).is_some_and(|level| level == "HIGH")
        || reason.to_ascii_lowercase().contains("phishing attempt")
}

/// The level of risk, an object or text such as `{reasons=Anomalous Device, level=HIGH}`.
fn risk<'d>(json: &'d Json<'d>) -> Option<&'d str> {
    let risk = debug_data(json).get("risk");
    let written = || {
        let (_, level) = risk.text()?.split_once("level=")?;
        level.split([',', '}', ' ']).next()
    };
    risk.get("level").text().or_else(written)
}

/// The targets that the event is about, else the actor; a threat may come from an application.
fn subjects<'d>(json: &'d Json<'d>, kind: &str) -> Vec<&'d Json<'d>> {
    let is_kind = |one: &&Json<'_>| kind_of(one) == kind;
    let targets: Vec<_> = match json.get("target") {
        Json::Array(all) => all.iter().filter(is_kind).collect(),
        single => Some(single).filter(is_kind).into_iter().collect(),
    };
    let actor = json.get("actor");
    match targets.is_empty() {
        true if is_kind(&actor) || kind_of(actor) == "PublicClientApp" && kind == "User" => vec![actor],
        true => Vec::new(),
        false => targets,
    }
}

fn kind_of<'d>(one: &'d Json<'_>) -> &'d str {
    let kind = one.get("type").text().unwrap_or_default();
    kind.strip_suffix("Entity").unwrap_or(kind)
}

/// The key without the organization, where the subject's own has one.
fn without_organization<'d>(one: &'d Json<'d>, organization: &str) -> Vec<Also<'d>> {
    let is_id = one
        .get("id")
        .text()
        .is_some_and(|id| id.len() == 20 && id.starts_with('0'));
    match is_id && !organization.is_empty() {
        true => vec![Also::Alias(Strength::Strong, named(one, "".into()))],
        false => Vec::new(),
    }
}

fn named<'d>(one: &'d Json<'d>, organization: Cow<'d, str>) -> Named<'d> {
    let text = |field: &str| -> Cow<'d, str> {
        let text = one.get(field).text().filter(|text| *text != "unknown");
        text.unwrap_or_default().into()
    };
    Named {
        texts: vec![kind_of(one).into(), text("id"), text("alternateId"), organization],
        build,
    }
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
    let rule = match says {
        Says::Grant => roles::rule_of_grant(json),
        _ => name.into(),
    };
    let source = SourceOf {
        rule,
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
    let issue_type = match says {
        Says::Proof(statement) => return draft.proving(statement),
        Says::ProofFor(statement, issue_type) => return draft.proving_for(statement, issue_type),
        Says::Revocation => {
            let statements = roles::revoked(json);
            return Draft { statements, ..draft };
        }
        Says::Grant => IssueType::OverPrivileged,
        Says::Problem(issue_type) => issue_type,
    };
    let title = field(json, "displayMessage", "displaymessage").text();
    let problem = Problem {
        severity: severity_of(json),
        ..Problem::new(issue_type, title.unwrap_or(name))
    };
    Draft {
        problem: Some(problem),
        ..draft
    }
}

/// The level of risk says more than the level of the log.
fn severity_of(json: &Json<'_>) -> SourceSeverity {
    if let Some(level @ ("HIGH" | "MEDIUM")) = risk(json) {
        return crate::severity::of_word(level);
    }
    let json = json.get("severity");
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
