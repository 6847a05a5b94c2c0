//! Wiz: issues as its API gives them and as its webhook sends them, findings of its cloud configuration rules, its
//! detections, the secrets it found.
//!
//! A rule that passes is evidence for itself. An issue that is resolved proves something only if Wiz says that it was
//! fixed; one that somebody rejected is nobody's task. Only entities that are identities or credentials count, except
//! where the rule is about a secret: then the entity is the place.

pub(super) mod audit;
mod entity;
mod rules;

use std::borrow::Cow;

use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, Statement, Validity};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use super::ocsf::rules::proven_by_passing;
use crate::draft::{Draft, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};
use entity::Entity;

/// Wiz in all its forms.
pub(super) const WIZ: Format = Format {
    id: "wiz",
    version: 3,
    tool: "Wiz",
    names: &[
        "id",
        "issue",
        "resource",
        "control",
        "rule",
        "sourceRule",
        "entitySnapshot",
        "status",
        "result",
        "severity",
        "data",
        "nodes",
    ],
    statements: &[
        (Statement::PrivilegeReduced, EvidenceLevel::E3),
        (Statement::Rotated, EvidenceLevel::E3),
        (Statement::Disabled, EvidenceLevel::E3),
        (Statement::RemovedFromSource, EvidenceLevel::E3),
        (Statement::Deleted, EvidenceLevel::E3),
        (Statement::Inactive, EvidenceLevel::E3),
        (Statement::Active, EvidenceLevel::E3),
    ],
    detect: |json| Kind::of(json).is_some() || nodes(json).iter().any(|node| Kind::of(node).is_some()),
    records: |json| match Kind::of(json) {
        Some(_) => Ok(Report::one(json)),
        None => Ok(Report::of(nodes(json).iter())),
    },
    read,
};

/// What an object of Wiz is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Issue,
    Webhook,
    Configuration,
    Detection,
    Secret,
    Vulnerability,
}

impl Kind {
    fn of(json: &Json<'_>) -> Option<Self> {
        let is_object = |names: &[&str]| names.iter().all(|name| json.get(name).is_object());
        let is_detection = json.has("primaryActor") || json.has("triggeringEvents");
        match json {
            _ if is_object(&["entitySnapshot"]) && (json.has("sourceRule") || json.has("severity")) => {
                Some(Self::Issue)
            }
            _ if json.has_all(&["sourceRule", "severity", "status"]) => Some(Self::Issue),
            _ if is_object(&["issue", "resource"]) && (json.has("control") || json.has("trigger")) => {
                Some(Self::Webhook)
            }
            _ if is_object(&["rule", "resource"]) && json.has("result") => Some(Self::Configuration),
            _ if is_detection && (json.has("tdrId") || json.has("ruleMatch")) => Some(Self::Detection),
            _ if json.has_all(&["secretDataEntities", "resource"]) => Some(Self::Secret),
            _ if json.has_all(&["validationStatus", "resource", "rule"]) => Some(Self::Secret),
            _ if json.has_all(&["vulnerableAsset", "severity"]) => Some(Self::Vulnerability),
            _ => None,
        }
    }
}

/// An answer of its GraphQL interface: the nodes of the one thing that was asked for.
fn nodes<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    let answers = json.get("data").entries().iter();
    let nodes = answers.map(|(_, answer)| answer.get("nodes").elements());
    nodes.max_by_key(|nodes| nodes.len()).unwrap_or_default()
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let alert = match Kind::of(json) {
        Some(Kind::Vulnerability) => return Ok(Reading::Dropped(DropReason::NotIdentityRelevant)),
        Some(kind) => Alert::of(json, kind),
        None => Alert::of(json, Kind::Issue),
    };
    let verdict = match alert.verdict() {
        Ok(verdict) => verdict,
        Err(reason) => return Ok(Reading::Dropped(reason)),
    };
    let meaning = alert.meaning();
    let issue_type = meaning.unwrap_or(IssueType::AccessUnreviewed);
    let entities = alert.entities().into_iter();
    let drafts = entities.map(|entity| {
        // A role of a cluster is no identity that could sleep: it is a right that nobody uses.
        let issue_type = match issue_type {
            IssueType::IdentityDormant if entity.is_role_of_cluster() => IssueType::PermissionUnused,
            issue_type => issue_type,
        };
        alert.draft(&entity, issue_type, meaning.is_none(), verdict)
    });
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

