//! Microsoft Sentinel and Defender for Cloud: incidents and security alerts, as the API nests them under `properties`,
//! as tables and exports have them flat, and as the libraries spell them.
//!
//! An alert carries its entities as a list or as JSON inside a string; an incident mostly names nobody. The tenant of a
//! table's row is that of its workspace, no directory.

mod posture;

use std::borrow::Cow;

use reeve_domain::key::{KeyError, aws, entra};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use super::microsoft::{Account, embedded, field, issue_type, text, why_over};
use crate::draft::{Draft, Named, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// Incidents and alerts of Microsoft Sentinel, alerts of Defender for Cloud.
pub(super) const SENTINEL: Format = Format {
    id: "sentinel",
    version: 2,
    tool: "Microsoft Sentinel",
    names: &["properties", "object", "value", "records", "data", "entities"],
    statements: &[],
    detect: |json| is_mine(json) || listed(json).iter().any(is_mine),
    records: |json| match is_mine(json) {
        true => Ok(Report::one(json)),
        false => Ok(Report::of(listed(json).iter())),
    },
    read,
};

/// The number of an incident and the id of an alert, of which one is in all of them.
const MARKS: &[&str] = &[
    "incidentNumber",
    "IncidentNumber",
    "incident_number",
    "systemAlertId",
    "SystemAlertId",
    "system_alert_id",
];

/// Lists of its API, exports of tables, answers of the Resource Graph.
fn listed<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    let lists = ["value", "records", "data"].map(|name| json.get(name).elements());
    lists
        .into_iter()
        .find(|list| !list.is_empty())
        .unwrap_or_default()
}

fn is_mine(json: &Json<'_>) -> bool {
    body_of(json).is_some() || posture::is_posture(json)
}

/// The object that has the fields: itself, its properties, those of the object of a playbook's trigger.
fn body_of<'d>(json: &'d Json<'d>) -> Option<&'d Json<'d>> {
    let bodies = [json, json.get("properties"), json.at(&["object", "properties"])];
    let is_marked = |body: &&Json<'_>| MARKS.iter().any(|mark| body.has(mark));
    bodies.into_iter().find(is_marked)
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let body = match body_of(json) {
        None if posture::is_posture(json) => return Ok(posture::read(json)),
        body => body.unwrap_or(json),
    };
    let alert = Alert { json, body };
    if let Some(reason) = alert.why_dropped() {
        return Ok(Reading::Dropped(reason));
    }
    let drafts = alert.subjects().into_iter().map(|named| alert.draft(named));
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

struct Alert<'d> {
    json: &'d Json<'d>,
    body: &'d Json<'d>,
}

