//! OCSF findings of any product (Prowler, Security Hub V2) and Prowler's own JSON: one finding a record.
//!
//! `PASS` is evidence for its own check; a muted, manual or archived finding says nothing. Only resources that are an
//! identity, a credential or an entitlement count, except where the finding is about a secret: then it is the place.

pub(super) mod rules;

use std::borrow::Cow;

use reeve_domain::key::{KeyError, Resolved, aws, gcp, k8s};
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, SourceSeverity, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Draft, Named, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// OCSF, category Findings.
pub(super) const OCSF: Format = Format {
    id: "ocsf",
    version: 1,
    tool: "ocsf",
    names: &[
        "class_uid",
        "metadata",
        "finding_info",
        "resources",
        "CheckID",
        "Status",
    ],
    statements: &[
        (Statement::PrivilegeReduced, EvidenceLevel::E3),
        (Statement::Rotated, EvidenceLevel::E3),
        (Statement::Disabled, EvidenceLevel::E3),
        (Statement::RemovedFromSource, EvidenceLevel::E3),
    ],
    detect: |json| is_event(json) || is_native(json),
    records: |json| Ok(Report::one(json)),
    read,
};

fn is_event(json: &Json<'_>) -> bool {
    json.has("class_uid") && json.get("metadata").is_object()
}

/// Prowler 3.
fn is_native(json: &Json<'_>) -> bool {
    json.has_all(&["CheckID", "FindingUniqueId", "Status"])
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let finding = match is_native(record.json()) {
        true => Finding::of_prowler(record),
        false => Finding::of_event(record),
    };
    let is_finding = |class: u64| class / 1_000 == 2 || class == 0;
    let class = record.json().get("class_uid").unsigned().unwrap_or_default();
    let meaning = finding.meaning();
    if !is_finding(class) || meaning == Some(None) {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    }
    let passes = match finding.passes() {
        Ok(passes) => passes,
        Err(reason) => return Ok(Reading::Dropped(reason)),
    };
    let issue_type = meaning.flatten().unwrap_or(IssueType::AccessUnreviewed);
    let subjects = finding.subjects(issue_type);
    let drafts = subjects
        .into_iter()
        .map(|(subject, place)| finding.draft(subject, place, issue_type, meaning.is_none(), passes));
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

/// A finding in either spelling.
struct Finding<'d> {
    json: &'d Json<'d>,
    rule: &'d str,
    title: &'d str,
    id: &'d str,
    status: &'d str,
    severity: SourceSeverity,
    account: &'d str,
    resources: Vec<Resource<'d>>,
    times: Times,
    tool: Option<&'d str>,
    url: Option<&'d str>,
}

/// What is accused.
struct Resource<'d> {
    id: &'d str,
    kind: &'d str,
    name: &'d str,
    namespace: &'d str,
    region: Option<&'d str>,
}

impl<'d> Finding<'d> {
    fn of_event(record: &Record<'d>) -> Self {
        let json = record.json();
        let info = match json.get("finding_info") {
            Json::Null => json.get("finding"),
            info => info,
        };
        let text = |path: &[&str]| -> &'d str { json.at(path).text().unwrap_or_default() };
        let rule = [
            json.at(&["metadata", "event_code"]),
            json.at(&["compliance", "control"]),
            info.at(&["analytic", "uid"]),
            info.at(&["analytic", "name"]),
            json.at(&["rule", "uid"]),
            info.at(&["types"]).elements().first().unwrap_or(&NONE),
            info.get("title"),
        ];
        let account = json.at(&["cloud", "account", "uid"]).text();
        let mut resources: Vec<_> = json
            .get("resources")
            .elements()
            .iter()
            .map(Resource::of)
            .collect();
        resources.extend(
            json.get("resource")
                .is_object()
                .then(|| Resource::of(json.get("resource"))),
        );
        let first = [
            info.get("first_seen_time_dt"),
            info.get("first_seen_time"),
            info.get("created_time_dt"),
            info.get("created_time"),
        ];
        let last = [
            json.get("time_dt"),
            json.get("time"),
            json.get("event_time"),
            info.get("last_seen_time"),
        ];
        Self {
            json,
            rule: rule.into_iter().find_map(Json::text).unwrap_or("unknown"),
            title: info
                .get("title")
                .text()
                .or(json.get("message").text())
                .unwrap_or_default(),
            id: info.get("uid").text().unwrap_or_default(),
            status: json
                .get("status_code")
                .text()
                .unwrap_or(text(&["compliance", "status"])),
            severity: severity_of(json),
            account: account.or(record.carried.account.as_deref()).unwrap_or_default(),
            resources,
            times: Times {
                exposed_since: None,
                first_detected_at: time::first_of(first),
                observed_at: time::first_of(last),
            },
            tool: json.at(&["metadata", "product", "name"]).text(),
            url: info.get("src_url").text().or(json
                .at(&["remediation", "references"])
                .elements()
                .first()
                .and_then(Json::text)),
        }
    }

