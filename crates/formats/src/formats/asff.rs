//! AWS Security Hub's finding format: one finding a record, one subject a resource.
//!
//! `Compliance.Status: PASSED` is evidence for its own control; `ARCHIVED` proves nothing. The ARN is trusted over the
//! declared resource type. An access key that acted is the subject if it is long-lived, else the principal behind it.

pub(super) mod rules;
pub(super) mod subject;

use std::borrow::Cow;

use reeve_domain::key::aws::entitlement;
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, SourceSeverity, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Also, Draft, Named, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};
use subject::{access_key, by_arn, external_access};

/// ASFF, single, wrapped or in an EventBridge event.
pub(super) const ASFF: Format = Format {
    id: "asff",
    version: 4,
    tool: "AWS Security Hub",
    names: &[
        "SchemaVersion",
        "Id",
        "ProductArn",
        "ProductName",
        "GeneratorId",
        "AwsAccountId",
        "Types",
        "Title",
        "FirstObservedAt",
        "LastObservedAt",
        "CreatedAt",
        "UpdatedAt",
        "ProcessedAt",
        "Severity",
        "Label",
        "Normalized",
        "FindingProviderFields",
        "ProductFields",
        "ControlId",
        "ProviderName",
        "Resources",
        "DataClassification",
        "SensitiveData",
        "Category",
        "Type",
        "Details",
        "Tags",
        "Region",
        "ResourceRole",
        "AwsIamAccessKey",
        "AccessKeyId",
        "AccountId",
        "PrincipalId",
        "PrincipalName",
        "PrincipalType",
        "SessionContext",
        "SessionIssuer",
        "Arn",
        "Compliance",
        "Status",
        "StatusReasons",
        "ReasonCode",
        "SecurityControlId",
        "Workflow",
        "RecordState",
        "Sample",
        "SourceUrl",
        "Remediation",
        "Recommendation",
        "Url",
        "findings",
        "Findings",
        "ApplicationName",
        "ApplicationArn",
        "Other",
    ],
    statements: &[
        (Statement::PrivilegeReduced, EvidenceLevel::E3),
        (Statement::Rotated, EvidenceLevel::E3),
        (Statement::Disabled, EvidenceLevel::E3),
        (Statement::RemovedFromSource, EvidenceLevel::E3),
    ],
    detect: |json| is_finding(json) || wrapped(json).iter().any(is_finding),
    records: |json| match is_finding(json) {
        true => Ok(Report::one(json)),
        false => Ok(Report::of(wrapped(json).iter())),
    },
    read,
};

fn is_finding(json: &Json<'_>) -> bool {
    json.has_all(&["ProductArn", "SchemaVersion"])
        || json.has_all(&["ProductArn", "GeneratorId", "AwsAccountId", "Resources"])
}

fn wrapped<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    match json.get("findings") {
        Json::Array(findings) => findings,
        _ => json.get("Findings").elements(),
    }
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    json.require_text(&["ProductArn"])?;
    let rule = rule(json)?;
    let resources = match json.get("Resources") {
        single @ Json::Object(_) => std::slice::from_ref(single),
        _ => json.require_array(&["Resources"])?,
    };
    if json.get("Sample").bool() == Some(true) {
        return Ok(Reading::Dropped(DropReason::Sample));
    }
    let meaning = rules::meaning(json, rule);
    let issue_type = match meaning {
        Some(None) => return Ok(Reading::Dropped(DropReason::NotIdentityRelevant)),
        Some(Some(issue_type)) => issue_type,
        None => IssueType::AccessUnreviewed,
    };
    let verdict = match verdict(json) {
        Ok(verdict) => verdict,
        Err(reason) => return Ok(Reading::Dropped(reason)),
    };
    let account = json
        .get("AwsAccountId")
        .text()
        .or(record.carried.account.as_deref());
    let control = Control {
        json,
        account: account.unwrap_or_default(),
        rule,
        issue_type,
        unmapped: meaning.is_none(),
        verdict,
    };
    let drafts = acting(resources)
        .filter(|resource| issue_type != IssueType::SecretExposed || !holds_another(resource, resources))
        .filter_map(|resource| control.draft(resource))
        .collect();
    Ok(Reading::observed(Vec::new(), drafts))
}

/// What the finding says of its resources.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Fails,
    Passes,
}

