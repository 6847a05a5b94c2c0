//! Entra ID Protection and alerts of Microsoft Graph: who is at risk, and what ended it.
//!
//! `keyIds` name the exact credential. A risk that an administrator dismissed or called safe proves nothing; one that a
//! new password ended does. The API, its diagnostic records, its tables and its libraries spell the fields differently.

use std::borrow::Cow;

use reeve_domain::key::{Rel, entra};
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use super::microsoft::{
    embedded, field, issue_type, of_account, of_evidence, service_principal, text, user, why_over,
};
use crate::draft::{Also, Draft, Named, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// Risks and alerts of Microsoft.
pub(super) const ENTRA: Format = Format {
    id: "entra",
    version: 4,
    tool: "Microsoft Entra",
    names: &["riskState", "evidence", "properties", "category"],
    statements: &[
        (Statement::Rotated, EvidenceLevel::E3),
        (Statement::Deleted, EvidenceLevel::E3),
    ],
    detect: |json| is_mine(json) || listed(json).iter().any(is_mine),
    records: |json| match is_mine(json) {
        true => Ok(Report::one(json)),
        false => Ok(Report::of(listed(json).iter())),
    },
    read,
};

fn is_mine(json: &Json<'_>) -> bool {
    is_risk(of_record(json)) || is_alert(json) || is_sign_in(json) || is_of_traffic(json)
}

/// Categories of the same diagnostic settings that rate nobody.
const TRAFFIC: &[&str] = &[
    "ProvisioningLogs",
    "MicrosoftGraphActivityLogs",
    "EnrichedOffice365AuditLogs",
    "NetworkAccessTrafficLogs",
    "RemoteNetworkHealthLogs",
];

fn is_of_traffic(json: &Json<'_>) -> bool {
    let category = json.get("category").text();
    category.is_some_and(|category| TRAFFIC.contains(&category)) && json.get("properties").is_object()
}

/// A sign-in as Graph has it, or in a diagnostic record; it is rated while it happens.
fn is_sign_in(json: &Json<'_>) -> bool {
    let category = json.get("category").text();
    let is_record = category.is_some_and(|category| category.ends_with("SignInLogs"));
    is_record && json.get("properties").is_object() || json.has_all(&["riskLevelDuringSignIn", "riskState"])
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

/// A diagnostic record has the risk in `properties`, and so has an object of the resource manager.
fn of_record<'d>(json: &'d Json<'d>) -> &'d Json<'d> {
    let category = json.get("category").text();
    let is_record = category.is_some_and(|category| CATEGORIES.contains(&category));
    let inner = json.get("properties");
    if is_record || is_risk(inner) { inner } else { json }
}

/// The state and the level of a risk, in one of three spellings.
const RISKS: &[[&str; 2]] = &[
    ["riskState", "riskLevel"],
    ["RiskState", "RiskLevel"],
    ["risk_state", "risk_level"],
];

fn is_risk(json: &Json<'_>) -> bool {
    RISKS.iter().any(|names| json.has_all(names))
}

/// Alerts, and those of the interface before them, which has vendors and users in place of sources and evidence.
const ALERTS: &[[&str; 3]] = &[
    ["serviceSource", "severity", "createdDateTime"],
    ["service_source", "severity", "created_date_time"],
    ["vendorInformation", "severity", "createdDateTime"],
    ["vendorinformation", "severity", "createddatetime"],
];

fn is_alert(json: &Json<'_>) -> bool {
    ALERTS.iter().any(|names| json.has_all(names))
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let risk = of_record(json);
    let tenant = tenant_of(json);
    Ok(match is_risk(risk) {
        _ if is_of_traffic(json) => Reading::Dropped(DropReason::NoStatement),
        true => read_risk(json, risk, tenant),
        false if is_alert(json) => read_alert(json, tenant),
        false => read_sign_in(json, tenant),
    })
}

/// The directory: by its own field, or in the path of the resource. The tenant of a table's row is its workspace.
fn tenant_of<'d>(json: &'d Json<'d>) -> &'d str {
    let names = [
        "tenantId",
        "tenant_id",
        "tenantid",
        "azureTenantId",
        "azuretenantid",
    ];
    let own = names.iter().find_map(|name| json.get(name).text());
    let paths = ["resourceId", "resourceid"].map(|name| json.get(name).text());
    let mut of_path = paths
        .into_iter()
        .flatten()
        .filter_map(|path| path.strip_prefix("/tenants/"));
    let of_path = || of_path.next().and_then(|rest| rest.split('/').next());
    own.or_else(of_path).or_else(|| home_of(json)).unwrap_or_default()
}

/// Where a member is at home is the directory that rates it; a guest comes from another.
fn home_of<'d>(json: &'d Json<'d>) -> Option<&'d str> {
    let risk = of_record(json);
    let is_guest = risk.get("userType").text() == Some("guest");
    risk.get("homeTenantId").text().filter(|_| !is_guest)
}

/// What a rating says that is none.
const NO_LEVEL: &[&str] = &["", "none", "hidden"];

fn read_sign_in<'d>(json: &'d Json<'d>, tenant: &'d str) -> Reading<'d> {
    let inner = json.get("properties");
    let sign_in = if inner.is_object() { inner } else { json };
    let levels = ["riskLevelDuringSignIn", "riskLevelAggregated"].map(|name| text(sign_in, &[name]));
    match text(sign_in, &["riskState"]) {
        "dismissed" | "confirmedSafe" => Reading::Dropped(DropReason::SuppressedAtSource),
        "remediated" => Reading::Dropped(DropReason::NoStatement),
        _ if levels.iter().all(|level| NO_LEVEL.contains(level)) => Reading::Dropped(DropReason::NoStatement),
        _ => Reading::observed(Vec::new(), vec![draft(sign_in, signed_in(sign_in, tenant))]),
    }
}

