//! IAM Access Analyzer: the events of external, internal and unused access, and the findings of its API.
//!
//! What closes an access is that the analyzer resolves its finding: it has read the state itself, and nobody else can
//! resolve one. That something is no longer unused may also mean that it was used. A finding that is archived is hidden,
//! not gone.

use std::borrow::Cow;
use std::collections::BTreeSet;

use reeve_domain::key::{
    KeyError, Rel, Resolved,
    aws::{self, entitlement},
};
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, Exposure, IssueType, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Also, Draft, Named, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

/// Findings of IAM Access Analyzer.
pub(super) const ACCESS_ANALYZER: Format = Format {
    id: "access-analyzer",
    version: 6,
    tool: "IAM Access Analyzer",
    names: &["resource", "resourceType", "status", "analyzedAt"],
    statements: &[
        (Statement::PrivilegeReduced, EvidenceLevel::E1),
        (Statement::Disabled, EvidenceLevel::E3),
    ],
    detect: |json| is_mine(json) || is_finding(json.get("finding")) || listed(json).iter().any(is_finding),
    records: |json| match (is_mine(json), json.get("finding")) {
        (true, _) => Ok(Report::one(json)),
        (false, finding) if finding.is_object() => Ok(Report::one(finding)),
        _ => Ok(Report::of(listed(json).iter())),
    },
    read,
};

fn is_mine(json: &Json<'_>) -> bool {
    is_finding(json) || is_preview(json)
}

fn is_finding(json: &Json<'_>) -> bool {
    let is_finding = json.has_all(&["resourceType", "status", "analyzedAt"]);
    is_finding && (json.has("accountId") || json.has("resourceOwnerAccount"))
}

/// What access would be if a policy were set.
fn is_preview(json: &Json<'_>) -> bool {
    json.has_all(&["accessPreviewId", "configuredResources"])
}

/// An answer of the API.
fn listed<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    json.get("findings").elements()
}

/// Kinds of findings → issue types; without one it is external access.
const KINDS: &[(&str, IssueType)] = &[
    ("ExternalAccess", IssueType::ExternalAccess),
    ("InternalAccess", IssueType::OverPrivileged),
    ("UnusedIAMRole", IssueType::IdentityDormant),
    ("UnusedIAMUserAccessKey", IssueType::CredentialUnused),
    ("UnusedIAMUserPassword", IssueType::CredentialUnused),
    ("UnusedPermission", IssueType::PermissionUnused),
];

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let status = json.get("status").text().unwrap_or_default();
    let dropped = match status {
        _ if is_preview(json) => Some(DropReason::NoStatement),
        _ if !json.get("error").is_null() => Some(DropReason::NoResult),
        _ if json.get("isDeleted").bool() == Some(true) => Some(DropReason::NoStatement),
        "ARCHIVED" => Some(DropReason::SuppressedAtSource),
        _ => None,
    };
    if let Some(reason) = dropped {
        return Ok(Reading::Dropped(reason));
    }
    json.require_text(&["resource"])?;
    let access = Access::of(json);
    let drafts = access.subjects().into_iter();
    let drafts = drafts.map(|accused| access.draft(accused, status == "RESOLVED"));
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

/// Events of internal access say how it is granted; those of external access say nothing of their kind.
fn kind_without_type(json: &Json<'_>) -> &'static str {
    let is_internal = json
        .get("accessType")
        .text()
        .is_some_and(|kind| kind.starts_with("INTRA_"));
    match is_internal || json.has("principalOwnerAccount") {
        true => "InternalAccess",
        false => "ExternalAccess",
    }
}

/// What a finding is about, and whose it is where that is another.
type Accused<'d> = (Named<'d>, Option<Also<'d>>);

struct Access<'d> {
    json: &'d Json<'d>,
    kind: &'d str,
    issue_type: IssueType,
    unmapped: bool,
    resource: &'d str,
}

impl<'d> Access<'d> {
    fn of(json: &'d Json<'d>) -> Self {
        let kind = json.get("findingType").text().unwrap_or(kind_without_type(json));
        let known = KINDS.iter().find(|(name, _)| *name == kind);
        Self {
            json,
            kind,
            issue_type: known.map_or(IssueType::AccessUnreviewed, |(_, issue_type)| *issue_type),
            unmapped: known.is_none(),
            resource: json.get("resource").text().unwrap_or_default(),
        }
    }