impl<'d> Alert<'d> {
    fn text(&self, names: &[&str]) -> &'d str {
        text(self.body, names)
    }

    fn why_dropped(&self) -> Option<DropReason> {
        if self.title().starts_with("[SAMPLE ALERT]") {
            return Some(DropReason::Sample);
        }
        why_over(self.text(&["status"]), self.text(&["classification"]))
    }

    fn title(&self) -> &'d str {
        self.text(&[
            "alertDisplayName",
            "displayName",
            "title",
            "alertName",
            "friendlyName",
            "alertType",
        ])
    }

    /// The analytic rule or the type of the alert; they stay, titles do not always.
    fn rule(&self) -> &'d str {
        let rules = field(self.body, "relatedAnalyticRuleIds").elements();
        let rule = rules
            .first()
            .and_then(Json::text)
            .and_then(|id| id.rsplit('/').next());
        let rule = rule.unwrap_or(self.text(&["alertType", "alertName", "title", "alertDisplayName"]));
        if rule.is_empty() { "unknown" } else { rule }
    }

    /// Whoever the entities name, of the alert itself and of the alerts in an incident.
    fn subjects(&self) -> Vec<Named<'d>> {
        let inner = field(self.body, "alerts").elements().iter();
        let bodies = inner.map(|alert| body_of(alert).unwrap_or(alert));
        let bodies = std::iter::once(self.body).chain(bodies);
        let lists = bodies.flat_map(|body| {
            ["entities", "relatedEntities"].map(|name| embedded(field(body, name)).into_owned())
        });
        lists.flat_map(|list| subjects(&list)).collect()
    }

    fn draft(&self, named: Named<'d>) -> Draft<'d> {
        let title = Some(self.title())
            .filter(|title| !title.is_empty())
            .unwrap_or(self.rule());
        let level = self.text(&["severity", "alertSeverity"]);
        Draft {
            place: self.place(),
            times: self.times(),
            problem: Some(Problem {
                severity: match level {
                    "" => Default::default(),
                    level => severity::of_word(level),
                },
                ..Problem::new(issue_type([title, self.rule()]), title)
            }),
            ..Draft::new(SubjectOf::Named(named), self.source())
        }
    }

    fn place(&self) -> Place<'d> {
        let resource = self.text(&["compromisedEntity", "resourceId"]);
        Place {
            resource: Some(resource).filter(|name| !name.is_empty()).map(Cow::Borrowed),
            ..Place::default()
        }
    }

    fn source(&self) -> SourceOf<'d> {
        let own = self.text(&["systemAlertId", "incidentName"]);
        let id = match own {
            "" => text(self.json, &["name", "id"]),
            own => own,
        };
        let page = self.text(&["incidentUrl", "alertLink", "alertUri"]);
        let tool = self.text(&["productName", "providerName"]);
        SourceOf {
            tool: Some(tool).filter(|tool| !tool.is_empty()).map(Cow::Borrowed),
            rule: self.rule().into(),
            reference: id.into(),
            serial: id.into(),
            url: Some(page).filter(|page| !page.is_empty()).map(Cow::Borrowed),
            ..SourceOf::default()
        }
    }

    fn times(&self) -> Times {
        let first_of = |names: &[&str]| time::first_of(names.iter().map(|name| field(self.body, name)));
        let first = first_of(&[
            "createdTimeUtc",
            "createdTime",
            "timeGeneratedUtc",
            "timeGenerated",
            "startTimeUtc",
            "startTime",
        ]);
        let last = first_of(&[
            "lastModifiedTimeUtc",
            "lastModifiedTime",
            "processingEndTime",
            "processingEndTimeUtc",
            "lastActivityTimeUtc",
            "endTimeUtc",
            "endTime",
        ]);
        Times {
            exposed_since: None,
            first_detected_at: first,
            observed_at: last.max(first),
        }
    }
}

/// The accounts, applications and resources of other clouds in a list of entities.
fn subjects<'d>(list: &Json<'_>) -> Vec<Named<'d>> {
    let all = list.elements().iter();
    let named = all.filter_map(|entity| {
        // Of what kind of resource the API's own entities are says nothing of the entity.
        let kinds = ["type", "kind"].map(|name| text(entity, &[name]));
        let is_kind = |kind: &&str| !kind.is_empty() && !kind.contains('/');
        let kind = kinds.into_iter().find(is_kind).unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        let fields = match field(entity, "properties") {
            Json::Null => entity,
            fields => fields,
        };
        match kind.as_str() {
            "account" => Some(account(fields).named()),
            "cloud-application" | "cloudapplication" | "oauth-application" | "oauthapplication" => {
                application(fields)
            }
            "amazon-resource" | "amazonresource" => {
                let arn = text(fields, &["amazonResourceId"]).to_owned();
                Some(Named {
                    texts: vec![arn.into()],
                    build: |texts| aws::from_arn(texts[0], None).map_err(|_| KeyError::NotASubject),
                })
            }
            _ => None,
        }
    });
    named.collect()
}

fn account<'d>(entity: &Json<'_>) -> Account<'d> {
    let of = |names: &[&str]| -> Cow<'d, str> { text(entity, names).to_owned().into() };
    let (name, suffix) = (of(&["accountName", "name"]), of(&["upnSuffix"]));
    let whole = match (name.is_empty() || suffix.is_empty(), name.contains('@')) {
        (_, true) => name.clone(),
        (false, false) => Cow::Owned(format!("{name}@{suffix}")),
        (true, false) => of(&["userPrincipalName"]),
    };
    Account {
        tenant: of(&["aadTenantId"]),
        object_id: of(&["aadUserId"]),
        principal_name: whole,
        sid: of(&["sid"]),
        domain: of(&["ntDomain"]),
        name,
    }
}

/// An application is told by a GUID; the numbers of a cloud application name a product.
fn application<'d>(entity: &Json<'_>) -> Option<Named<'d>> {
    let id = text(entity, &["oAuthAppId", "appId", "servicePrincipalAppId"]).to_owned();
    let is_guid = id.len() == 36 && id.contains('-');
    is_guid.then(|| Named {
        texts: vec![id.into()],
        build: |texts| entra::app(texts[0]),
    })
}