fn verdict(json: &Json<'_>) -> Result<Verdict, DropReason> {
    let status = json.at(&["Compliance", "Status"]).text();
    let reasons = json.at(&["Compliance", "StatusReasons"]).elements();
    let evaluated_nothing = reasons
        .iter()
        .any(|reason| reason.get("ReasonCode").text() == Some("CONFIG_EVALUATIONS_EMPTY"));
    let workflow = json.at(&["Workflow", "Status"]).text();
    let is_archived = json.get("RecordState").text() == Some("ARCHIVED");
    let provider = json.at(&["ProductFields", "ProviderName"]).text();
    match status {
        Some("NOT_AVAILABLE") => Err(DropReason::NoResult),
        Some("PASSED") if evaluated_nothing => Err(DropReason::NoResult),
        Some("PASSED") => Ok(Verdict::Passes),
        // The format has no word for what Prowler's user has muted.
        Some("WARNING") if provider == Some("Prowler") => Err(DropReason::SuppressedAtSource),
        _ if workflow == Some("SUPPRESSED") || is_archived => Err(DropReason::SuppressedAtSource),
        // A person's word; a control that still fails is a problem whatever they say.
        None if workflow == Some("RESOLVED") => Err(DropReason::NoStatement),
        _ => Ok(Verdict::Fails),
    }
}

/// Generators that are a whole product: which rule it was stands in the type.
const PRODUCTS: &[&str] = &["aws/macie", "AWSInspector"];

/// The control's own id, the same in every report; without one the generator.
fn rule<'d>(json: &'d Json<'d>) -> Result<&'d str, Reject> {
    let control = json.at(&["Compliance", "SecurityControlId"]).text();
    let control = control.or(json.at(&["ProductFields", "ControlId"]).text());
    let kind = json.get("Types").elements().first().and_then(Json::text);
    match (control, json.require_text(&["GeneratorId"])) {
        (Some(control), _) => Ok(control),
        (None, Ok(product)) if PRODUCTS.contains(&product) => Ok(kind.unwrap_or(product)),
        (None, generator) => generator,
    }
}

/// The resources that a finding accuses: those that acted, where it tells actors from targets.
fn acting<'d>(resources: &'d [Json<'d>]) -> impl Iterator<Item = &'d Json<'d>> {
    let is_actor = |resource: &Json<'_>| resource.get("ResourceRole").text() == Some("Actor");
    let tells_actors = resources.iter().any(is_actor);
    resources
        .iter()
        .filter(move |resource| !tells_actors || is_actor(resource))
}

/// A bucket beside the object in it: what was found lies in the object.
fn holds_another<'d>(resource: &'d Json<'d>, resources: &'d [Json<'d>]) -> bool {
    let id = |resource: &'d Json<'d>| resource.get("Id").text().unwrap_or_default();
    let mut behind = resources
        .iter()
        .filter_map(|other| id(other).strip_prefix(id(resource)));
    behind.any(|rest| rest.starts_with('/'))
}

/// One control's result, as far as it is the same for all resources.
struct Control<'d> {
    json: &'d Json<'d>,
    account: &'d str,
    rule: &'d str,
    issue_type: IssueType,
    unmapped: bool,
    verdict: Verdict,
}

