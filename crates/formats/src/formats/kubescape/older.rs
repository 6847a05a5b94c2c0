//! Version 1 of the format: frameworks hold controls, controls hold rules, and a rule answers with the objects that
//! failed it. What passed is not told, so that nothing is proven.

use reeve_domain::reject::{DropReason, Reject};

use super::Check;
use super::resource::Resource;
use crate::draft::{Found, Reading, Record};
use crate::json::Json;

static NONE: Json<'static> = Json::Null;

/// A framework, or several with their cluster around them.
pub(super) fn is_report(json: &Json<'_>) -> bool {
    let is_framework = |one: &Json<'_>| matches!(one.get("controlReports"), Json::Array(_));
    is_framework(json) || json.get("frameworks").elements().iter().any(is_framework)
}

/// A record an object that failed, within the report and its control.
pub(super) fn records<'d>(json: &'d Json<'d>) -> impl Iterator<Item = Found<'d>> {
    let frameworks = std::iter::once(json).chain(json.get("frameworks").elements());
    let controls = frameworks.flat_map(|framework| framework.get("controlReports").elements());
    controls.flat_map(move |control| {
        let rules = control.get("ruleReports").elements().iter();
        let responses = rules.flat_map(|rule| rule.get("ruleResponses").elements());
        responses.flat_map(move |response| {
            objects_of(response).map(move |object| Found {
                json: response,
                within: vec![json, control, object],
                key: None,
            })
        })
    })
}

/// An answer that names no object of the cluster is a record too.
fn objects_of<'d>(response: &'d Json<'d>) -> impl Iterator<Item = &'d Json<'d>> {
    let objects = response.at(&["alertObject", "k8sApiObjects"]).elements();
    let none = std::slice::from_ref(&NONE);
    if objects.is_empty() { none } else { objects }.iter()
}

pub(super) fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let [report, control, object] = record.found.within[..] else {
        return Ok(Reading::Dropped(DropReason::NoResult));
    };
    let id = match control.get("controlID").text().or(control.get("id").text()) {
        Some(id) => id,
        None => control.require_text(&["controlID"])?,
    };
    let is_excepted = record.json().get("exception").is_object();
    Ok(Check {
        id,
        control,
        report,
        resource: Resource::of_object(report, "", object),
        passed: match is_excepted {
            true => Err(DropReason::SuppressedAtSource),
            false => Ok(false),
        },
    }
    .read())
}
