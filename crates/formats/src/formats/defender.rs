//! Microsoft Defender XDR: incidents of Graph and of its older API, alerts of endpoints, rows of its evidence.
//!
//! An incident is one record; it concerns everybody whom the evidence of its alerts names. What streams out of advanced
//! hunting besides evidence is telemetry.

use std::borrow::Cow;

use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use super::microsoft::{Account, embedded, field, issue_type, of_evidence, text, why_over};
use crate::draft::{Draft, Named, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// Incidents, alerts and evidence of Microsoft Defender XDR.
pub(super) const DEFENDER: Format = Format {
    id: "defender",
    version: 1,
    tool: "Microsoft Defender XDR",
    names: &["alerts", "evidence", "entities", "properties", "value"],
    statements: &[],
    detect: |json| Kind::of(json).is_some() || listed(json).iter().any(|one| Kind::of(one).is_some()),
    records: |json| match Kind::of(json) {
        Some(_) => Ok(Report::one(json)),
        None => Ok(Report::of(listed(json).iter())),
    },
    read,
};

fn listed<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    json.get("value").elements()
}

/// What an object of Defender is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Incident,
    EndpointAlert,
    Hunting,
    Vulnerability,
}

impl Kind {
    fn of(json: &Json<'_>) -> Option<Self> {
        let is_hunting = |text: &str| text.starts_with("AdvancedHunting-");
        let is_incident = json.has("alerts") || json.has("redirectIncidentId") || json.has("incidentUri");
        match json {
            _ if json.get("category").text().is_some_and(is_hunting) => Some(Self::Hunting),
            _ if json.has("incidentWebUrl") && json.has("displayName") => Some(Self::Incident),
            _ if json.has_all(&["incidentId", "incidentName"]) && is_incident => Some(Self::Incident),
            _ if json.has_all(&["alertCreationTime", "severity", "status"]) => Some(Self::EndpointAlert),
            _ if json.has("cveId") && (json.has("machineId") || json.has("deviceId")) => {
                Some(Self::Vulnerability)
            }
            _ => None,
        }
    }
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let kind = Kind::of(json);
    match kind {
        Some(Kind::Hunting) => return Ok(hunting(json)),
        Some(Kind::Vulnerability) => return Ok(Reading::Dropped(DropReason::NotIdentityRelevant)),
        _ => {}
    }
    let classification = json.get("classification").text().unwrap_or_default();
    let status = json.get("status").text().unwrap_or_default();
    if let Some(reason) = why_over(status, classification) {
        return Ok(Reading::Dropped(reason));
    }
    let mut named = subjects(json);
    for alert in alerts(json) {
        named.extend(subjects(alert));
    }
    let drafts = named.into_iter().map(|named| draft(json, json, named));
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

/// The alerts of an incident, which Microsoft's own sample has as one object.
fn alerts<'d>(json: &'d Json<'d>) -> Vec<&'d Json<'d>> {
    match json.get("alerts") {
        Json::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}

/// Whom the evidence or the entities of an alert name.
fn subjects<'d>(alert: &'d Json<'d>) -> Vec<Named<'d>> {
    let tenant = text(alert, &["tenantId"]);
    let evidence = alert.get("evidence").elements().iter();
    let entities = alert.get("entities").elements().iter();
    let related = Some(alert.get("relatedUser")).filter(|user| user.is_object());
    let named = evidence
        .chain(entities)
        .filter_map(|one| match one.get("entityType").text() {
            Some("User" | "MailBox" | "CloudLogonSession") => Some(entity(one).named()),
            Some(_) => None,
            None => of_evidence(one, tenant),
        });
    let related = related.map(|user| {
        let of = |name: &str| -> Cow<'d, str> { text(user, &[name]).into() };
        let account = Account {
            domain: of("domainName"),
            name: of("userName"),
            ..Account::default()
        };
        account.named()
    });
    let mut named: Vec<_> = named.collect();
    if named.is_empty() {
        named.extend(related);
    }
    named
}

fn entity<'d>(one: &'d Json<'d>) -> Account<'d> {
    let of = |names: &[&str]| -> Cow<'d, str> { text(one, names).into() };
    Account {
        tenant: Cow::Borrowed(""),
        object_id: of(&["aadUserId"]),
        principal_name: of(&["userPrincipalName"]),
        sid: of(&["userSid"]),
        domain: of(&["domainName"]),
        name: of(&["accountName"]),
    }
}

/// A row of advanced hunting: evidence that is an account; everything else is telemetry.
fn hunting<'d>(json: &'d Json<'d>) -> Reading<'d> {
    let row = json.get("properties");
    let kind = row.get("EntityType").text();
    if json.get("category").text() != Some("AdvancedHunting-AlertEvidence") {
        return Reading::Dropped(DropReason::NoStatement);
    }
    let extra = embedded(row.get("AdditionalFields"));
    let of = |column: &str, inside: &str| -> Cow<'d, str> {
        match row.get(column).text() {
            Some(text) => text.into(),
            None => text(&extra, &[inside]).to_owned().into(),
        }
    };
    if !matches!(kind, Some("User" | "CloudLogonSession" | "MailBox")) {
        return Reading::Dropped(DropReason::NotIdentityRelevant);
    }
    let account = Account {
        tenant: json.get("tenantId").text().unwrap_or_default().into(),
        object_id: of("AccountObjectId", "AadUserId"),
        principal_name: of("AccountUpn", "UserPrincipalName"),
        sid: of("AccountSid", "Sid"),
        domain: of("AccountDomain", "NTDomain"),
        name: of("AccountName", "Name"),
    };
    Reading::observed(Vec::new(), vec![draft(json, row, account.named())])
}

