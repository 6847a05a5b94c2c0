//! Checks of roles, bindings and service accounts of a cluster; checks of any other object concern no identity.

use reeve_domain::observation::IssueType::{self, ExternalAccess, OverPrivileged};
use reeve_domain::observation::{EvidenceScope, Statement};
use reeve_domain::reject::{DropReason, Reject};
use reeve_domain::time::Timestamp;

use super::super::k8s_objects;
use crate::draft::{Draft, Problem, Reading, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// Checks of what a role may do or whom a binding lets in, by the number of their id (`KSV041`, `AVD-KSV-0041`).
const CHECKS: &[(u32, IssueType)] = &[
    (36, OverPrivileged),
    (41, OverPrivileged),
    (42, OverPrivileged),
    (43, OverPrivileged),
    (44, OverPrivileged),
    (45, OverPrivileged),
    (46, OverPrivileged),
    (47, OverPrivileged),
    (48, OverPrivileged),
    (49, OverPrivileged),
    (50, OverPrivileged),
    (51, OverPrivileged),
    (52, OverPrivileged),
    (53, OverPrivileged),
    (54, OverPrivileged),
    (55, OverPrivileged),
    (56, OverPrivileged),
    (111, OverPrivileged),
    (112, OverPrivileged),
    (113, OverPrivileged),
    (114, OverPrivileged),
    (115, OverPrivileged),
    (122, ExternalAccess),
    (123, OverPrivileged),
];

/// The object that was checked.
pub(super) struct Holder<'d> {
    cluster: &'d str,
    kind: &'d str,
    namespace: &'d str,
    name: &'d str,
    observed_at: Option<Timestamp>,
}

impl<'d> Holder<'d> {
    /// A resource in the summary of a cluster.
    pub(super) fn of_cluster(report: &'d Json<'d>, resource: &'d Json<'d>) -> Self {
        Self {
            cluster: report.get("ClusterName").text().unwrap_or_default(),
            kind: resource.get("Kind").text().unwrap_or_default(),
            namespace: resource.get("Namespace").text().unwrap_or_default(),
            name: resource.get("Name").text().unwrap_or_default(),
            observed_at: time::of(report.get("CreatedAt")),
        }
    }

    /// The object that a report of the operator belongs to: a name with a colon is no label, so that it stands in an
    /// annotation, and with its owner.
    pub(super) fn of_report(report: &'d Json<'d>) -> Self {
        let metadata = report.get("metadata");
        let owner = metadata.get("ownerReferences").elements().first();
        let owned = |field: &str| owner.and_then(|owner| owner.get(field).text());
        let marked = |field: &str| {
            let mark = |at: &str| metadata.at(&[at, field]).text();
            mark("labels").or(mark("annotations"))
        };
        let namespace = marked("trivy-operator.resource.namespace").or(metadata.get("namespace").text());
        Self {
            cluster: "",
            kind: marked("trivy-operator.resource.kind")
                .or(owned("kind"))
                .unwrap_or_default(),
            namespace: namespace.unwrap_or_default(),
            name: marked("trivy-operator.resource.name")
                .or(owned("name"))
                .unwrap_or_default(),
            observed_at: time::of(report.at(&["report", "updateTimestamp"]))
                .or_else(|| k8s_objects::written_at(report, "report")),
        }
    }
}

/// A check of either kind of report, whose names differ.
pub(super) fn read<'d>(json: &'d Json<'d>, holder: &Holder<'d>) -> Result<Reading<'d>, Reject> {
    if !k8s_objects::is_subject(holder.kind) {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    }
    let id = match json.get("checkID").text().or(json.get("ID").text()) {
        Some(id) => id,
        None => json.require_text(&["checkID"])?,
    };
    let Some(passed) = passed(json) else {
        return Ok(Reading::Dropped(DropReason::SuppressedAtSource));
    };
    let text = |names: [&str; 2]| names.iter().find_map(|name| json.get(name).text());
    let subject = k8s_objects::object(holder.cluster, holder.kind, holder.namespace, holder.name);
    let source = SourceOf {
        rule: id.into(),
        url: text(["PrimaryURL", "primaryURL"]).map(Into::into),
        ..SourceOf::default()
    };
    let mut draft = Draft::new(SubjectOf::Named(subject), source);
    draft.times = Times {
        observed_at: holder.observed_at,
        ..Times::default()
    };
    if passed {
        let scope = EvidenceScope::Rule(id.to_owned());
        draft.statements = vec![(Statement::PrivilegeReduced, scope)];
        return Ok(Reading::observed(Vec::new(), vec![draft]));
    }
    let known = CHECKS.iter().find(|(number, _)| Some(*number) == number_of(id));
    draft.problem = Some(Problem {
        unmapped: known.is_none(),
        severity: severity::of_word(text(["Severity", "severity"]).unwrap_or("unknown")),
        ..Problem::new(
            known.map_or(OverPrivileged, |(_, issue)| *issue),
            text(["Title", "title"]).unwrap_or(id),
        )
    });
    Ok(Reading::observed(Vec::new(), vec![draft]))
}

/// None of an exception. Reports list what failed unless they were asked for more.
fn passed(json: &Json<'_>) -> Option<bool> {
    match (json.get("success").bool(), json.get("Status").text()) {
        (_, Some("EXCEPTION")) => None,
        (Some(success), _) => Some(success),
        (None, Some("PASS")) => Some(true),
        _ => Some(false),
    }
}

/// `KSV041`, `KSV-0041`, `AVD-KSV-0041` → 41.
fn number_of(id: &str) -> Option<u32> {
    let (_, number) = id.split_once("KSV")?;
    number.trim_start_matches('-').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_known_in_any_spelling() {
        for id in ["KSV041", "KSV-0041", "AVD-KSV-0041"] {
            assert_eq!(number_of(id), Some(41), "{id}");
        }
        assert_eq!(number_of("AWS-0041"), None);
        assert_eq!(number_of("KSV"), None);
    }
}