    fn of_prowler(record: &Record<'d>) -> Self {
        let json = record.json();
        let text = |name: &str| -> &'d str { json.get(name).text().unwrap_or_default() };
        let id = match text("ResourceArn") {
            "" => text("ResourceId"),
            arn => arn,
        };
        Self {
            json,
            rule: json.get("CheckID").text().unwrap_or("unknown"),
            title: text("CheckTitle"),
            id: text("FindingUniqueId"),
            status: text("Status"),
            severity: json
                .get("Severity")
                .text()
                .map(severity::of_word)
                .unwrap_or_default(),
            account: json.get("AccountId").text().unwrap_or_default(),
            resources: vec![Resource {
                id,
                kind: text("ResourceType"),
                name: text("ResourceId"),
                namespace: "",
                region: json.get("Region").text(),
            }],
            times: Times {
                observed_at: time::of(json.get("AssessmentStartTime")),
                ..Times::default()
            },
            tool: Some("Prowler"),
            url: json.at(&["Remediation", "Recommendation", "Url"]).text(),
        }
    }

    fn meaning(&self) -> Option<crate::issue::Meaning> {
        let info = self.json.get("finding_info");
        let types = info.get("types").elements().iter().filter_map(Json::text);
        let class = self.json.get("class_uid").unsigned();
        rules::meaning(class, std::iter::once(self.rule).chain([self.title]).chain(types))
    }

    /// Whether the check passed; a reason if it says nothing.
    fn passes(&self) -> Result<bool, DropReason> {
        let status = self.json.get("status_id").unsigned();
        let is_closed = self.json.get("activity_id").unsigned() == Some(3);
        let is_sample = self.json.at(&["metadata", "product", "feature", "name"]).text() == Some("Sample");
        match self.status.to_ascii_uppercase().as_str() {
            _ if is_sample => Err(DropReason::Sample),
            "PASS" | "PASSED" => Ok(true),
            "MUTED" => Err(DropReason::SuppressedAtSource),
            "MANUAL" | "INFO" | "NOT_AVAILABLE" => Err(DropReason::NoResult),
            // Prowler 4 wrote 3 for every finding that was new.
            "FAIL" | "FAILED" if status == Some(3) && self.json.get("status").text() == Some("New") => {
                Ok(false)
            }
            _ if matches!(status, Some(3 | 5)) => Err(DropReason::SuppressedAtSource),
            _ if is_closed || matches!(status, Some(4 | 6)) => Err(DropReason::NoStatement),
            _ => Ok(false),
        }
    }

