//! Kubescape: one record a control of one resource, of a scan or of a report that its operator keeps in the cluster.
//!
//! Controls of access speak of who holds a binding, of a role, or of the service account that a workload runs as;
//! credentials in a configuration are secrets in a place. Any other control concerns no identity. Of the objects in a
//! report nothing is passed on but their names.

mod controls;
mod resource;

use std::collections::BTreeMap;

use data_encoding::BASE32_NOPAD;
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, ReceiptScope, Statement};
use reeve_domain::reject::{DropReason, Reject};
use sha2::{Digest, Sha256};

use super::Format;
use crate::draft::{Draft, Found, Problem, Reading, ReceiptDraft, Record, Report, SourceOf, Times};
use crate::json::Json;
use crate::{severity, time};
use resource::Resource;

/// Reports of kubescape, version 2 of its format.
pub(super) const KUBESCAPE: Format = Format {
    id: "kubescape",
    version: 1,
    tool: "Kubescape",
    names: &[
        "results",
        "resources",
        "resourceID",
        "controls",
        "controlID",
        "status",
        "summaryDetails",
        "spec",
    ],
    statements: &[
        (Statement::PrivilegeReduced, EvidenceLevel::E3),
        (Statement::RemovedFromSource, EvidenceLevel::E3),
    ],
    detect: |json| is_scan(json) || is_kept(json),
    records: |json| Ok(report(json)),
    read,
};

fn is_scan(json: &Json<'_>) -> bool {
    let is_of_controls = |list: &str| {
        let mut elements = json.get(list).elements().iter();
        elements.any(|one| one.has("resourceID"))
    };
    json.at(&["summaryDetails", "controls"]).is_object() || is_of_controls("results") && json.has("resources")
}

/// What the operator keeps in the cluster, a workload each.
fn is_kept(json: &Json<'_>) -> bool {
    let version = json.get("apiVersion").text().unwrap_or_default();
    version.starts_with("spdx.softwarecomposition.kubescape.io/")
        && json.at(&["spec", "controls"]).is_object()
}

/// Resources stand apart from results, and are found by their id.
fn report<'d>(json: &'d Json<'d>) -> Report<'d> {
    let mut kept: Vec<_> = json.at(&["spec", "controls"]).entries().iter().collect();
    kept.sort_by(|one, other| one.0.cmp(&other.0));
    let kept = kept.into_iter().map(|(id, control)| Found {
        json: control,
        within: vec![json],
        key: Some(id.as_ref()),
    });
    let listed = json.get("resources").elements().iter();
    let resources: BTreeMap<&str, &Json<'d>> = listed
        .filter_map(|resource| Some((resource.get("resourceID").text()?, resource)))
        .collect();
    let of_result = |result: &'d Json<'d>| {
        let id = result.get("resourceID").text().unwrap_or_default();
        let raw = result.get("rawResource");
        let resource = resources.get(id).copied().unwrap_or(raw);
        let controls = result.get("controls").elements().iter();
        controls.map(move |control| Found {
            json: control,
            within: vec![json, result, resource],
            key: None,
        })
    };
    let results = json.get("results").elements().iter().flat_map(of_result);
    Report {
        results: kept.chain(results).collect(),
        receipts: receipt(json).into_iter().collect(),
    }
}

/// Of a scan of a whole cluster, by the frameworks that it checked; one of several chunks is not complete.
fn receipt(json: &Json<'_>) -> Option<ReceiptDraft> {
    let cluster = Some(resource::cluster_of(json)).filter(|name| !name.is_empty())?;
    let frameworks = json.at(&["summaryDetails", "frameworks"]).elements().iter();
    let mut frameworks: Vec<&str> = frameworks.filter_map(|one| one.get("name").text()).collect();
    frameworks.sort_unstable();
    let chunks = json.get("paginationInfo");
    let is_whole = chunks.is_null()
        || chunks.get("chunkNumber").unsigned() == Some(0) && chunks.get("isLastChunk").bool() == Some(true);
    let version = json.at(&["metadata", "scanMetadata", "kubescapeVersion"]).text();
    Some(ReceiptDraft {
        scope: ReceiptScope {
            kind: "cluster".to_owned(),
            id: cluster.to_owned(),
            ruleset: format!(
                "{} {}{}",
                version.unwrap_or("-"),
                frameworks.join(","),
                unchecked(json)
            ),
            reference: None,
            complete: is_whole && !frameworks.is_empty(),
        },
        rule: "scan".to_owned(),
        observed_at: time::of(json.get("generationTime")),
    })
}