/// A user; of a service principal's own sign-in, the principal.
fn signed_in<'d>(sign_in: &'d Json<'d>, tenant: &'d str) -> Named<'d> {
    match text(sign_in, &["userId"]) {
        "" => {
            let principal = text(sign_in, &["servicePrincipalId"]);
            service_principal(tenant, principal, text(sign_in, &["appId"]))
        }
        id => user(tenant, id, text(sign_in, &["userPrincipalName"])),
    }
}

fn read_alert<'d>(alert: &'d Json<'d>, tenant: &'d str) -> Reading<'d> {
    let classification = text(alert, &["classification"]);
    if let Some(reason) = why_over(text(alert, &["status"]), classification) {
        return Reading::Dropped(reason);
    }
    let evidence = field(alert, "evidence").elements().iter();
    let evidence = evidence.filter_map(|one| of_evidence(one, tenant));
    let states = field(alert, "userStates").elements().iter();
    let states = states.map(|state| of_account(state, tenant).named());
    let named = evidence.chain(states);
    Reading::observed(Vec::new(), named.map(|named| draft(alert, named)).collect())
}

/// How a risk ended by which the old password is worth nothing.
const ROTATIONS: &[&str] = &[
    "userPerformedSecuredPasswordChange",
    "userPerformedSecuredPasswordReset",
    "adminGeneratedTemporaryPassword",
    "userChangedPasswordOnPremises",
];

fn read_risk<'d>(json: &'d Json<'d>, risk: &'d Json<'d>, tenant: &'d str) -> Reading<'d> {
    let detail = text(risk, &["riskDetail"]);
    let is_deleted = field(risk, "isDeleted").bool() == Some(true);
    let proof = match text(risk, &["riskState"]) {
        _ if is_deleted => Some((Statement::Deleted, EvidenceScope::WholeSubject)),
        "dismissed" | "confirmedSafe" => return Reading::Dropped(DropReason::SuppressedAtSource),
        "remediated" if ROTATIONS.contains(&detail) => {
            Some((Statement::Rotated, EvidenceScope::Rule(rule(risk).to_owned())))
        }
        "remediated" | "none" => return Reading::Dropped(DropReason::NoStatement),
        _ => None,
    };
    let drafts = at_risk(risk, tenant).into_iter().map(|(named, also)| {
        let mut draft = draft(risk, named);
        draft.also.extend(also);
        let sent_at = || time::of(json.get("time"));
        draft.times.observed_at = draft.times.observed_at.or_else(sent_at);
        match &proof {
            Some(proof) => Draft {
                problem: None,
                statements: vec![proof.clone()],
                ..draft
            },
            None => draft,
        }
    });
    Reading::observed(Vec::new(), drafts.collect())
}

