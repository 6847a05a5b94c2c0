//! Entra ID Protection and Microsoft Graph alerts: who is at risk, and what ended it.
//!
//! `keyIds` name the exact credential. A risk that an administrator dismissed or called safe proves nothing.

use std::borrow::Cow;

use reeve_domain::key::{KeyError, entra};
use reeve_domain::observation::IssueType;
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Draft, Named, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// Risks and alerts of Microsoft.
pub(super) const ENTRA: Format = Format {
    id: "entra",
    version: 1,
    tool: "Microsoft Entra",
    names: &["riskState", "evidence", "properties", "category"],
    statements: &[],
    detect: |json| is_mine(json) || listed(json).iter().any(is_mine),
    records: |json| match is_mine(json) {
        true => Ok(Report::one(json)),
        false => Ok(Report::of(listed(json).iter())),
    },
    read,
};

fn is_mine(json: &Json<'_>) -> bool {
    is_risk(of_record(json)) || is_alert(json)
}

/// A list of Graph of which only the elements name their type is no envelope.
fn listed<'d>(json: &'d Json<'d>) -> &'d [Json<'d>] {
    json.get("value").elements()
}

/// Categories of diagnostic records that are risks.
const CATEGORIES: &[&str] = &[
    "UserRiskEvents",
    "RiskyUsers",
    "ServicePrincipalRiskEvents",
    "RiskyServicePrincipals",
];

/// A diagnostic record has the risk in `properties`.
fn of_record<'d>(json: &'d Json<'d>) -> &'d Json<'d> {
    let is_record = json
        .get("category")
        .text()
        .is_some_and(|category| CATEGORIES.contains(&category));
    if is_record { json.get("properties") } else { json }
}

fn is_risk(json: &Json<'_>) -> bool {
    json.has_all(&["riskState", "riskLevel"])
}

fn is_alert(json: &Json<'_>) -> bool {
    json.has_all(&["serviceSource", "severity", "status", "createdDateTime"])
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let risk = of_record(json);
    let state = risk.get("riskState").text().or(json.get("status").text());
    let dropped = match state.unwrap_or_default() {
        "dismissed" | "confirmedSafe" => Some(DropReason::SuppressedAtSource),
        "remediated" | "resolved" | "none" => Some(DropReason::NoStatement),
        _ => None,
    };
    if let Some(reason) = dropped {
        return Ok(Reading::Dropped(reason));
    }
    let tenant = json.get("tenantId").text().unwrap_or_default();
    let named = match is_risk(risk) {
        true => at_risk(risk, tenant),
        false => accused(json, tenant),
    };
    let drafts = named.into_iter().map(|named| draft(risk, named));
    Ok(Reading::observed(Vec::new(), drafts.collect()))
}

fn at_risk<'d>(risk: &'d Json<'d>, tenant: &'d str) -> Vec<Named<'d>> {
    let keys = risk.get("keyIds").elements().iter().filter_map(Json::text);
    let keys: Vec<_> = keys
        .map(|key| {
            Named::new([tenant, key], |texts| {
                entra::credential(known(texts[0]), texts[1])
            })
        })
        .collect();
    let is_principal = risk.has("servicePrincipalId") || risk.has("appId");
    let id = ["servicePrincipalId", "userId", "id"]
        .iter()
        .find_map(|name| risk.get(name).text());
    match id.unwrap_or_default() {
        _ if !keys.is_empty() => keys,
        id if is_principal => vec![principal(tenant, id, risk.get("appId").text())],
        id => vec![user(tenant, id, risk.get("userPrincipalName").text())],
    }
}

fn accused<'d>(alert: &'d Json<'d>, tenant: &'d str) -> Vec<Named<'d>> {
    let evidence = alert.get("evidence").elements().iter();
    let named = evidence.filter_map(|one| {
        let account = one.get("userAccount");
        let upn = account.get("userPrincipalName").text();
        match (account.get("azureAdUserId").text(), one.get("appId").text()) {
            (Some(id), _) => Some(user(tenant, id, upn)),
            (None, Some(app)) => Some(principal(
                tenant,
                one.get("objectId").text().unwrap_or_default(),
                Some(app),
            )),
            _ => upn.map(|upn| user(tenant, "", Some(upn))),
        }
    });
    named.collect()
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn user<'d>(tenant: &'d str, id: &'d str, upn: Option<&'d str>) -> Named<'d> {
    Named::new([tenant, id, upn.unwrap_or_default()], |texts| {
        match (texts[1], known(texts[2])) {
            ("", upn) => entra::login(upn.ok_or(KeyError::NotASubject)?),
            (id, upn) => entra::user(known(texts[0]), id, upn),
        }
    })
}

fn principal<'d>(tenant: &'d str, id: &'d str, app: Option<&'d str>) -> Named<'d> {
    Named::new([tenant, id, app.unwrap_or_default()], |texts| match texts[1] {
        "" => entra::service_principal_by_app(known(texts[0]), texts[2]),
        id => entra::service_principal(known(texts[0]), id, known(texts[2])),
    })
}

fn draft<'d>(json: &'d Json<'d>, named: Named<'d>) -> Draft<'d> {
    let id = json.get("id").text().unwrap_or_default();
    let rule = ["riskEventType", "category", "riskState"]
        .iter()
        .find_map(|name| json.get(name).text());
    let rule = rule.unwrap_or("unknown");
    let level = json.get("riskLevel").text().or(json.get("severity").text());
    let first = [
        json.get("activityDateTime"),
        json.get("firstActivityDateTime"),
        json.get("detectedDateTime"),
    ];
    let last = [
        "lastUpdatedDateTime",
        "lastUpdateDateTime",
        "riskLastUpdatedDateTime",
        "detectedDateTime",
    ];
    Draft {
        times: Times {
            exposed_since: None,
            first_detected_at: time::first_of(first),
            observed_at: time::first_of(last.map(|name| json.get(name))),
        },
        problem: Some(Problem {
            severity: level.map(severity::of_word).unwrap_or_default(),
            ..Problem::new(
                IssueType::SuspectedCompromise,
                json.get("title").text().unwrap_or(rule),
            )
        }),
        ..Draft::new(
            SubjectOf::Named(named),
            SourceOf {
                rule: rule.into(),
                reference: id.into(),
                serial: Cow::Borrowed(id),
                ..SourceOf::default()
            },
        )
    }
}
