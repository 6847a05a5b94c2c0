//! CrowdStrike Falcon: events of its streams, alerts and detections of its API, and its audit of role grants.
//!
//! Detections of identities concern whoever's account acted; those of endpoints only where credentials were touched. A
//! security identifier names the account, `DOMAIN\user` names it less surely, a principal name least.

mod account;

use std::borrow::Cow;

use reeve_domain::observation::{EvidenceLevel, IssueType, SourceSeverity, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Draft, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::{Json, Number};
use crate::{severity, time};

/// CrowdStrike Falcon.
pub(super) const CROWDSTRIKE: Format = Format {
    id: "crowdstrike",
    version: 3,
    tool: "CrowdStrike Falcon",
    names: &[
        "event",
        "metadata",
        "eventType",
        "composite_id",
        "detection_id",
        "ExternalApiType",
        "resources",
    ],
    statements: &[
        (Statement::PrivilegeReduced, EvidenceLevel::E2),
        (Statement::Deleted, EvidenceLevel::E2),
        (Statement::Rotated, EvidenceLevel::E2),
    ],
    detect: |json| is_mine(json) || listed(json).iter().any(is_mine),
    records: |json| match is_mine(json) {
        true => Ok(Report::one(json)),
        false => Ok(Report::of(listed(json).iter())),
    },
    read,
};

fn is_mine(json: &Json<'_>) -> bool {
    let metadata = json.get("metadata");
    let is_stream =
        json.get("event").is_object() && metadata.has("eventType") && metadata.has("customerIDString");
    is_stream
        || json.has("ExternalApiType")
        || json.get("event").has("ExternalApiType")
        || json.has_all(&["event_simpleName", "aid"])
        || json.has_all(&["composite_id", "cid"])
        || json.has_all(&["detection_id", "behaviors"])
}

/// An answer of its API.
fn listed<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    json.get("resources").elements()
}

/// Where a field stands in the streams and in the API, the first that is there wins.
type Names = &'static [&'static str];

const KINDS: Names = &["product", "type"];
const NAMES: Names = &[
    "DetectName",
    "IncidentType",
    "Name",
    "name",
    "display_name",
    "scenario",
];
const TITLES: Names = &[
    "DetectDescription",
    "IncidentDescription",
    "Description",
    "description",
];
const IDS: Names = &[
    "DetectId",
    "IdentityProtectionIncidentId",
    "IncidentID",
    "CompositeId",
    "composite_id",
    "detection_id",
    "id",
];
const PAGES: Names = &["FalconHostLink", "falcon_host_link"];
const TACTICS: Names = &["Tactic", "tactic"];
const STATES: Names = &["State", "Status", "status"];
const FIRST: Names = &[
    "StartTime",
    "IncidentStartTime",
    "start_time",
    "first_behavior",
    "created_timestamp",
    "timestamp",
];
const LAST: Names = &[
    "ContextTimeStamp",
    "EndTime",
    "updated_timestamp",
    "last_behavior",
    "UTCTimestamp",
    "timestamp",
    "created_timestamp",
];

/// What an event of the streams is about; of kinds that are not here nobody's account is.
#[derive(Clone, Copy, PartialEq)]
enum About {
    Identity,
    Endpoint,
    Audit,
    Other,
}

/// An event or alert: what is in it, and what it is about.
struct Event<'d> {
    json: &'d Json<'d>,
    /// The behavior of a detection that carries most, else the event itself.
    detail: &'d Json<'d>,
    metadata: &'d Json<'d>,
    about: About,
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let event = Event::of(record.json());
    match event.about {
        About::Audit => Ok(event.audit()),
        About::Other => Ok(Reading::Dropped(DropReason::NotIdentityRelevant)),
        About::Endpoint if !event.touches_credentials() => {
            Ok(Reading::Dropped(DropReason::NotIdentityRelevant))
        }
        About::Identity | About::Endpoint => Ok(event.detection()),
    }
}

impl<'d> Event<'d> {
    fn of(json: &'d Json<'d>) -> Self {
        let metadata = json.get("metadata");
        let inner = if metadata.is_object() {
            json.get("event")
        } else {
            json
        };
        let behaviors = json.get("behaviors").elements();
        let of_credentials = behaviors.iter().find(|one| is_of_credentials(text(one, TACTICS)));
        let kind = metadata
            .get("eventType")
            .text()
            .or(json.get("ExternalApiType").text());
        let kind = kind.map(|kind| kind.strip_prefix("Event_").unwrap_or(kind));
        Self {
            json: inner,
            detail: of_credentials.or(behaviors.first()).unwrap_or(inner),
            metadata,
            about: about(kind, inner),
        }
    }