fn draft<'d>(json: &'d Json<'d>, body: &'d Json<'d>, named: Named<'d>) -> Draft<'d> {
    let title = text(body, &["displayName", "incidentName", "title"]);
    let rule = rule(body, title);
    let title = if title.is_empty() { rule } else { title };
    let id = field(body, "alertId")
        .scalar()
        .or(field(body, "incidentId").scalar());
    let id = id.or(body.get("id").scalar()).unwrap_or_default();
    let page = text(body, &["incidentWebUrl", "incidentUri", "alertWebUrl"]);
    let level = text(body, &["severity"]);
    let source = SourceOf {
        rule: rule.into(),
        reference: id.clone(),
        serial: id,
        url: Some(page).filter(|page| !page.is_empty()).map(Cow::Borrowed),
        ..SourceOf::default()
    };
    Draft {
        times: times(json, body),
        problem: Some(Problem {
            severity: match level {
                "" => Default::default(),
                level => severity::of_word(level),
            },
            ..Problem::new(issue_type([title, rule]), title)
        }),
        ..Draft::new(SubjectOf::Named(named), source)
    }
}

/// What Defender calls the kind of thing; an incident has none but its alerts'.
fn rule<'d>(body: &'d Json<'d>, title: &'d str) -> &'d str {
    let own = text(body, &["threatFamilyName", "category", "categories"]);
    let of_alert = || {
        alerts(body)
            .into_iter()
            .map(|alert| text(alert, &["category", "title"]))
            .next()
    };
    let rule = if own.is_empty() {
        of_alert().unwrap_or_default()
    } else {
        own
    };
    // A table has the list of categories as JSON in a string.
    let rule = rule
        .split('"')
        .find(|word| !matches!(*word, "" | "[" | "[]"))
        .unwrap_or_default();
    match (rule, title) {
        ("", "") => "unknown",
        ("", title) => title,
        (rule, _) => rule,
    }
}

fn times(json: &Json<'_>, body: &Json<'_>) -> Times {
    let of = |names: &[&str]| time::first_of(names.iter().map(|name| field(body, name)));
    let first = of(&["createdDateTime", "createdTime", "alertCreationTime", "timestamp"]);
    let last = of(&["lastUpdateDateTime", "lastUpdateTime", "lastEventTime"]);
    Times {
        exposed_since: None,
        first_detected_at: first,
        observed_at: last.or(first).or(time::of(json.get("time"))),
    }
}