fn is_of_principal(risk: &Json<'_>) -> bool {
    let marks = [
        "servicePrincipalId",
        "servicePrincipalDisplayName",
        "servicePrincipalType",
        "appId",
    ];
    marks.iter().any(|name| !field(risk, name).is_null())
}

/// The credentials that are named, and whose they are; else the account.
fn at_risk<'d>(risk: &'d Json<'d>, tenant: &'d str) -> Vec<(Named<'d>, Option<Also<'d>>)> {
    let is_principal = is_of_principal(risk);
    let id = match is_principal {
        true => text(risk, &["servicePrincipalId", "id"]),
        false => text(risk, &["userId", "id"]),
    };
    let account = || match is_principal {
        true => service_principal(tenant, id, text(risk, &["appId"])),
        false => user(tenant, id, text(risk, &["userPrincipalName"])),
    };
    let keys = field(risk, "keyIds").elements().iter().filter_map(Json::text);
    let keys: Vec<_> = keys
        .map(|key| {
            let named = Named::new([tenant, key], |texts| {
                entra::credential(Some(texts[0]).filter(|tenant| !tenant.is_empty()), texts[1])
            });
            (named, Some(Also::Link(Rel::Authenticates, account())))
        })
        .collect();
    match keys.is_empty() {
        true => vec![(account(), None)],
        false => keys,
    }
}

/// The kind of a detection; a risky user or service principal has none.
fn rule<'d>(json: &'d Json<'d>) -> &'d str {
    match text(json, &["riskEventType", "category"]) {
        "" if is_sign_in(json) => "riskySignIn",
        "" if is_of_principal(json) => "riskyServicePrincipal",
        "" => "riskyUser",
        rule => rule,
    }
}

/// A leaked credential that is named is exposed; an account whose password leaked may be in somebody's hands.
fn issue_of<'d>(json: &'d Json<'d>, title: &'d str) -> IssueType {
    let is_of_key = !field(json, "keyIds").elements().is_empty();
    match rule(json) {
        "leakedCredentials" if is_of_key => IssueType::SecretExposed,
        rule => issue_type([rule, title]),
    }
}

fn draft<'d>(json: &'d Json<'d>, named: Named<'d>) -> Draft<'d> {
    let id = text(json, &["id"]);
    let levels = [
        "riskLevel",
        "severity",
        "riskLevelDuringSignIn",
        "riskLevelAggregated",
    ];
    let levels = levels.map(|name| text(json, &[name])).into_iter();
    let level = levels.clone().find(|level| !matches!(*level, "" | "none"));
    let level = level
        .or_else(|| levels.max_by_key(|level| level.len()))
        .unwrap_or_default();
    let title = Some(text(json, &["title"]))
        .filter(|title| !title.is_empty())
        .unwrap_or(rule(json));
    let source = SourceOf {
        rule: rule(json).into(),
        reference: id.into(),
        serial: Cow::Borrowed(id),
        url: page(json),
        ..SourceOf::default()
    };
    Draft {
        times: times(json),
        problem: Some(Problem {
            severity: match level {
                "" => Default::default(),
                level => severity::of_word(level),
            },
            ..Problem::new(issue_of(json, title), title)
        }),
        ..Draft::new(SubjectOf::Named(named), source)
    }
}

/// The page of an alert, or the one in the list of keys and values that stands inside a string.
fn page<'d>(json: &'d Json<'d>) -> Option<Cow<'d, str>> {
    if let Some(page) = Some(text(json, &["alertWebUrl", "webUrl"])).filter(|page| !page.is_empty()) {
        return Some(page.into());
    }
    let extra = embedded(field(json, "additionalInfo"));
    let mut pairs = extra.elements().iter();
    let page = pairs.find(|pair| field(pair, "key").text() == Some("alertUrl"))?;
    Some(field(page, "value").text()?.to_owned().into())
}

fn times(json: &Json<'_>) -> Times {
    let of = |names: &[&str]| time::first_of(names.iter().map(|name| field(json, name)));
    Times {
        exposed_since: None,
        first_detected_at: of(&[
            "activityDateTime",
            "firstActivityDateTime",
            "detectedDateTime",
            "createdDateTime",
        ]),
        observed_at: of(&[
            "lastUpdatedDateTime",
            "lastUpdateDateTime",
            "riskLastUpdatedDateTime",
            "lastModifiedDateTime",
            "detectedDateTime",
            "createdDateTime",
        ]),
    }
}
