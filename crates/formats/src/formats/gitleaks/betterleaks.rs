//! Betterleaks, version 2 of its report: the findings of gitleaks' successor, whose places are attributes.
//!
//! What it could log in with lives; what was refused may have been tried with the wrong half of a pair, and says nothing.

use std::borrow::Cow;

use reeve_domain::observation::Validity;
use reeve_domain::reject::Reject;

use super::super::leak;
use super::{exposed, withheld};
use crate::draft::{Place, Reading, SourceOf, SubjectOf};
use crate::json::Json;
use crate::time;

pub(super) fn is_finding(json: &Json<'_>) -> bool {
    json.has_all(&["ruleID", "secret", "match", "location"])
}

/// Attributes that name the repository, those of a platform first.
const REPOSITORIES: &[&str] = &["github.repo_url", "git.remote_url"];

pub(super) fn read<'d>(json: &'d Json<'d>) -> Result<Reading<'d>, Reject> {
    let rule = json.require_text(&["ruleID"])?;
    let attributes = json.get("attributes");
    let place = Place {
        repository: REPOSITORIES
            .iter()
            .find_map(|name| leak::text(attributes.get(name))),
        path: leak::text(attributes.get("path")),
        line: json.at(&["location", "startLine"]).unsigned(),
        commit: leak::text(attributes.get("git.sha")),
        ..Place::default()
    };
    let source = SourceOf {
        tool: Some("Betterleaks".into()),
        rule: rule.into(),
        ..SourceOf::default()
    };
    let secret = json.get("secret").text();
    let subject = secret.map_or(SubjectOf::Place, SubjectOf::value);
    let title = json.get("description").text().unwrap_or(rule);
    let draft = exposed(
        subject,
        title,
        source,
        place,
        time::of(attributes.get("git.date")),
    );
    let validity = match json.at(&["validation", "status"]).text() {
        Some("valid") => Validity::Active,
        _ => Validity::Unknown,
    };
    let mut secrets = match secret {
        Some(secret) => withheld(json, secret, &["match", "matchContext"]),
        None => Vec::new(),
    };
    secrets.extend(groups_of(json));
    for component in components(json) {
        secrets.extend(leak::text(component.get("secret")));
        secrets.extend(groups_of(component));
    }
    Ok(Reading::observed(
        secrets,
        vec![leak::with_validity(draft, validity)],
    ))
}

/// What else was found beside the secret, to log in with both.
fn components<'d>(json: &'d Json<'d>) -> impl Iterator<Item = &'d Json<'d>> {
    let sets = json.get("componentSets").elements().iter();
    sets.flat_map(|set| set.get("components").elements())
}

fn groups_of<'d>(json: &'d Json<'d>) -> impl Iterator<Item = Cow<'d, str>> {
    let groups = json.get("captureGroups").entries().iter();
    groups.filter_map(|(_, group)| leak::text(group))
}
