//! Nosey Parker: a finding a line, one secret in several places; `groups` are base64, older versions wrote plain text.
//!
//! Of several groups an access key id wins; else the last one is the secret and the first its user.

use std::borrow::Cow;

use reeve_domain::reject::Reject;
use reeve_domain::secret::base64_text;

use super::{Format, leak};
use crate::draft::{Place, Reading, Record, Report, SourceOf};
use crate::json::Json;

/// Nosey Parker, old and new.
pub(super) const NOSEYPARKER: Format = Format {
    id: "noseyparker",
    version: 1,
    tool: "Nosey Parker",
    names: &[
        "type",
        "rule_name",
        "rule_text_id",
        "finding_id",
        "groups",
        "match_content",
        "matches",
        "provenance",
        "location",
        "snippet",
    ],
    statements: &[],
    detect: |json| {
        json.has_all(&["rule_name", "matches"]) && (json.has("groups") || json.has("match_content"))
    },
    records: |json| Ok(Report::one(json)),
    read,
};

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let name = json.require_text(&["rule_name"])?;
    let parts = parts(json)?;
    let source = SourceOf {
        rule: json.get("rule_text_id").text().unwrap_or(name).into(),
        ..SourceOf::default()
    };
    let mut places: Vec<Place<'d>> = json.get("matches").elements().iter().map(place).collect();
    if places.is_empty() {
        places.push(Place::default());
    }
    let drafts = places
        .into_iter()
        .map(|place| leak::exposed(leak::of_parts(&parts), name, source.clone(), place))
        .collect();
    let mut secrets = parts.clone();
    secrets.extend(json.get("groups").elements().iter().filter_map(leak::text));
    // It is a hash of what was matched.
    secrets.extend(leak::text(json.get("finding_id")));
    Ok(Reading::observed(secrets, drafts))
}

fn parts<'d>(json: &'d Json<'d>) -> Result<Vec<Cow<'d, str>>, Reject> {
    let groups: Vec<Cow<'d, str>> = json
        .get("groups")
        .elements()
        .iter()
        .filter_map(Json::text)
        .map(|group| {
            base64_text(group).map_or(Cow::Borrowed(group), |text| Cow::Owned(text.expose().to_string()))
        })
        .collect();
    if groups.is_empty() {
        return Ok(vec![json.require_text(&["match_content"])?.into()]);
    }
    Ok(groups)
}

/// A commit tells more than the file it was checked out to.
fn place<'d>(sighting: &'d Json<'d>) -> Place<'d> {
    let provenance = match sighting.get("provenance") {
        Json::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let of_kind = |kind| provenance.iter().find(|one| one.get("kind").text() == Some(kind));
    let line = sighting
        .at(&["location", "source_span", "start", "line"])
        .unsigned();
    match (of_kind("git_repo"), of_kind("file")) {
        (Some(git), file) => {
            let commit = ["commit_provenance", "first_commit"]
                .iter()
                .map(|name| git.get(name))
                .find(|commit| commit.is_object())
                .unwrap_or(git);
            Place {
                repository: leak::text(git.get("repo_url")),
                path: leak::text(commit.get("blob_path"))
                    .or(file.and_then(|file| leak::text(file.get("path")))),
                commit: leak::text(commit.at(&["commit_metadata", "commit_id"])),
                line,
                ..Place::default()
            }
        }
        (None, Some(file)) => Place {
            path: leak::text(file.get("path")),
            line,
            ..Place::default()
        },
        (None, None) => Place {
            line,
            ..Place::default()
        },
    }
}