    fn subjects(&self, issue_type: IssueType) -> Vec<(SubjectOf<'d>, Place<'d>)> {
        let subject = |resource: &Resource<'d>| {
            let is_place = issue_type == IssueType::SecretExposed && !resource.is_identity();
            let texts = [
                resource.id,
                resource.kind,
                resource.name,
                resource.namespace,
                self.account,
            ];
            let subject = match is_place {
                true => SubjectOf::Place,
                false => SubjectOf::Named(Named::new(texts, by_resource)),
            };
            (subject, resource.place())
        };
        let of_resources = self.resources.iter().map(subject);
        of_resources.chain(self.users()).collect()
    }

    /// Those who acted, of detections: their key if it is long-lived, else they themselves.
    fn users(&self) -> Vec<(SubjectOf<'d>, Place<'d>)> {
        let evidences = self.json.get("evidences").elements().iter();
        let actors = evidences.flat_map(|evidence| [evidence.get("user"), evidence.at(&["actor", "user"])]);
        let own = [self.json.get("user"), self.json.at(&["actor", "user"])];
        let users = own.into_iter().chain(actors).filter(|user| user.is_object());
        let texts = users.flat_map(|user| {
            let text = |name: &str| -> &'d str { user.get(name).text().unwrap_or_default() };
            let keys = user.get("programmatic_credentials").elements().iter();
            let keys = keys.filter_map(|key| key.get("uid").text());
            let itself = (text("uid"), text("name"));
            keys.map(|key| (key, "")).chain([itself]).collect::<Vec<_>>()
        });
        let named =
            texts.map(|(id, name)| Named::new([id, "AwsIamUser", name, "", self.account], by_resource));
        named
            .map(|named| (SubjectOf::Named(named), Place::default()))
            .collect()
    }

    fn draft(
        &self,
        subject: SubjectOf<'d>,
        place: Place<'d>,
        issue_type: IssueType,
        unmapped: bool,
        passes: bool,
    ) -> Draft<'d> {
        let draft = Draft {
            place,
            times: self.times,
            ..Draft::new(subject, self.source())
        };
        if passes {
            let scope = EvidenceScope::Rule(self.rule.to_owned());
            let statements = vec![(rules::proven_by_passing(issue_type), scope)];
            return Draft { statements, ..draft };
        }
        let title = if self.title.is_empty() {
            self.rule
        } else {
            self.title
        };
        let problem = Problem {
            unmapped,
            severity: self.severity.clone(),
            ..Problem::new(issue_type, title)
        };
        Draft {
            problem: Some(problem),
            ..draft
        }
    }

    fn source(&self) -> SourceOf<'d> {
        SourceOf {
            tool: self.tool.map(Cow::Borrowed),
            rule: self.rule.into(),
            reference: self.id.into(),
            serial: self.id.into(),
            url: self.url.map(Cow::Borrowed),
        }
    }
}

static NONE: Json<'static> = Json::Null;

impl<'d> Resource<'d> {
    fn of(json: &'d Json<'d>) -> Self {
        let text = |name: &str| -> &'d str { json.get(name).text().unwrap_or_default() };
        Self {
            id: text("uid"),
            kind: text("type"),
            name: text("name"),
            namespace: text("namespace"),
            region: json.get("region").text(),
        }
    }

    fn is_identity(&self) -> bool {
        self.kind.starts_with("AwsIam") || self.kind.contains("ServiceAccount") || self.id.contains(":iam:")
    }

    fn place(&self) -> Place<'d> {
        Place {
            resource: Some(self.id).filter(|id| !id.is_empty()).map(Cow::Borrowed),
            region: self.region.map(Cow::Borrowed),
            ..Place::default()
        }
    }
}

/// The subject that a resource is, whatever cloud it is of.
fn by_resource(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[id, kind, name, namespace, account] = texts else {
        return Err(KeyError::Empty);
    };
    let key = [id, name].into_iter().find(|text| aws::is_access_key_id(text));
    match kind {
        _ if key.is_some_and(|key| key.starts_with("AKIA")) => {
            aws::access_key(key.unwrap_or_default(), Some(account))
        }
        _ if id.starts_with("arn:") => aws::from_arn(id, Some(kind)),
        "AwsIamUser" if !name.is_empty() && aws::from_unique_id(id).is_err() => aws::user(account, name),
        "AwsIamRole" if !name.is_empty() => aws::role(account, name),
        "AwsIamUser" => aws::from_unique_id(id),
        _ if kind.eq_ignore_ascii_case("serviceaccount") || kind == "KubernetesServiceAccount" => {
            k8s::service_account(None, namespace, name)
        }
        _ => [id, name]
            .into_iter()
            .find_map(|text| gcp::from_member(text).ok())
            .filter(|_| {
                kind.contains("iam.googleapis.com")
                    || id.ends_with(".gserviceaccount.com")
                    || name.ends_with(".gserviceaccount.com")
            })
            .ok_or(KeyError::NotASubject),
    }
}

fn severity_of(json: &Json<'_>) -> SourceSeverity {
    let word = match json.get("severity_id").unsigned() {
        Some(1) => Some("Informational"),
        Some(2) => Some("Low"),
        Some(3) => Some("Medium"),
        Some(4) => Some("High"),
        Some(5) => Some("Critical"),
        Some(6) => Some("Fatal"),
        _ => json.get("severity").text(),
    };
    word.map(severity::of_word).unwrap_or_default()
}
