//! Trivy: secrets among vulnerabilities, misconfigurations and licenses; also its summary of a cluster and the
//! operator's reports of exposed secrets, roles and configurations.
//!
//! `Match` is masked, yet a line of `Code` beside it may show another secret: neither leaves. What is known is the
//! place. What is neither a secret nor a check of a role, a binding or a service account concerns no identity.

mod roles;

use std::borrow::Cow;

use reeve_domain::observation::{EvidenceLevel, ReceiptScope, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::{Format, leak};
use crate::draft::{Found, Place, Reading, ReceiptDraft, Record, Report, SourceOf, SubjectOf};
use crate::json::Json;
use crate::{severity, time};

/// Reports of trivy.
pub(super) const TRIVY: Format = Format {
    id: "trivy",
    version: 2,
    tool: "Trivy",
    names: &[
        "SchemaVersion",
        "ArtifactName",
        "Results",
        "Secrets",
        "Target",
        "RuleID",
        "Match",
        "Severity",
        "ID",
    ],
    statements: &[(Statement::PrivilegeReduced, EvidenceLevel::E3)],
    detect: |json| is_report(json) || is_cluster(json) || is_target(json),
    records: |json| Ok(report(json)),
    read,
};

/// Reports of trivy-operator.
pub(super) const TRIVY_OPERATOR: Format = Format {
    id: "trivy-operator",
    version: 2,
    tool: "Trivy Operator",
    names: &[
        "report", "secrets", "ruleID", "target", "severity", "title", "match", "checks", "checkID",
    ],
    statements: &[(Statement::PrivilegeReduced, EvidenceLevel::E3)],
    detect: |json| {
        let version = json.get("apiVersion").text().unwrap_or_default();
        version.starts_with("aquasecurity.github.io/")
            && (json.get("report").is_object() || json.get("status").is_object())
    },
    records: |json| Ok(operator_report(json)),
    read: read_operator,
};

/// The lists of a target whose elements are records.
const KINDS: &[&str] = &["Secrets", "Vulnerabilities", "Misconfigurations", "Licenses"];

/// The lists of an operator's report whose entries are records.
const OPERATOR_KINDS: &[&str] = &["secrets", "vulnerabilities", "checks"];

/// Where a report of compliance has its controls.
const COMPLIANCE: &[&[&str]] = &[
    &["status", "detailReport", "results"],
    &["status", "summaryReport", "controlCheck"],
];

fn is_report(json: &Json<'_>) -> bool {
    json.has_all(&["SchemaVersion", "ArtifactName"])
}

/// Before its schema had a version a report was an array of targets, whose list is null where nothing was found.
fn is_target(json: &Json<'_>) -> bool {
    let is_list = |kind: &str| json.has(kind) && matches!(json.get(kind), Json::Array(_) | Json::Null);
    json.get("Target").text().is_some() && KINDS.iter().any(|kind| is_list(kind))
}

/// A cluster without findings is its name alone, or with one thing that a later version may add.
fn is_cluster(json: &Json<'_>) -> bool {
    let lists = ["Vulnerabilities", "Misconfigurations", "Findings", "Resources"];
    let is_alone = || json.entries().len() <= 2 && json.get("ClusterName").text().is_some();
    json.has("ClusterName") && (lists.iter().any(|list| json.has(list)) || is_alone())
}

fn report<'d>(json: &'d Json<'d>) -> Report<'d> {
    let mut results = Vec::new();
    if is_target(json) {
        results.extend(results_of(json, json, json));
    }
    targets(json, json, &mut results);
    for list in ["Vulnerabilities", "Misconfigurations", "Findings", "Resources"] {
        for resource in json.get(list).elements() {
            targets(json, resource, &mut results);
        }
    }
    Report {
        results,
        receipts: Vec::new(),
    }
}

fn targets<'d>(report: &'d Json<'d>, holder: &'d Json<'d>, results: &mut Vec<Found<'d>>) {
    for target in holder.get("Results").elements() {
        results.extend(results_of(report, holder, target));
    }
}

fn results_of<'d>(
    report: &'d Json<'d>,
    holder: &'d Json<'d>,
    target: &'d Json<'d>,
) -> impl Iterator<Item = Found<'d>> {
    KINDS.iter().flat_map(move |kind| {
        target.get(kind).elements().iter().map(move |json| Found {
            json,
            within: vec![report, holder, target],
            key: Some(kind),
        })
    })
}

/// A report of compliance has its checks in another place, without the object that was checked.
fn operator_report<'d>(json: &'d Json<'d>) -> Report<'d> {
    let results = OPERATOR_KINDS
        .iter()
        .map(|kind| (*kind, json.at(&["report", kind])))
        .chain(COMPLIANCE.iter().map(|path| ("compliance", json.at(path))))
        .flat_map(|(kind, list)| {
            list.elements().iter().map(move |one| Found {
                json: one,
                within: vec![json],
                key: Some(kind),
            })
        });
    Report {
        results: results.collect(),
        receipts: operator_receipt(json).into_iter().collect(),
    }
}

