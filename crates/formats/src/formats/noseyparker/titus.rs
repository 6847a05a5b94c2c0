//! Titus: the rules of Nosey Parker, and findings in a form of its own, whose groups and snippets are base64.
//!
//! `ID` is a hash of what was matched. A check that the provider accepted is a sign of life; one that it refused may have
//! been made with half of a pair, or with another account's, and says nothing.

use std::borrow::Cow;

use reeve_domain::observation::Validity;
use reeve_domain::reject::Reject;

use super::super::leak;
use super::{decode, decoded};
use crate::draft::{Draft, Place, Reading, SourceOf, Times};
use crate::json::Json;
use crate::time;

/// A finding without matches says `null` there.
pub(super) fn is_finding(json: &Json<'_>) -> bool {
    let has_matches = matches!(json.get("Matches"), Json::Array(_) | Json::Null);
    json.has_all(&["RuleID", "Groups", "Matches"]) && has_matches
}

static NONE: Json<'static> = Json::Null;

pub(super) fn read<'d>(json: &'d Json<'d>) -> Result<Reading<'d>, Reject> {
    let rule = json.require_text(&["RuleID"])?;
    let matches = json.get("Matches").elements();
    let none = std::slice::from_ref(&NONE);
    let seen = if matches.is_empty() { none } else { matches };
    let drafts = seen.iter().map(|one| draft(json, rule, one)).collect();
    let held = matches.iter().flat_map(secrets_of);
    let secrets = held
        .chain(decoded(json.get("Groups")))
        .chain(leak::text(json.get("ID")))
        .collect();
    Ok(Reading::observed(secrets, drafts))
}

/// A match has groups of its own; those of the finding are the same.
fn draft<'d>(json: &'d Json<'d>, rule: &'d str, sighting: &'d Json<'d>) -> Draft<'d> {
    let own = decoded(sighting.get("Groups"));
    let parts = if own.is_empty() {
        decoded(json.get("Groups"))
    } else {
        own
    };
    let source = SourceOf {
        tool: Some("Titus".into()),
        rule: rule.into(),
        ..SourceOf::default()
    };
    let place = Place {
        line: sighting.at(&["Location", "Source", "Start", "Line"]).unsigned(),
        ..Place::default()
    };
    let title = sighting.get("RuleName").text().unwrap_or(rule);
    let draft = leak::exposed(leak::of_parts(&parts), title, source, place);
    let check = sighting.get("validation_result");
    if check.get("status").text() != Some("valid") {
        return draft;
    }
    Draft {
        times: Times {
            observed_at: time::of(check.get("validated_at")),
            ..Times::default()
        },
        ..leak::with_validity(draft, Validity::Active)
    }
}

/// Whatever was matched and stands around it, as it is and as it was encoded.
fn secrets_of<'d>(sighting: &'d Json<'d>) -> impl Iterator<Item = Cow<'d, str>> {
    let snippet = sighting.get("Snippet");
    let texts = ["Before", "Matching", "After"]
        .into_iter()
        .map(|part| snippet.get(part))
        .chain(
            sighting
                .get("NamedGroups")
                .entries()
                .iter()
                .map(|(_, group)| group),
        )
        .chain(sighting.get("Groups").elements());
    let texts = texts.filter_map(Json::text);
    texts.flat_map(|text| [decode(text), Cow::Borrowed(text)])
}