/// What an alert says of its entities.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Fails,
    Passes,
    /// What it was about is no longer there.
    Gone,
    /// It is over, and only what was found out about its secret still says something.
    Over,
}

/// An alert with its parts where its kind has them.
struct Alert<'d> {
    json: &'d Json<'d>,
    kind: Kind,
    /// What broke: a control, a configuration rule, a detection rule.
    rule: &'d Json<'d>,
    /// What has severity, status and times.
    head: &'d Json<'d>,
}

impl<'d> Alert<'d> {
    fn of(json: &'d Json<'d>, kind: Kind) -> Self {
        let (rule, head) = match kind {
            Kind::Webhook => (json.get("control"), json.get("issue")),
            Kind::Detection => (json.at(&["ruleMatch", "rule"]), json),
            Kind::Configuration | Kind::Secret => (json.get("rule"), json),
            _ => (source_rule(json), json),
        };
        Self {
            json,
            kind,
            rule,
            head,
        }
    }

    fn name(&self) -> &'d str {
        let names = [
            self.rule.get("name"),
            self.json.get("name"),
            self.json.get("title"),
        ];
        names.into_iter().find_map(Json::text).unwrap_or(self.rule_id())
    }

    fn rule_id(&self) -> &'d str {
        let ids = [
            self.rule.get("shortId"),
            self.json.get("tdrId"),
            self.rule.get("id"),
            self.rule.get("name"),
        ];
        ids.into_iter().find_map(Json::text).unwrap_or("unknown")
    }

    /// Whether it is a problem, or proof that it is none; a reason where it is neither.
    fn verdict(&self) -> Result<Verdict, DropReason> {
        let text = |name: &str| {
            self.head
                .get(name)
                .text()
                .unwrap_or_default()
                .to_ascii_uppercase()
        };
        let (result, status) = (text("result"), text("status"));
        let is_deleted = self.head.get("deleted").bool() == Some(true);
        match (self.kind, result.as_str(), status.as_str()) {
            (_, _, "REJECTED") => Err(DropReason::SuppressedAtSource),
            (Kind::Configuration, "PASS", _) => Ok(Verdict::Passes),
            (Kind::Configuration, "FAIL", "RESOLVED") => Err(DropReason::NoStatement),
            (Kind::Configuration, "FAIL", _) if is_deleted => Err(DropReason::NoStatement),
            (Kind::Configuration, "FAIL", _) => Ok(Verdict::Fails),
            (Kind::Configuration, ..) => Err(DropReason::NoResult),
            (_, _, "RESOLVED") if text("resolutionReason") == "ISSUE_FIXED" => Ok(Verdict::Passes),
            (_, _, "RESOLVED") if text("resolutionReason") == "OBJECT_DELETED" => Ok(Verdict::Gone),
            (_, _, "RESOLVED") => match self.validity().0 {
                Validity::Active => Ok(Verdict::Fails),
                Validity::Inactive => Ok(Verdict::Over),
                _ => Err(DropReason::NoStatement),
            },
            _ => Ok(Verdict::Fails),
        }
    }

    /// What happened is a threat, whatever its name says; none if no table knows the rule.
    fn meaning(&self) -> Option<IssueType> {
        let is_event = self.rule.get("__typename").text() == Some("CloudEventRule");
        let is_threat = self.head.get("type").text() == Some("THREAT_DETECTION");
        match self.kind {
            Kind::Secret => Some(IssueType::SecretExposed),
            Kind::Detection => Some(IssueType::SuspectedCompromise),
            _ if is_event => Some(IssueType::SuspectedCompromise),
            _ => rules::meaning(self.name()).or(is_threat.then_some(IssueType::SuspectedCompromise)),
        }
    }

    /// Those who acted, of a detection; where nobody did, what it happened to.
    fn entities(&self) -> Vec<Entity<'d>> {
        let list = |name: &str| self.json.get(name).elements().iter();
        let all: Vec<&'d Json<'d>> = match self.kind {
            Kind::Webhook | Kind::Configuration | Kind::Secret => vec![self.json.get("resource")],
            Kind::Detection => {
                let actors = std::iter::once(self.json.get("primaryActor")).chain(list("actors"));
                let targets = std::iter::once(self.json.get("primaryResource")).chain(list("resources"));
                let actors: Vec<_> = actors.filter(|actor| entity::is_identity(actor)).collect();
                if actors.is_empty() {
                    targets.collect()
                } else {
                    actors
                }
            }
            _ => vec![self.json.get("entitySnapshot")],
        };
        all.into_iter().map(|json| Entity::of(json, self.json)).collect()
    }

    fn validity(&self) -> (Validity, Option<Statement>) {
        match self.json.get("validationStatus").text() {
            Some("VALID" | "VALIDATED" | "ACTIVE") => (Validity::Active, Some(Statement::Active)),
            Some("INVALID" | "INACTIVE" | "REVOKED") => (Validity::Inactive, Some(Statement::Inactive)),
            _ => (Validity::Unknown, None),
        }
    }

    fn draft(
        &self,
        entity: &Entity<'d>,
        issue_type: IssueType,
        unmapped: bool,
        verdict: Verdict,
    ) -> Draft<'d> {
        let is_place = issue_type == IssueType::SecretExposed && !entity.is_credential();
        let subject = match is_place && entity.place().is_some() {
            true => SubjectOf::Place,
            false => SubjectOf::Named(entity.named()),
        };
        let (validity, statement) = self.validity();
        let rule = EvidenceScope::Rule(self.rule_id().to_owned());
        let found_out = statement.map(|statement| (statement, rule.clone()));
        let found_out = found_out.into_iter().collect();
        let draft = Draft {
            attributes: entity.attributes(),
            place: self.place(entity),
            times: self.times(),
            ..Draft::new(subject, self.source())
        };
        match verdict {
            Verdict::Passes => Draft {
                statements: vec![(proven_by_passing(issue_type), rule)],
                ..draft
            },
            Verdict::Gone => draft.proving(match is_place {
                true => Statement::RemovedFromSource,
                false => Statement::Deleted,
            }),
            Verdict::Over => Draft {
                statements: found_out,
                ..draft
            },
            Verdict::Fails => Draft {
                statements: found_out,
                problem: Some(Problem {
                    unmapped,
                    validity,
                    severity: self.severity(),
                    ..Problem::new(issue_type, self.name())
                }),
                ..draft
            },
        }
    }

    fn severity(&self) -> reeve_domain::observation::SourceSeverity {
        let words = [self.head.get("severity"), self.rule.get("severity")];
        let word = words.into_iter().find_map(Json::text);
        word.map(severity::of_word).unwrap_or_default()
    }

    fn place(&self, entity: &Entity<'d>) -> Place<'d> {
        Place {
            resource: entity.place(),
            path: self.json.get("path").text().map(Cow::Borrowed),
            region: entity.region().map(Cow::Borrowed),
            ..Place::default()
        }
    }

    fn times(&self) -> Times {
        let first = |names: &[&str]| time::first_of(names.iter().map(|name| self.head.get(name)));
        Times {
            exposed_since: None,
            first_detected_at: first(&["firstSeenAt", "createdAt", "created"]),
            observed_at: first(&[
                "analyzedAt",
                "lastSeenAt",
                "updatedAt",
                "statusChangedAt",
                "resolvedAt",
                "createdAt",
                "created",
            ]),
        }
    }

    fn source(&self) -> SourceOf<'d> {
        let id = self
            .head
            .get("id")
            .text()
            .or(self.json.get("id").text())
            .unwrap_or_default();
        let pages = [
            self.json.get("threatURL"),
            self.head.get("url"),
            self.json.get("url"),
        ];
        SourceOf {
            rule: self.rule_id().into(),
            // The name of a control tells a place, and that of a detector the kind of its secret.
            named: Some(self.name().into()).filter(|_| self.kind == Kind::Secret),
            reference: id.into(),
            serial: id.into(),
            url: pages.into_iter().find_map(Json::text).map(Cow::Borrowed),
            ..SourceOf::default()
        }
    }
}

/// The control of an issue, whichever version of the interface names it.
fn source_rule<'d>(json: &'d Json<'d>) -> &'d Json<'d> {
    let several = json.get("sourceRules").elements().first();
    let single = ["sourceRule", "control"].map(|name| json.get(name));
    let single = single.into_iter().find(|rule| rule.is_object());
    single.or(several).unwrap_or(json.get("sourceRule"))
}
