//! The audit log of Wiz itself: what is done to its service accounts and users.
//!
//! An answer is not kept, so that a service account that was just made is known by its name alone. A failed action
//! says nothing, and neither does one of which the log has blacked out the id.

use std::borrow::Cow;

use reeve_domain::key::{
    Case, Class, Confidence, KeyError, Resolved, Strength, SubjectKey, UNKNOWN_SCOPE, mail,
};
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, Statement};
use reeve_domain::reject::{DropReason, Reject};

use crate::draft::{Build, Draft, Named, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::formats::Format;
use crate::json::Json;
use crate::time;

/// Entries of Wiz's audit log, alone or as an answer of its interface.
pub(in crate::formats) const WIZ_AUDIT: Format = Format {
    id: "wiz-audit",
    version: 2,
    tool: "Wiz",
    names: &["action", "requestId", "actionParameters", "input", "status"],
    statements: &[
        (Statement::Deleted, EvidenceLevel::E2),
        (Statement::Rotated, EvidenceLevel::E2),
    ],
    detect: |json| is_entry(json) || super::nodes(json).iter().any(is_entry),
    records: |json| match is_entry(json) {
        true => Ok(Report::one(json)),
        false => Ok(Report::of(super::nodes(json).iter())),
    },
    read,
};

/// Lakes write every key in lower case.
fn is_entry(json: &Json<'_>) -> bool {
    json.has("action")
        && (json.has_all(&["requestId", "actionParameters"])
            || json.has_all(&["requestid", "actionparameters"]))
}

/// What an action says, and of what.
#[derive(Clone, Copy)]
enum Says {
    Proof(Statement),
    Problem(IssueType),
    /// Too much only if the role is one of administrators.
    IfAdministrator,
}

/// Action, the builder of its subject over id, name and address, what it says.
const ACTIONS: &[(&str, Build, Says)] = &[
    (
        "RotateServiceAccountSecret",
        service_account,
        Says::Proof(Statement::Rotated),
    ),
    (
        "DeleteServiceAccount",
        service_account,
        Says::Proof(Statement::Deleted),
    ),
    (
        "CreateServiceAccount",
        service_account,
        Says::Problem(IssueType::CredentialAdded),
    ),
    ("DeleteUser", own_user, Says::Proof(Statement::Deleted)),
    ("CreateUser", user, Says::IfAdministrator),
    ("UpdateUser", user, Says::IfAdministrator),
];

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let action = json.require_text(&["action"])?;
    let status = json.get("status").text().unwrap_or_default();
    let parameters = match json.get("actionParameters") {
        Json::Null => json.get("actionparameters"),
        parameters => parameters,
    };
    let known = ACTIONS.iter().find(|(name, ..)| *name == action);
    let Some((_, build, says)) = known.filter(|_| status.eq_ignore_ascii_case("success")) else {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    };
    let texts = [
        field(parameters, &["id", "ID"]),
        field(parameters, &["name"]),
        field(parameters, &["email"]),
    ];
    let role = field(parameters, &["role"]).to_ascii_uppercase();
    let is_named = texts.iter().any(|text| !text.is_empty());
    let draft = Draft {
        times: Times {
            observed_at: time::of(json.get("timestamp")),
            ..Times::default()
        },
        ..Draft::new(SubjectOf::Named(Named::new(texts, *build)), source(json, action))
    };
    let title = || format!("Wiz: {action}");
    let draft = match says {
        _ if !is_named => return Ok(Reading::Dropped(DropReason::NoStatement)),
        Says::Proof(statement) => Draft {
            statements: vec![(*statement, EvidenceScope::WholeSubject)],
            ..draft
        },
        Says::Problem(issue_type) => draft.having(*issue_type, title()),
        Says::IfAdministrator if role.contains("ADMIN") => Draft {
            problem: Some(Problem::new(IssueType::OverPrivileged, title())),
            ..draft
        },
        Says::IfAdministrator => return Ok(Reading::Dropped(DropReason::NoStatement)),
    };
    Ok(Reading::observed(Vec::new(), vec![draft]))
}

/// A parameter, of the input, of the patch in it, or bare; one that is blacked out is none.
fn field<'d>(parameters: &'d Json<'d>, names: &[&str]) -> &'d str {
    let input = parameters.get("input");
    let places = [input, input.get("patch"), input.get("override"), parameters];
    let texts = places
        .into_iter()
        .flat_map(|place| names.iter().filter_map(|name| place.get(name).text()));
    let is_shown = |text: &&str| !text.contains("...") && !text.contains('<') && !text.contains('*');
    texts.into_iter().find(is_shown).unwrap_or_default()
}

fn source<'d>(json: &'d Json<'d>, action: &'d str) -> SourceOf<'d> {
    let id = json.get("id").text().unwrap_or_default();
    SourceOf {
        rule: action.into(),
        reference: id.into(),
        serial: Cow::Borrowed(""),
        ..SourceOf::default()
    }
}

fn service_account(texts: &[&str]) -> Result<Resolved, KeyError> {
    match (texts[0], texts[1]) {
        ("", name) => named("login", name),
        (id, _) => named("service-account", id),
    }
}

fn user(texts: &[&str]) -> Result<Resolved, KeyError> {
    match (texts[0], texts[2]) {
        ("", address) => mail::person(address).map_err(|_| KeyError::NotASubject),
        (id, address) => {
            let resolved = named("user", id)?;
            Ok(match mail::key(address) {
                Ok(person) => resolved.with_alias(person, Strength::Weak),
                Err(_) => resolved,
            })
        }
    }
}

/// A user of Wiz itself: whom it has deleted may be alive everywhere else.
fn own_user(texts: &[&str]) -> Result<Resolved, KeyError> {
    match texts[0] {
        "" => Err(KeyError::NotASubject),
        _ => user(texts),
    }
}

/// Of which tenant of Wiz it is the log does not say.
fn named(kind: &str, id: &str) -> Result<Resolved, KeyError> {
    let key = SubjectKey::of(
        Class::Identity,
        "wiz",
        kind,
        &[UNKNOWN_SCOPE, id],
        Case::Sensitive,
    )?;
    Ok(Resolved::new(key, id, Confidence::Low))
}
