//! A finding that GitLab tracks, as its API lists it and its webhook tells it: by its place, as the value is not there.
//!
//! What was dismissed is a person's word, and so is what was resolved: it proves nothing. Whether a token lives is
//! shown, and is no evidence: several secrets may lie in one place. GraphQL writes names and words in its own way.

use reeve_domain::observation::Validity;
use reeve_domain::reject::{DropReason, Reject};

use super::super::leak;
use super::without_information;
use crate::draft::{Place, Reading, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

pub(super) fn is_one(json: &Json<'_>) -> bool {
    is_webhook(json) || is_listed(json)
}

fn is_webhook(json: &Json<'_>) -> bool {
    json.get("object_kind").text() == Some("vulnerability")
        && json.get("object_attributes").has("report_type")
}

fn is_listed(json: &Json<'_>) -> bool {
    let is_of_api = json.has_all(&["report_type", "state", "severity"])
        && (json.has("project_fingerprint") || json.has("finding") || json.has_all(&["uuid", "scanner"]));
    is_of_api || is_of_graphql(json)
}

fn is_of_graphql(json: &Json<'_>) -> bool {
    let is_ours = |id: &str| id.starts_with("gid://gitlab/Vulnerability/");
    json.has_all(&["reportType", "state"]) && json.get("id").text().is_some_and(is_ours)
}

/// The list in an answer of GraphQL, about a project, a group or all.
pub(super) fn nodes<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    let data = json.get("data");
    let around = [data.get("project"), data.get("group"), data];
    let mut lists = around
        .iter()
        .map(|one| one.at(&["vulnerabilities", "nodes"]).elements());
    let list = lists.find(|list| list.iter().any(is_of_graphql));
    list.unwrap_or_default()
}

/// An answer of GraphQL that lists nothing.
pub(super) fn is_empty(json: &Json<'_>) -> bool {
    let data = json.get("data");
    let mut around = [data.get("project"), data.get("group"), data].into_iter();
    around.any(|one| matches!(one.at(&["vulnerabilities", "nodes"]), Json::Array(nodes) if nodes.is_empty()))
}

/// The first of several names that is there.
fn first<'d>(json: &'d Json<'d>, names: &[&str]) -> &'d Json<'d> {
    let mut found = names.iter().map(|name| json.get(name));
    found.find(|value| !value.is_null()).unwrap_or(&Json::Null)
}

fn is_word(json: &Json<'_>, word: &str) -> bool {
    json.text().is_some_and(|text| text.eq_ignore_ascii_case(word))
}

pub(super) fn read<'d>(json: &'d Json<'d>) -> Result<Reading<'d>, Reject> {
    let tracked = match is_webhook(json) {
        true => json.get("object_attributes"),
        false => json,
    };
    if !is_word(first(tracked, &["report_type", "reportType"]), "secret_detection") {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    }
    let validity = validity(tracked);
    if let Some(reason) = ended(tracked).filter(|_| validity != Validity::Active) {
        return Ok(Reading::Dropped(reason));
    }
    let title = ["name", "title"].iter().find_map(|name| tracked.get(name).text());
    let title = title.unwrap_or("Secret");
    let identifiers = tracked.get("identifiers").elements().iter();
    let mut named = identifiers.map(|one| first(one, &["external_id", "externalId", "value", "name"]));
    let rule = named.find_map(Json::text).unwrap_or(title);
    let reference = ["uuid", "id", "url"]
        .iter()
        .find_map(|name| tracked.get(name).scalar());
    let reference = reference.unwrap_or_default();
    let source = SourceOf {
        rule: rule.into(),
        serial: reference.clone(),
        reference,
        url: leak::text(first(tracked, &["url", "webUrl"])),
        ..SourceOf::default()
    };
    let mut draft = leak::exposed(SubjectOf::Place, title, source, place(tracked));
    draft.times = times(tracked);
    if let Some(problem) = &mut draft.problem {
        problem.severity = without_information(tracked);
        problem.validity = validity;
    }
    let extract = leak::text(tracked.get("raw_source_code_extract"));
    Ok(Reading::observed(extract.into_iter().collect(), vec![draft]))
}

/// A person's word that it is over, which hides nothing that lives.
fn ended(tracked: &Json<'_>) -> Option<DropReason> {
    let state = tracked.get("state");
    let dismissed = is_word(state, "dismissed").then_some(DropReason::SuppressedAtSource);
    dismissed.or(is_word(state, "resolved").then_some(DropReason::NoStatement))
}

/// What GitLab, or the token's issuer, said when it was asked last.
fn validity(tracked: &Json<'_>) -> Validity {
    let inner = first(tracked.get("finding"), &["finding_token_status"]);
    let status = match first(tracked, &["finding_token_status", "findingTokenStatus"]) {
        Json::Null => inner,
        status => status,
    };
    match status.get("status") {
        word if is_word(word, "active") => Validity::Active,
        word if is_word(word, "inactive") => Validity::Inactive,
        _ => Validity::Unknown,
    }
}

/// The page of the project stands before `/-/` in every page below it.
fn place<'d>(tracked: &'d Json<'d>) -> Place<'d> {
    let project = tracked.get("project");
    let page = [first(tracked, &["url", "webUrl"]), tracked.get("blob_path")];
    let page = page.iter().find_map(|page| page.text()?.split_once("/-/"));
    let repository = ["web_url", "webUrl", "full_path", "fullPath"]
        .iter()
        .find_map(|name| project.get(name).text());
    let location = match tracked.get("location") {
        Json::Null => tracked.at(&["finding", "location"]),
        location => location,
    };
    Place {
        repository: repository.or(page.map(|(project, _)| project)).map(Into::into),
        path: leak::text(location.get("file")),
        line: line(first(location, &["start_line", "startLine"])),
        commit: super::commit_of(location),
        ..Place::default()
    }
}

/// A number, or a text of one.
fn line(json: &Json<'_>) -> Option<u64> {
    json.scalar()?.parse().ok()
}

fn times(tracked: &Json<'_>) -> Times {
    let of = |names: &[&str]| time::first_of(names.iter().map(|name| tracked.get(name)));
    Times {
        exposed_since: time::of(tracked.at(&["location", "commit", "date"])),
        first_detected_at: of(&["detected_at", "detectedAt", "created_at"]),
        observed_at: of(&[
            "updated_at",
            "updatedAt",
            "detected_at",
            "detectedAt",
            "created_at",
        ]),
    }
}
