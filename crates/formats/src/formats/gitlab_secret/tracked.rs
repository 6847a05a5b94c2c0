//! A finding that GitLab tracks, as its API lists it and its webhook tells it: by its place, as the value is not there.
//!
//! What was dismissed is a person's word, and so is what was resolved: it proves nothing.

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
    json.has_all(&["report_type", "state", "severity"])
        && (json.has("project_fingerprint") || json.has("finding") || json.has_all(&["uuid", "scanner"]))
}

pub(super) fn read<'d>(json: &'d Json<'d>) -> Result<Reading<'d>, Reject> {
    let tracked = match is_webhook(json) {
        true => json.get("object_attributes"),
        false => json,
    };
    if tracked.get("report_type").text() != Some("secret_detection") {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    }
    match tracked.get("state").text() {
        Some("dismissed") => return Ok(Reading::Dropped(DropReason::SuppressedAtSource)),
        Some("resolved") => return Ok(Reading::Dropped(DropReason::NoStatement)),
        _ => {}
    }
    let title = ["name", "title"].iter().find_map(|name| tracked.get(name).text());
    let title = title.unwrap_or("Secret");
    let identifiers = tracked.get("identifiers").elements().iter();
    let mut named = identifiers.flat_map(|one| [one.get("external_id"), one.get("value"), one.get("name")]);
    let rule = named.find_map(Json::text).unwrap_or(title);
    let reference = ["uuid", "id", "url"]
        .iter()
        .find_map(|name| tracked.get(name).scalar());
    let reference = reference.unwrap_or_default();
    let source = SourceOf {
        rule: rule.into(),
        serial: reference.clone(),
        reference,
        url: leak::text(tracked.get("url")),
        ..SourceOf::default()
    };
    let mut draft = leak::exposed(SubjectOf::Place, title, source, place(tracked));
    draft.times = times(tracked);
    if let Some(problem) = &mut draft.problem {
        problem.severity = without_information(tracked);
    }
    let extract = leak::text(tracked.get("raw_source_code_extract"));
    Ok(Reading::observed(extract.into_iter().collect(), vec![draft]))
}

/// The page of the project stands before `/-/` in every page below it.
fn place<'d>(tracked: &'d Json<'d>) -> Place<'d> {
    let project = tracked.get("project");
    let page = [tracked.get("url"), tracked.get("blob_path")];
    let page = page.iter().find_map(|page| page.text()?.split_once("/-/"));
    let repository = ["web_url", "full_path"]
        .iter()
        .find_map(|name| project.get(name).text());
    let location = match tracked.get("location") {
        Json::Null => tracked.at(&["finding", "location"]),
        location => location,
    };
    Place {
        repository: repository.or(page.map(|(project, _)| project)).map(Into::into),
        path: leak::text(location.get("file")),
        line: location.get("start_line").unsigned(),
        commit: leak::text(location.at(&["commit", "sha"])),
        ..Place::default()
    }
}

fn times(tracked: &Json<'_>) -> Times {
    let of = |names: &[&str]| time::first_of(names.iter().map(|name| tracked.get(name)));
    Times {
        exposed_since: time::of(tracked.at(&["location", "commit", "date"])),
        first_detected_at: of(&["detected_at", "created_at"]),
        observed_at: of(&["updated_at", "detected_at", "created_at"]),
    }
}