impl<'d> Control<'d> {
    /// None if the resource cannot be the subject of this control.
    fn draft(&self, resource: &'d Json<'d>) -> Option<Draft<'d>> {
        let (subject, also) = self.subject(resource)?;
        let draft = Draft {
            also,
            attributes: attributes(resource),
            place: self.place(resource),
            times: self.times(),
            ..Draft::new(subject, self.source())
        };
        Some(match self.verdict {
            Verdict::Passes => Draft {
                statements: vec![(
                    proven_by_passing(self.issue_type),
                    EvidenceScope::Rule(self.rule.to_owned()),
                )],
                ..draft
            },
            Verdict::Fails => Draft {
                problem: Some(self.problem()),
                ..draft
            },
        })
    }

    fn subject(&self, resource: &'d Json<'d>) -> Option<(SubjectOf<'d>, Vec<Also<'d>>)> {
        let kind = resource.get("Type").text().unwrap_or_default();
        let id = resource.get("Id").text().unwrap_or_default();
        let key = resource.at(&["Details", "AwsIamAccessKey"]);
        match kind {
            "AwsAccount" | "AwsIamPasswordPolicy" => self
                .account(kind, id)
                .map(|named| (SubjectOf::Named(named), vec![])),
            _ if key.is_object() => Some(access_key(key, id, self.account)),
            _ if self.issue_type == IssueType::ExternalAccess && external_access(resource).is_some() => {
                external_access(resource).map(|named| (SubjectOf::Named(named), vec![]))
            }
            _ if self.issue_type == IssueType::SecretExposed && !kind.starts_with("AwsIam") => {
                Some((SubjectOf::Place, vec![]))
            }
            _ => Some((SubjectOf::Named(Named::new([id, kind], by_arn)), vec![])),
        }
    }

    /// A control of the whole account speaks of an identity only where it speaks of its root user or its passwords.
    fn account(&self, kind: &'d str, id: &'d str) -> Option<Named<'d>> {
        let of_identity = matches!(
            self.issue_type,
            IssueType::RootUse | IssueType::WeakAuthentication
        );
        let title = self.json.get("Title").text().unwrap_or_default();
        let of_passwords = kind == "AwsIamPasswordPolicy" || rules::is_of_passwords(self.rule, title);
        match kind {
            _ if of_passwords => Some(Named::new([self.account], |texts| {
                entitlement::password_policy(texts[0])
            })),
            _ if of_identity => Some(Named::new([id, kind], by_arn)),
            _ => None,
        }
    }

    fn problem(&self) -> Problem<'d> {
        Problem {
            unmapped: self.unmapped,
            severity: severity_of(self.json),
            ..Problem::new(
                self.issue_type,
                self.json.get("Title").text().unwrap_or(self.rule),
            )
        }
    }

    fn place(&self, resource: &'d Json<'d>) -> Place<'d> {
        let region = resource.get("Region").text().or(self.json.get("Region").text());
        Place {
            resource: resource.get("Id").text().map(Cow::Borrowed),
            path: resource
                .at(&["Details", "Other", "Filename"])
                .text()
                .map(Cow::Borrowed),
            region: region.map(Cow::Borrowed),
            ..Place::default()
        }
    }

    fn times(&self) -> Times {
        let first = |fields: &[&str]| fields.iter().find_map(|field| time::of(self.json.get(field)));
        Times {
            exposed_since: None,
            first_detected_at: first(&["FirstObservedAt", "CreatedAt"]),
            observed_at: first(&["LastObservedAt", "UpdatedAt", "ProcessedAt", "CreatedAt"]),
        }
    }

    fn source(&self) -> SourceOf<'d> {
        let id = self.json.get("Id").text().unwrap_or_default();
        let tool = self
            .json
            .get("ProductName")
            .text()
            .or(self.json.at(&["ProductFields", "ProviderName"]).text());
        let url = self.json.get("SourceUrl").text();
        let url = url.or(self.json.at(&["Remediation", "Recommendation", "Url"]).text());
        SourceOf {
            tool: tool.map(Cow::Borrowed),
            rule: self.rule.into(),
            named: self.json.get("Title").text().map(Cow::Borrowed),
            reference: id.into(),
            serial: id.into(),
            url: url.map(Cow::Borrowed),
        }
    }
}

/// What a control proves by passing, so that it can close what it opened.
fn proven_by_passing(issue_type: IssueType) -> Statement {
    match issue_type {
        IssueType::CredentialNotRotated => Statement::Rotated,
        IssueType::CredentialUnused | IssueType::IdentityDormant | IssueType::RootUse => Statement::Disabled,
        IssueType::SecretExposed => Statement::RemovedFromSource,
        _ => Statement::PrivilegeReduced,
    }
}

fn severity_of(json: &Json<'_>) -> SourceSeverity {
    let label = json.at(&["FindingProviderFields", "Severity", "Label"]).text();
    let normalized = || {
        json.at(&["Severity", "Normalized"])
            .unsigned()
            .map(severity::of_score)
    };
    match label.or(json.at(&["Severity", "Label"]).text()) {
        Some(label) => severity::of_word(label),
        None => normalized().unwrap_or_default(),
    }
}

fn attributes<'d>(resource: &'d Json<'d>) -> Vec<(&'static str, Cow<'d, str>)> {
    let tags = resource.get("Tags");
    let owner = ["Owner", "owner", "Team", "team"]
        .iter()
        .find_map(|tag| tags.get(tag).text());
    let named = [
        ("application", resource.get("ApplicationName").text()),
        ("application_arn", resource.get("ApplicationArn").text()),
        ("owner_tag", owner),
    ];
    named
        .into_iter()
        .filter_map(|(name, value)| Some((name, Cow::Borrowed(value?))))
        .collect()
}
