//! Nosey Parker: a finding a line, one secret in several places; `groups` are base64, older versions wrote plain text.
//!
//! Of several groups an access key id wins; else the last one is the secret and the first its user. A match that was
//! rejected in its review is a false positive; a finding is one if all its matches are. Titus, which runs the same rules,
//! has a form of its own.

mod titus;

use std::borrow::Cow;

use reeve_domain::reject::{DropReason, Reject};
use reeve_domain::secret::base64_text;
use reeve_domain::time::Timestamp;

use super::{Format, leak};
use crate::draft::{Place, Reading, Record, Report, SourceOf};
use crate::json::Json;
use crate::time;

/// Nosey Parker, old and new.
pub(super) const NOSEYPARKER: Format = Format {
    id: "noseyparker",
    version: 2,
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
        "status",
        "statuses",
        "RuleID",
        "Groups",
        "Matches",
    ],
    statements: &[],
    detect: |json| is_finding(json) || titus::is_finding(json),
    records: |json| Ok(Report::one(json)),
    read: |record| match record.json() {
        json if titus::is_finding(json) => titus::read(json),
        _ => read(record),
    },
};

fn is_finding(json: &Json<'_>) -> bool {
    json.has_all(&["rule_name", "matches"]) && (json.has("groups") || json.has("match_content"))
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let name = json.require_text(&["rule_name"])?;
    let parts = parts(json)?;
    let source = SourceOf {
        rule: json.get("rule_text_id").text().unwrap_or(name).into(),
        ..SourceOf::default()
    };
    let matches = json.get("matches").elements();
    if is_rejected(json, matches) {
        return Ok(Reading::Dropped(DropReason::SuppressedAtSource));
    }
    let seen = matches
        .iter()
        .filter(|sighting| !is_reject(sighting.get("status")));
    let mut seen: Vec<_> = seen
        .map(|sighting| (place(sighting), committed_at(sighting)))
        .collect();
    if seen.is_empty() {
        seen.push((Place::default(), None));
    }
    let drafts = seen.into_iter().map(|(place, exposed_since)| {
        let mut draft = leak::exposed(leak::of_parts(&parts), name, source.clone(), place);
        draft.times.exposed_since = exposed_since;
        draft
    });
    let drafts = drafts.collect();
    let mut secrets = parts.clone();
    secrets.extend(json.get("groups").elements().iter().filter_map(leak::text));
    // It is a hash of what was matched.
    secrets.extend(leak::text(json.get("finding_id")));
    Ok(Reading::observed(secrets, drafts))
}

/// Each match has a word of its own; the words of the finding leave out those that have none.
fn is_rejected(json: &Json<'_>, matches: &[Json<'_>]) -> bool {
    let words = json.get("statuses").elements();
    if matches.iter().any(|one| one.has("status")) {
        return matches.iter().all(|one| is_reject(one.get("status")));
    }
    !words.is_empty() && words.iter().all(is_reject)
}

fn is_reject(status: &Json<'_>) -> bool {
    status
        .text()
        .is_some_and(|word| word.eq_ignore_ascii_case("reject"))
}

fn parts<'d>(json: &'d Json<'d>) -> Result<Vec<Cow<'d, str>>, Reject> {
    let groups = decoded(json.get("groups"));
    if groups.is_empty() {
        return Ok(vec![json.require_text(&["match_content"])?.into()]);
    }
    Ok(groups)
}

fn decoded<'d>(texts: &'d Json<'d>) -> Vec<Cow<'d, str>> {
    let texts = texts.elements().iter().filter_map(Json::text);
    texts.map(decode).collect()
}

/// The text in a base64 text; what is none stands for itself.
fn decode(text: &str) -> Cow<'_, str> {
    base64_text(text).map_or(Cow::Borrowed(text), |text| Cow::Owned(text.expose().to_string()))
}

/// Where it was found, of a kind: a file, a repository, or whatever else was enumerated.
fn provenance<'d>(sighting: &'d Json<'d>, kind: &str) -> Option<&'d Json<'d>> {
    let all = match sighting.get("provenance") {
        Json::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    all.iter().find(|one| one.get("kind").text() == Some(kind))
}

fn commit_of<'d>(git: &'d Json<'d>) -> &'d Json<'d> {
    let named = ["commit_provenance", "first_commit"]
        .iter()
        .map(|name| git.get(name));
    let mut named = named.filter(|commit| commit.is_object());
    named.next().unwrap_or(git)
}

/// Seconds, and the offset of the committer's zone behind them: `1678401216 +0100`.
fn committed_at(sighting: &Json<'_>) -> Option<Timestamp> {
    let commit = commit_of(provenance(sighting, "git_repo")?);
    let at = commit.at(&["commit_metadata", "committer_timestamp"]).text()?;
    time::parse(at.split_whitespace().next()?)
}

/// A commit tells more than the file it was checked out to.
fn place<'d>(sighting: &'d Json<'d>) -> Place<'d> {
    let of_kind = |kind| provenance(sighting, kind);
    let line = sighting
        .at(&["location", "source_span", "start", "line"])
        .unsigned();
    match (of_kind("git_repo"), of_kind("file").or(of_kind("extended"))) {
        (Some(git), file) => {
            let commit = commit_of(git);
            Place {
                repository: leak::text(git.get("repo_url")),
                path: leak::text(commit.get("blob_path")).or(file.and_then(path_of)),
                commit: leak::text(commit.at(&["commit_metadata", "commit_id"])),
                line,
                ..Place::default()
            }
        }
        (None, Some(file)) => Place {
            path: path_of(file),
            line,
            ..Place::default()
        },
        (None, None) => Place {
            line,
            ..Place::default()
        },
    }
}

/// Of a file, or of whatever else was enumerated, in its sender's words.
fn path_of<'d>(provenance: &'d Json<'d>) -> Option<Cow<'d, str>> {
    let inner = provenance.get("payload");
    let names = ["path", "filename", "file", "url"];
    let named = names
        .iter()
        .flat_map(|name| [provenance.get(name), inner.get(name)]);
    named.into_iter().find_map(leak::text)
}