/// A report of exposed secrets is one of nothing else: an image and its tag, by the version of the scanner.
fn operator_receipt(json: &Json<'_>) -> Option<ReceiptDraft> {
    if json.get("kind").text() != Some("ExposedSecretReport") {
        return None;
    }
    let report = json.get("report");
    let artifact = report.get("artifact");
    let tag = artifact.get("digest").text().or(artifact.get("tag").text());
    let version = report.at(&["scanner", "version"]).text()?;
    Some(ReceiptDraft {
        scope: ReceiptScope {
            kind: "image".to_owned(),
            id: image_of(json)?.into_owned(),
            ruleset: format!("exposed-secrets {version}"),
            reference: tag.map(str::to_owned),
            complete: tag.is_some() && matches!(report.get("secrets"), Json::Array(_)),
        },
        rule: "exposed-secrets".to_owned(),
        observed_at: time::of(report.get("updateTimestamp")),
    })
}

fn image_of<'d>(json: &'d Json<'d>) -> Option<Cow<'d, str>> {
    let image = json.at(&["report", "artifact", "repository"]).text()?;
    Some(match json.at(&["report", "registry", "server"]).text() {
        Some(server) => Cow::Owned(format!("{server}/{image}")),
        None => Cow::Borrowed(image),
    })
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let [report, holder, target] = record.found.within[..] else {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    };
    match record.found.key {
        Some("Secrets") => {}
        Some("Misconfigurations") => return roles::read(json, &roles::Holder::of_cluster(report, holder)),
        _ => return Ok(Reading::Dropped(DropReason::NotIdentityRelevant)),
    }
    let rule = json.require_text(&["RuleID"])?;
    let artifact = report.get("ArtifactName").text().filter(|name| *name != ".");
    let path = target.get("Target").text();
    let is_repository = report.get("ArtifactType").text() == Some("repository");
    let checkout = report.get("Metadata");
    let repository = leak::text(checkout.get("RepoURL"));
    let place = Place {
        repository: repository.or(artifact.filter(|_| is_repository).map(Cow::Borrowed)),
        commit: leak::text(checkout.get("Commit")),
        resource: artifact
            .filter(|_| !is_repository)
            .map(Cow::Borrowed)
            .or_else(|| holder_name(report, holder)),
        path: path.map(Cow::Borrowed),
        line: json.get("StartLine").unsigned(),
        ..Place::default()
    };
    let source = source(rule);
    let title = json.get("Title").text().unwrap_or(rule);
    let mut draft = leak::exposed(SubjectOf::Place, title, source, place);
    draft.times.observed_at = time::of(report.get("CreatedAt"));
    if let Some(problem) = &mut draft.problem {
        problem.severity = severity::of_word(json.get("Severity").text().unwrap_or("unknown"));
    }
    let lines = json.at(&["Code", "Lines"]).elements().iter();
    let lines = lines.filter_map(|line| leak::text(line.get("Content")));
    Ok(Reading::observed(
        lines.chain(leak::text(json.get("Match"))).collect(),
        vec![draft],
    ))
}

/// A resource of a cluster that holds the target; the target itself is an image.
fn holder_name<'d>(report: &'d Json<'d>, holder: &'d Json<'d>) -> Option<Cow<'d, str>> {
    holder.get("Name").text()?;
    let parts = [
        report.get("ClusterName"),
        holder.get("Namespace"),
        holder.get("Kind"),
        holder.get("Name"),
    ];
    let parts: Vec<&str> = parts.into_iter().filter_map(Json::text).collect();
    Some(parts.join("/").into())
}

fn source(rule: &str) -> SourceOf<'_> {
    SourceOf {
        rule: rule.into(),
        ..SourceOf::default()
    }
}

fn read_operator<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let Some(report) = record.found.within.first().copied() else {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    };
    match record.found.key {
        Some("secrets") => {}
        Some("checks") => return roles::read(json, &roles::Holder::of_report(report)),
        _ => return Ok(Reading::Dropped(DropReason::NotIdentityRelevant)),
    }
    let rule = json.require_text(&["ruleID"])?;
    let path = json.get("target").text();
    let resource = image_of(report);
    let place = Place {
        resource,
        path: path.map(Cow::Borrowed),
        ..Place::default()
    };
    let title = json.get("title").text().unwrap_or(rule);
    let mut draft = leak::exposed(SubjectOf::Place, title, source(rule), place);
    draft.times.observed_at = time::of(report.at(&["report", "updateTimestamp"]));
    if let Some(problem) = &mut draft.problem {
        problem.severity = severity::of_word(json.get("severity").text().unwrap_or("unknown"));
    }
    Ok(Reading::observed(
        leak::text(json.get("match")).into_iter().collect(),
        vec![draft],
    ))
}