    fn text(&self, names: Names) -> &'d str {
        match text(self.json, names) {
            "" => text(self.detail, names),
            found => found,
        }
    }

    fn touches_credentials(&self) -> bool {
        is_of_credentials(self.text(TACTICS))
    }

    fn detection(&self) -> Reading<'d> {
        match self.text(STATES).to_ascii_lowercase().as_str() {
            "closed" | "resolved" | "auto_resolved" | "true_positive" => {
                return Reading::Dropped(DropReason::NoStatement);
            }
            "false_positive" | "ignored" => return Reading::Dropped(DropReason::SuppressedAtSource),
            _ => {}
        }
        let named = account::of_detection(self.json, self.detail);
        let rule = Some(self.text(NAMES))
            .filter(|name| !name.is_empty())
            .unwrap_or("unknown");
        let title = Some(self.text(TITLES))
            .filter(|title| !title.is_empty())
            .unwrap_or(rule);
        let draft = Draft {
            problem: Some(Problem {
                severity: self.severity(),
                ..Problem::new(IssueType::SuspectedCompromise, title)
            }),
            ..self.draft(SubjectOf::Named(named), rule.into())
        };
        Reading::observed(Vec::new(), vec![draft])
    }

    /// Grants of the console's own administrator roles, and its API clients; what was taken away closes what gave just
    /// that. A user whom the console has deleted has no role of it, and may be alive elsewhere.
    fn audit(&self) -> Reading<'d> {
        let operation = self.json.get("OperationName").text().unwrap_or_default();
        let failed = self.json.get("Success").bool() == Some(false);
        let roles = account::administrator_roles(self.json);
        let named = match operation.contains("APIClient") {
            true => account::of_client(self.json, self.metadata),
            false => account::of_audit(self.json, self.metadata),
        };
        let rule = match operation {
            "grantUserRoles" => account::rule_of_grant(&roles).into(),
            _ => operation.into(),
        };
        let draft = self.draft(SubjectOf::Named(named), rule);
        let draft = match operation {
            _ if failed => return Reading::Dropped(DropReason::NoStatement),
            "CreateAPIClient" => draft.having(IssueType::CredentialAdded, "API client created in Falcon"),
            "DeleteAPIClient" | "DeleteAPIClients" | "deleteUser" => draft.proving(Statement::Deleted),
            "ResetAPIClientSecret" => draft.proving(Statement::Rotated),
            "grantUserRoles" if !roles.is_empty() => {
                draft.having(IssueType::OverPrivileged, "Administrator role granted in Falcon")
            }
            "revokeUserRoles" if !roles.is_empty() => Draft {
                statements: account::revoked(&roles),
                ..draft
            },
            _ => return Reading::Dropped(DropReason::NoStatement),
        };
        Reading::observed(Vec::new(), vec![draft])
    }

    fn draft(&self, subject: SubjectOf<'d>, rule: Cow<'d, str>) -> Draft<'d> {
        let id = self.text(IDS);
        let source = SourceOf {
            rule,
            reference: id.into(),
            serial: id.into(),
            url: Some(self.text(PAGES))
                .filter(|page| !page.is_empty())
                .map(Cow::Borrowed),
            ..SourceOf::default()
        };
        Draft {
            times: self.times(),
            ..Draft::new(subject, source)
        }
    }

    /// Milliseconds, seconds and ticks since 1601 stand side by side.
    fn times(&self) -> Times {
        let of = |names: Names| time::first_of(names.iter().map(|name| self.json.get(name)));
        let created = time::of(self.metadata.get("eventCreationTime"));
        let (first, last) = (of(FIRST), of(LAST));
        Times {
            exposed_since: None,
            first_detected_at: first.or(created),
            observed_at: last.max(created).or(first),
        }
    }

    /// 1–5 in older events, 1–100 in the API and in newer ones; the word is there in most.
    fn severity(&self) -> SourceSeverity {
        let word = text(
            self.json,
            &["SeverityName", "severity_name", "max_severity_displayname"],
        );
        let numbers = ["Severity", "severity", "max_severity"].map(|name| self.json.get(name));
        let number = numbers.iter().find_map(|number| match number {
            Json::Number(Number::Float(score)) if (0.0..=100.0).contains(score) => Some(*score as u64),
            number => number.unsigned(),
        });
        match (word, number) {
            ("", Some(level @ 1..=5)) => severity::of_score(level * 20 - 10),
            ("", Some(score)) => severity::of_score(score),
            ("", None) => SourceSeverity::default(),
            (word, _) => severity::of_word(word),
        }
    }
}

fn text<'d>(json: &'d Json<'d>, names: &[&str]) -> &'d str {
    let texts = names.iter().map(|name| json.get(name).text());
    texts.flatten().next().unwrap_or_default()
}

fn is_of_credentials(tactic: &str) -> bool {
    tactic.replace(' ', "").eq_ignore_ascii_case("CredentialAccess")
}

fn about(kind: Option<&str>, json: &Json<'_>) -> About {
    let product = text(json, KINDS);
    match kind {
        Some("IdpDetectionSummaryEvent" | "IdentityProtectionEvent") => About::Identity,
        Some("DetectionSummaryEvent" | "EppDetectionSummaryEvent" | "XdrDetectionSummaryEvent") => {
            About::Endpoint
        }
        Some("AuthActivityAuditEvent" | "UserActivityAuditEvent") => About::Audit,
        Some(_) => About::Other,
        None if product == "idp" || product.starts_with("idp-") => About::Identity,
        None => About::Endpoint,
    }
}
