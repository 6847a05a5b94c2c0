//! Events of OCSF's category Identity & Access Management: what ends an account is evidence, what weakens it a finding.

use std::borrow::Cow;

use reeve_domain::observation::{IssueType, Statement};
use reeve_domain::reject::DropReason;

use super::severity_of;
use super::subject::{Cloud, Resource, of_account, of_user};
use crate::draft::{Draft, Named, Problem, Reading, Record, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

/// What an activity says of its user or entity.
#[derive(Clone, Copy)]
enum Says {
    Proof(Statement),
    ProofFor(Statement, IssueType),
    Problem(IssueType),
}

/// Account Change, its successor User Management, and Entity Management: class, activity, what it says. What grants or
/// takes a single right does not say which finding it ends.
const ACTIVITIES: &[(u64, u64, Says)] = &[
    (3001, 2, Says::Proof(Statement::Active)),
    (3001, 5, Says::Proof(Statement::Disabled)),
    (3001, 6, Says::Proof(Statement::Deleted)),
    (3001, 10, MFA_ENABLED),
    (3001, 11, Says::Problem(IssueType::WeakAuthentication)),
    (3004, 4, Says::Proof(Statement::Deleted)),
    (3007, 3, Says::Proof(Statement::Deleted)),
    (3007, 4, Says::Proof(Statement::Active)),
    (3007, 5, Says::Proof(Statement::Disabled)),
    (3007, 12, MFA_ENABLED),
    (3007, 13, Says::Problem(IssueType::WeakAuthentication)),
];

const MFA_ENABLED: Says = Says::ProofFor(Statement::PrivilegeReduced, IssueType::WeakAuthentication);

pub(super) fn read<'d>(record: &Record<'d>, class: u64) -> Reading<'d> {
    let json = record.json();
    let activity = json.get("activity_id").unsigned();
    let known = ACTIVITIES
        .iter()
        .find(|(of, number, _)| *of == class && Some(*number) == activity);
    let says = match known {
        Some((_, _, says @ Says::Problem(_))) if !has_failed(json) => *says,
        Some((_, _, says)) if has_succeeded(json) => *says,
        _ => return Reading::Dropped(DropReason::NoStatement),
    };
    let cloud = Cloud::of(json, record.carried);
    let named = match (json.get("user"), json.get("entity")) {
        (user, _) if user.is_object() && matches!(says, Says::Problem(_)) => of_user(user, &cloud),
        (user, _) if user.is_object() => of_account(user, &cloud),
        (_, entity) => Resource::of(entity).named(&cloud),
    };
    Reading::observed(Vec::new(), vec![draft(json, named, says)])
}

/// What is wrong is wrong unless it was refused.
fn has_failed(json: &Json<'_>) -> bool {
    let status = json.get("status").text();
    json.get("status_id").unsigned() == Some(2)
        || status.is_some_and(|status| status.eq_ignore_ascii_case("Failure"))
}

/// What does not say how it ended proves nothing.
fn has_succeeded(json: &Json<'_>) -> bool {
    match json.get("status_id").unsigned() {
        Some(id) => id == 1,
        None => {
            let status = json.get("status").text();
            status.is_some_and(|status| status.eq_ignore_ascii_case("Success"))
        }
    }
}

fn draft<'d>(json: &'d Json<'d>, named: Named<'d>, says: Says) -> Draft<'d> {
    let operation = [
        json.at(&["api", "operation"]),
        json.get("activity_name"),
        json.get("type_name"),
    ];
    let operation = operation.into_iter().find_map(Json::text).unwrap_or("unknown");
    let id = json.at(&["metadata", "uid"]).text().unwrap_or_default();
    let source = SourceOf {
        tool: json
            .at(&["metadata", "product", "name"])
            .text()
            .map(Cow::Borrowed),
        rule: operation.into(),
        reference: id.into(),
        ..SourceOf::default()
    };
    let draft = Draft {
        times: Times {
            observed_at: time::first_of([json.get("time_dt"), json.get("time")]),
            ..Times::default()
        },
        ..Draft::new(SubjectOf::Named(named), source)
    };
    match says {
        Says::Proof(statement) => draft.proving(statement),
        Says::ProofFor(statement, issue_type) => draft.proving_for(statement, issue_type),
        Says::Problem(issue_type) => Draft {
            problem: Some(Problem {
                severity: severity_of(json),
                ..Problem::new(issue_type, json.get("message").text().unwrap_or(operation))
            }),
            ..draft
        },
    }
}