/// The controls that a scan left out, as a short hash: it is not compared with one that ran them.
fn unchecked(json: &Json<'_>) -> String {
    let controls = json.at(&["summaryDetails", "controls"]).entries().iter();
    let skipped = controls.filter(|(_, control)| {
        let status = control.at(&["statusInfo", "status"]).text();
        status.or(control.get("status").text()) == Some("skipped")
    });
    let mut ids: Vec<&str> = skipped.map(|(id, _)| &**id).collect();
    if ids.is_empty() {
        return String::new();
    }
    ids.sort_unstable();
    let hash = BASE32_NOPAD.encode(&Sha256::digest(ids.join(","))[..5]);
    format!(" without {}", hash.to_ascii_lowercase())
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let control = record.json();
    let id = match control.get("controlID").text().or(record.found.key) {
        Some(id) => id,
        None => control.require_text(&["controlID"])?,
    };
    let name = control.get("name").text().unwrap_or(id);
    let Some((issue_type, target)) = controls::meaning(id, name) else {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    };
    let report = record.found.within.first().copied().unwrap_or(control);
    let resource = match record.found.within[..] {
        [report, result, resource] => Resource::of_result(report, result, resource),
        _ => Resource::of_kept(report),
    };
    let passed = match outcome(control) {
        Ok(passed) => passed,
        Err(reason) => return Ok(Reading::Dropped(reason)),
    };
    let subjects = resource.subjects(target);
    let drafts = subjects.into_iter().map(|subject| {
        let source = SourceOf {
            rule: id.into(),
            reference: resource.id.into(),
            url: is_public(id).then(|| format!("https://hub.armosec.io/docs/{id}").into()),
            ..SourceOf::default()
        };
        let mut draft = Draft {
            also: subject.also,
            place: subject.place,
            times: times(report),
            ..Draft::new(subject.of, source)
        };
        if passed {
            let scope = EvidenceScope::Rule(id.to_owned());
            draft.statements = vec![(controls::proven_by_passing(target), scope)];
        } else {
            draft.problem = Some(Problem {
                severity: severity_of(control, report, id),
                ..Problem::new(issue_type, name)
            });
        }
        draft
    });
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

/// Whether the control passed; a reason if it says nothing. Before version 3 the status was a word alone.
fn outcome(control: &Json<'_>) -> Result<bool, DropReason> {
    let status = control.get("status");
    let word = status.text().or(status.get("status").text()).unwrap_or_default();
    let reason = status.get("subStatus").text().unwrap_or_default();
    match (word, reason) {
        (_, "w/exceptions" | "exception") => Err(DropReason::SuppressedAtSource),
        ("passed", "irrelevant") | ("skipped" | "irrelevant" | "", _) => Err(DropReason::NoResult),
        ("passed", _) => Ok(true),
        ("excluded", _) => Err(DropReason::SuppressedAtSource),
        _ => Ok(false),
    }
}

/// `C-0035`: a control of the public library, which has a page about each.
fn is_public(id: &str) -> bool {
    let number = id.strip_prefix("C-").unwrap_or_default();
    number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn times(report: &Json<'_>) -> Times {
    let made_at = [
        report.get("generationTime"),
        report.at(&["metadata", "creationTimestamp"]),
    ];
    Times {
        observed_at: time::first_of(made_at),
        ..Times::default()
    }
}

/// A weight of 1 to 10, which the summary has for every control.
fn severity_of(control: &Json<'_>, report: &Json<'_>, id: &str) -> reeve_domain::observation::SourceSeverity {
    let weight = [
        control.get("scoreFactor"),
        control.at(&["severity", "scoreFactor"]),
        report.at(&["summaryDetails", "controls", id, "scoreFactor"]),
    ];
    match weight.iter().find_map(|weight| weight.unsigned()) {
        Some(9..) => severity::of_word("Critical"),
        Some(7..=8) => severity::of_word("High"),
        Some(4..=6) => severity::of_word("Medium"),
        Some(1..=3) => severity::of_word("Low"),
        _ => control
            .at(&["severity", "severity"])
            .text()
            .map(severity::of_word)
            .unwrap_or_default(),
    }
}
