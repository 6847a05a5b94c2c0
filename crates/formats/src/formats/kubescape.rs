//! Kubescape: one record a control of one resource, of a scan or of a report that its operator keeps in the cluster.
//!
//! Controls of access speak of who holds a binding, of a role, or of the service account that a workload runs as;
//! credentials in a configuration are secrets in a place. Any other control concerns no identity. Of the objects in a
//! report nothing is passed on but their names.

mod controls;
mod coverage;
mod held;
mod older;
mod resource;

use std::collections::BTreeMap;

use data_encoding::BASE32_NOPAD;
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, ReceiptScope, Statement};
use reeve_domain::reject::{DropReason, Reject};
use sha2::{Digest, Sha256};

use super::{Format, k8s_objects};
use crate::draft::{Draft, Found, Problem, Reading, ReceiptDraft, Record, Report, SourceOf, Times};
use crate::json::Json;
use crate::{severity, time};
use resource::{Meant, Resource};

/// Reports of kubescape, version 2 of its format and the one before.
pub(super) const KUBESCAPE: Format = Format {
    id: "kubescape",
    version: 2,
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
        "frameworks",
        "controlReports",
        "ruleReports",
        "ruleResponses",
    ],
    statements: &[
        (Statement::PrivilegeReduced, EvidenceLevel::E3),
        (Statement::RemovedFromSource, EvidenceLevel::E3),
    ],
    detect: |json| is_scan(json) || is_kept(json) || older::is_report(json),
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
        results: kept.chain(results).chain(older::records(json)).collect(),
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
            complete: is_whole && !frameworks.is_empty() && coverage::is_full(json),
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
    if record
        .found
        .within
        .first()
        .is_some_and(|report| older::is_report(report))
    {
        return older::read(record);
    }
    let control = record.json();
    let id = match control.get("controlID").text().or(record.found.key) {
        Some(id) => id,
        None => control.require_text(&["controlID"])?,
    };
    let report = record.found.within.first().copied().unwrap_or(control);
    let passed = match outcome(control) {
        Ok(true) if !coverage::was_evaluated(report, id) => Err(DropReason::NoResult),
        outcome => outcome,
    };
    Ok(Check {
        id,
        control,
        report,
        resource: match record.found.within[..] {
            [report, result, resource] => Resource::of_result(report, result, resource),
            _ => Resource::of_kept(report),
        },
        passed,
    }
    .read())
}

/// A control of one resource.
struct Check<'d> {
    id: &'d str,
    control: &'d Json<'d>,
    report: &'d Json<'d>,
    resource: Resource<'d>,
    passed: Result<bool, DropReason>,
}

impl<'d> Check<'d> {
    fn read(self) -> Reading<'d> {
        let name = self.control.get("name").text().unwrap_or(self.id);
        let Some((issue_type, target)) = controls::meaning(self.id, name) else {
            return Reading::Dropped(DropReason::NotIdentityRelevant);
        };
        let passed = match self.passed {
            Ok(passed) => passed,
            Err(reason) => return Reading::Dropped(reason),
        };
        let subjects = self.resource.subjects(target).into_iter();
        let drafts = subjects.map(|subject| {
            let mut draft = self.draft(subject);
            if passed {
                let scope = EvidenceScope::Rule(self.id.to_owned());
                draft.statements = vec![(controls::proven_by_passing(target), scope)];
            } else {
                draft.problem = Some(Problem {
                    severity: severity_of(self.control, self.report, self.id),
                    ..Problem::new(issue_type, name)
                });
            }
            draft
        });
        Reading::observed(Vec::new(), drafts.collect())
    }

    fn draft(&self, subject: Meant<'d>) -> Draft<'d> {
        let source = SourceOf {
            rule: self.id.into(),
            reference: self.resource.id.into(),
            url: is_public(self.id).then(|| format!("https://hub.armosec.io/docs/{}", self.id).into()),
            ..SourceOf::default()
        };
        Draft {
            also: subject.also,
            place: subject.place,
            times: times(self.report),
            ..Draft::new(subject.of, source)
        }
    }
}

/// Whether the control passed; a reason if it says nothing. Before version 3 the status was a word alone, and at first
/// only the rules of a control had one.
fn outcome(control: &Json<'_>) -> Result<bool, DropReason> {
    let status = control.get("status");
    match status.text().or(status.get("status").text()) {
        Some(word) => meaning_of(word, status.get("subStatus").text().unwrap_or_default()),
        None => outcome_of_rules(control.get("rules").elements()),
    }
}

/// One rule that failed is enough; only all of them together pass.
fn outcome_of_rules(rules: &[Json<'_>]) -> Result<bool, DropReason> {
    let outcomes: Vec<_> = rules.iter().map(outcome_of_rule).collect();
    let has = |outcome| outcomes.contains(&outcome);
    if has(Ok(false)) {
        Ok(false)
    } else if has(Err(DropReason::SuppressedAtSource)) {
        Err(DropReason::SuppressedAtSource)
    } else if has(Ok(true)) && !has(Err(DropReason::NoResult)) {
        Ok(true)
    } else {
        Err(DropReason::NoResult)
    }
}

fn outcome_of_rule(rule: &Json<'_>) -> Result<bool, DropReason> {
    let exceptions = rule.get("exception");
    if exceptions.is_object() || !exceptions.elements().is_empty() {
        return Err(DropReason::SuppressedAtSource);
    }
    let text = |name: &str| rule.get(name).text().unwrap_or_default();
    meaning_of(text("status"), text("subStatus"))
}

fn meaning_of(word: &str, reason: &str) -> Result<bool, DropReason> {
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
    let made_at = time::of(report.get("generationTime"));
    Times {
        observed_at: made_at.or_else(|| k8s_objects::written_at(report, "spec")),
        ..Times::default()
    }
}

/// A weight of 1 to 10, which the summary has for every control.
fn severity_of(control: &Json<'_>, report: &Json<'_>, id: &str) -> reeve_domain::observation::SourceSeverity {
    let weight = [
        control.get("scoreFactor"),
        control.get("baseScore"),
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