    fn subjects(&self) -> Vec<Accused<'d>> {
        let details = self.json.get("findingDetails").elements().iter();
        let precise: Vec<_> = details.flat_map(|detail| self.detailed(detail)).collect();
        match self.issue_type {
            _ if !precise.is_empty() => precise,
            IssueType::ExternalAccess | IssueType::OverPrivileged => self.trusts(self.json),
            _ => vec![(of_arn(self.resource), None)],
        }
    }

    /// The exact credential or permission, which only the API tells; of a trust each of its principals.
    fn detailed(&self, detail: &'d Json<'d>) -> Vec<Accused<'d>> {
        let key = detail
            .at(&["unusedIamUserAccessKeyDetails", "accessKeyId"])
            .text();
        let service = detail.at(&["unusedPermissionDetails", "serviceNamespace"]).text();
        let trust = [
            detail.get("externalAccessDetails"),
            detail.get("internalAccessDetails"),
        ];
        let trust = trust.into_iter().find(|details| details.is_object());
        match (key, service) {
            (Some(key), _) => {
                let named = Named::new([key, self.resource], |texts| {
                    aws::access_key(texts[0], Some(account_of(texts[1])))
                });
                vec![(named, Some(Also::Link(Rel::Authenticates, of_arn(self.resource))))]
            }
            (_, Some(service)) => {
                let named = Named::new([service, self.resource], unused_service);
                vec![(named, Some(Also::Link(Rel::HeldBy, of_arn(self.resource))))]
            }
            _ => trust.map(|trust| self.trusts(trust)).unwrap_or_default(),
        }
    }

    /// One a principal; access of everybody has `*`. A list of the API names none: then it is access by whomever.
    fn trusts(&self, json: &'d Json<'d>) -> Vec<Accused<'d>> {
        let actions: Vec<&str> = texts(json.get("action")).collect();
        let principals = json.get("principal").entries().iter();
        let principals = principals.flat_map(|(_, named)| named.text().into_iter().chain(texts(named)));
        let mut principals: BTreeSet<&str> = principals.collect();
        if principals.is_empty() && json.get("isPublic").bool() == Some(true) {
            principals.insert("*");
        }
        if principals.is_empty() {
            let named = Named::new([self.resource], |texts| entitlement::access(texts[0]));
            return vec![(named, None)];
        }
        let named = principals.into_iter().map(|principal| {
            let texts = [self.resource, principal]
                .into_iter()
                .chain(actions.iter().copied());
            let named = Named {
                texts: texts.map(Cow::Borrowed).collect(),
                build: |texts| entitlement::trust(texts[0], texts[1], &texts[2..]),
            };
            let holder = principal
                .starts_with("arn:")
                .then(|| Also::Link(Rel::HeldBy, of_arn(principal)));
            (named, holder)
        });
        named.collect()
    }

    fn draft(&self, (named, whose): Accused<'d>, is_resolved: bool) -> Draft<'d> {
        let draft = Draft {
            also: whose.into_iter().collect(),
            place: Place {
                resource: Some(self.resource.into()),
                region: self.json.get("region").text().map(Cow::Borrowed),
                ..Place::default()
            },
            times: self.times(),
            ..Draft::new(SubjectOf::Named(named), self.source())
        };
        if is_resolved {
            let scope = EvidenceScope::Rule(self.kind.to_owned());
            let statements = vec![(self.proven(), scope)];
            return Draft { statements, ..draft };
        }
        let title = format!("{} of {}", self.kind, self.resource);
        let problem = Problem {
            unmapped: self.unmapped,
            exposure: self.exposure(),
            ..Problem::new(self.issue_type, title)
        };
        Draft {
            problem: Some(problem),
            ..draft
        }
    }

    fn exposure(&self) -> Exposure {
        let details = self.json.get("findingDetails").elements().iter();
        let details = details.map(|one| one.at(&["externalAccessDetails", "isPublic"]));
        let mut said = details.chain([self.json.get("isPublic")]);
        match said.any(|said| said.bool() == Some(true)) {
            true => Exposure::Public,
            false => Exposure::Unknown,
        }
    }

    fn proven(&self) -> Statement {
        match self.issue_type {
            IssueType::CredentialUnused | IssueType::IdentityDormant => Statement::Disabled,
            _ => Statement::PrivilegeReduced,
        }
    }

    fn times(&self) -> Times {
        let last = [self.json.get("updatedAt"), self.json.get("analyzedAt")];
        Times {
            exposed_since: None,
            first_detected_at: time::of(self.json.get("createdAt")),
            observed_at: time::first_of(last),
        }
    }

    /// The finding's id stands in `findingId` (unused access) or in `id`.
    fn source(&self) -> SourceOf<'d> {
        let id = self.json.get("findingId").text().or(self.json.get("id").text());
        let id = id.unwrap_or_default();
        SourceOf {
            rule: self.kind.into(),
            reference: id.into(),
            serial: id.into(),
            ..SourceOf::default()
        }
    }
}

fn of_arn(arn: &str) -> Named<'_> {
    Named::new([arn], |texts| aws::from_arn(texts[0], None))
}

fn texts<'d>(list: &'d Json<'d>) -> impl Iterator<Item = &'d str> {
    list.elements().iter().filter_map(Json::text)
}

/// The resource's own account: the one beside it may be another's.
fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

fn unused_service(texts: &[&str]) -> Result<Resolved, KeyError> {
    let arn = texts[1];
    let named = arn.split(':').nth(5).ok_or(KeyError::NotASubject)?;
    let kind = named.split('/').next().unwrap_or_default();
    let name = named.rsplit('/').next().unwrap_or_default();
    entitlement::service(account_of(arn), &format!("{kind}/{name}"), texts[0])
}
