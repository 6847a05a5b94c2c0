//! A honeytoken of GitGuardian that somebody has used: a detection, whose key is to be left where it lies.

use std::borrow::Cow;

use reeve_domain::observation::IssueType;
use reeve_domain::reject::Reject;
use reeve_domain::secret::ValueHints;

use super::super::leak;
use crate::draft::{Draft, Place, Problem, Reading, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

pub(super) fn is_webhook(json: &Json<'_>) -> bool {
    json.get("honeytoken").is_object()
}

/// The key itself where the event carries it; its secret half is withheld in any case.
pub(super) fn read<'d>(json: &'d Json<'d>) -> Result<Reading<'d>, Reject> {
    let honeytoken = json.get("honeytoken");
    let token = honeytoken.get("token");
    let (id, half) = (
        leak::text(token.get("access_token_id")),
        leak::text(token.get("secret_key")),
    );
    let reference = match honeytoken.get("id").scalar() {
        Some(reference) => reference,
        None => json.require_text(&["honeytoken", "id"])?.into(),
    };
    let kind = honeytoken.get("type").text().unwrap_or("unknown");
    let source = SourceOf {
        rule: format!("honeytoken {kind}").into(),
        serial: reference.clone(),
        reference,
        url: leak::text(honeytoken.get("gitguardian_url")),
        ..SourceOf::default()
    };
    let secrets: Vec<Cow<'d, str>> = id.clone().into_iter().chain(half.clone()).collect();
    let subject = match id {
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
