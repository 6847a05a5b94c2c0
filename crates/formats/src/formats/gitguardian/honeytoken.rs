//! A honeytoken of GitGuardian that somebody has used: a detection, whose key is to be left where it lies.

use std::borrow::Cow;

use reeve_domain::observation::IssueType;
use reeve_domain::reject::{DropReason, Reject};
use reeve_domain::secret::ValueHints;

use super::super::leak;
use crate::draft::{Draft, Place, Problem, Reading, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

pub(super) fn is_webhook(json: &Json<'_>) -> bool {
    json.get("honeytoken").is_object()
}

/// A honeytoken as the API lists it, used or not.
pub(super) fn is_listed(json: &Json<'_>) -> bool {
    json.has_all(&["gitguardian_url", "open_events_count", "token", "status"])
}

/// One that nobody has used lies where it was put, and one that was revoked lures nobody any more.
pub(super) fn read_listed<'d>(json: &'d Json<'d>) -> Result<Reading<'d>, Reject> {
    match json.get("status").text() {
        Some("triggered") => read(json, &["id"]),
        _ => Ok(Reading::Dropped(DropReason::NoStatement)),
    }
}

pub(super) fn read_webhook<'d>(json: &'d Json<'d>) -> Result<Reading<'d>, Reject> {
    read(json, &["honeytoken", "id"])
}

/// The key itself where the event carries it; its secret half is withheld in any case.
fn read<'d>(json: &'d Json<'d>, id: &[&str]) -> Result<Reading<'d>, Reject> {
    let honeytoken = json.at(&id[..id.len() - 1]);
    let token = honeytoken.get("token");
    let (key_id, half) = (
        leak::text(token.get("access_token_id")),
        leak::text(token.get("secret_key")),
    );
    let reference = match json.at(id).scalar() {
        Some(reference) => reference,
        None => json.require_text(id)?.into(),
    };
    let kind = honeytoken.get("type").text().unwrap_or("unknown");
    let source = SourceOf {
        rule: format!("honeytoken {kind}").into(),
        serial: reference.clone(),
        reference,
        url: leak::text(honeytoken.get("gitguardian_url")),
        ..SourceOf::default()
    };
    let secrets: Vec<Cow<'d, str>> = key_id.clone().into_iter().chain(half.clone()).collect();
    let subject = match key_id {
        Some(value) => SubjectOf::Value {
            value,
            half,
            hints: ValueHints::default(),
            otherwise: None,
        },
        None => SubjectOf::Place,
    };
    let name = honeytoken.get("name").text().unwrap_or("without a name");
    let draft = Draft {
        place: Place {
            resource: leak::text(honeytoken.get("gitguardian_url")),
            ..Place::default()
        },
        times: Times {
            first_detected_at: time::of(honeytoken.get("triggered_at")),
            observed_at: time::first_of([
                json.at(&["event", "triggered_at"]),
                json.get("timestamp"),
                honeytoken.get("triggered_at"),
            ]),
            ..Times::default()
        },
        problem: Some(Problem {
            honeytoken: true,
            ..Problem::new(IssueType::HoneytokenTriggered, format!("Honeytoken used: {name}"))
        }),
        ..Draft::new(subject, source)
    };
    Ok(Reading::observed(secrets, vec![draft]))
}
