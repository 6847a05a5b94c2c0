//! GitGuardian: its incidents by webhook and by API, and its honeytokens.
//!
//! `secret_revoked` and a resolution are somebody's word; only `validity` was checked with the provider.

use std::borrow::Cow;

use reeve_domain::observation::{EvidenceLevel, EvidenceScope, Exposure, Statement, Validity};
use reeve_domain::reject::{DropReason, Reject};
use reeve_domain::secret::AliasKind;

mod honeytoken;

use super::{Format, leak};
use crate::draft::{HashKind, Place, Reading, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// Incidents and honeytokens.
pub(super) const GITGUARDIAN: Format = Format {
    id: "gitguardian",
    version: 3,
    tool: "GitGuardian",
    names: &[
        "source",
        "timestamp",
        "action",
        "incident",
        "id",
        "date",
        "detector",
        "name",
        "display_name",
        "secret_hash",
        "hmsl_hash",
        "validity",
        "status",
        "severity",
        "gitguardian_url",
        "occurrences",
        "occurrence",
        "incident_id",
        "presence",
        "matches",
        "filepath",
        "sha",
    ],
    statements: STATEMENTS,
    detect: |json| {
        is_webhook(json)
            || is_trial(json)
            || is_incident(json)
            || is_occurrence(json)
            || honeytoken::is_listed(json)
    },
    records: |json| Ok(Report::one(json)),
    read: |record| match record.json() {
        json if is_trial(json) => Ok(Reading::Dropped(DropReason::NoStatement)),
        json if honeytoken::is_listed(json) => honeytoken::read_listed(json),
        json if honeytoken::is_webhook(json) => honeytoken::read_webhook(json),
        json if is_webhook(json) => read_incident(json, json.get("incident")),
        json if is_occurrence(json) => Ok(read_occurrence(json)),
        json => read_incident(json, json),
    },
};

fn is_webhook(json: &Json<'_>) -> bool {
    let is_ours = json.get("source").text() == Some("GitGuardian");
    is_ours && (json.get("incident").is_object() || honeytoken::is_webhook(json))
}

/// What the dashboard sends to see whether somebody listens.
fn is_trial(json: &Json<'_>) -> bool {
    let is_trial = matches!(json.get("action").text(), Some("ping" | "test"));
    is_trial && json.get("source").text() == Some("GitGuardian") && !is_webhook(json)
}

/// An incident as the API lists it.
fn is_incident(json: &Json<'_>) -> bool {
    json.has_all(&["gitguardian_url", "detector", "id"])
        && (json.has("secret_hash") || json.has("occurrences_count"))
}

/// An occurrence as the API lists it, without its incident.
fn is_occurrence(json: &Json<'_>) -> bool {
    json.has_all(&["incident_id", "source", "presence", "matches"])
}

pub(super) const STATEMENTS: &[(Statement, EvidenceLevel)] = &[
    (Statement::Inactive, EvidenceLevel::E3),
    (Statement::Active, EvidenceLevel::E3),
];

/// What a check with the provider said; anything else says nothing.
const VALIDITIES: &[(&str, Validity, Statement)] = &[
    ("valid", Validity::Active, Statement::Active),
    ("invalid", Validity::Inactive, Statement::Inactive),
];

pub(super) fn checked(json: &Json<'_>) -> (Validity, Vec<(Statement, EvidenceScope)>) {
    let word = json.get("validity").text();
    let known = VALIDITIES.iter().find(|(name, ..)| Some(*name) == word);
    known.map_or((Validity::Unknown, Vec::new()), |(_, validity, statement)| {
        (*validity, vec![(*statement, EvidenceScope::WholeSubject)])
    })
}

/// `json` is the event that tells of the incident, or the incident itself.
fn read_incident<'d>(json: &'d Json<'d>, incident: &'d Json<'d>) -> Result<Reading<'d>, Reject> {
    let number = incident.get("id").scalar();
    let number = match number {
        Some(number) => number,
        None if json.has("incident") => json.require_text(&["incident", "id"])?.into(),
        None => json.require_text(&["id"])?.into(),
    };
    let (validity, statements) = checked(incident);
    if validity == Validity::Unknown && is_status(incident, "ignored") {
        return Ok(Reading::Dropped(DropReason::SuppressedAtSource));
    }
    let detector = incident.get("detector");
    let rule = detector.get("name").text().unwrap_or("unknown");
    let page = incident.get("gitguardian_url").text();
    let reference = format!("{}/{number}", page.and_then(workspace).unwrap_or("-"));
    let source = SourceOf {
        rule: rule.into(),
        serial: reference.clone().into(),
        reference: reference.into(),
        url: page.map(Cow::Borrowed),
        ..SourceOf::default()
    };
    let hash = incident.get("hmsl_hash").text();
    let is_hashed = hash.is_some_and(|hex| leak::is_hex(hex, 64));
    let subject = || match hash {
        Some(hex) if is_hashed => SubjectOf::Hash {
            kind: HashKind::Alias(AliasKind::Hmsl),
            hex: hex.into(),
        },
        _ => SubjectOf::Place,
    };
    let title = detector.get("display_name").text().unwrap_or(rule);
    let is_public = is_public(incident);
    let places = places(occurrences(json, incident), is_hashed);
    let drafts = places.into_iter().map(|(place, exposure)| {
        let mut draft = leak::exposed(subject(), title, source.clone(), place);
        draft.attributes = leak::text(incident.get("assignee_email"))
            .map(|contact| ("contact", contact))
            .into_iter()
            .collect();
        draft.times = times(json, incident, validity);
        draft.statements.clone_from(&statements);
        if let Some(problem) = &mut draft.problem {
            problem.validity = validity;
            problem.exposure = if is_public { Exposure::Public } else { exposure };
            problem.severity = severity::of_word(incident.get("severity").text().unwrap_or("unknown"));
        }
        draft
    });
    let secrets = [hash, incident.get("secret_hash").text()];
    let secrets = secrets.into_iter().flatten().map(Cow::Borrowed).collect();
    Ok(Reading::observed(secrets, drafts.collect()))
}

/// A place of a secret whose incident tells the rest; what is no longer there was removed by its own account alone.
fn read_occurrence<'d>(json: &'d Json<'d>) -> Reading<'d> {
    if json.get("presence").text() == Some("removed") {
        return Reading::Dropped(DropReason::NoStatement);
    }
    let source = SourceOf {
        rule: "secret".into(),
        reference: json.get("id").scalar().unwrap_or_default(),
        serial: json.get("id").scalar().unwrap_or_default(),
        url: leak::text(json.get("url")),
        ..SourceOf::default()
    };
    let mut draft = leak::exposed(SubjectOf::Place, "Secret", source, place(json));
    draft.times.exposed_since = time::of(json.get("date"));
    if let Some(problem) = &mut draft.problem {
        problem.exposure = exposure(json);
    }
    Reading::observed(Vec::new(), vec![draft])
}

/// The webhook writes its words small, the API in capitals.
fn is_status(incident: &Json<'_>, word: &str) -> bool {
    let status = incident.get("status").text();
    status.is_some_and(|status| status.eq_ignore_ascii_case(word))
}

/// Where the secret lies: told by the incident, or beside it by the event of one more place.
fn occurrences<'d>(json: &'d Json<'d>, incident: &'d Json<'d>) -> Vec<&'d Json<'d>> {
    let new = Some(json.get("occurrence")).filter(|one| one.is_object());
    incident.get("occurrences").elements().iter().chain(new).collect()
}

/// Without a hash there is one subject, the incident, wherever its secret lies.
fn places<'d>(occurrences: Vec<&'d Json<'d>>, has_hash: bool) -> Vec<(Place<'d>, Exposure)> {
    let exposures = occurrences.iter().map(|one| exposure(one));
    let exposed = exposures.max_by_key(|exposure| *exposure == Exposure::Public);
    match (has_hash, occurrences.is_empty()) {
        (true, false) => occurrences
            .into_iter()
            .map(|one| (place(one), exposure(one)))
            .collect(),
        _ => vec![(Place::default(), exposed.unwrap_or(Exposure::Unknown))],
    }
}

fn place<'d>(occurrence: &'d Json<'d>) -> Place<'d> {
    let source = occurrence.get("source");
    Place {
        repository: ["url", "full_name", "name"]
            .into_iter()
            .find_map(|name| leak::text(source.get(name))),
        path: leak::text(occurrence.get("filepath")),
        commit: leak::text(occurrence.get("sha")),
        ..Place::default()
    }
}

fn exposure(occurrence: &Json<'_>) -> Exposure {
    match occurrence.at(&["source", "visibility"]).text() {
        Some("public") => Exposure::Public,
        Some("internal") => Exposure::Internal,
        Some("private") => Exposure::Private,
        _ => Exposure::Unknown,
    }
}

/// How an incident says that its secret can be seen by anybody, as a tag and as a word of its exposure: in a public
/// source of the perimeter, in a public incident, or anywhere else.
const PUBLIC: &[(&str, &str)] = &[
    ("PUBLIC", "source_publicly_visible"),
    ("PUBLICLY_EXPOSED", "public_incident_linked"),
    ("PUBLICLY_LEAKED", "leaked_outside_perimeter"),
];

/// A secret is as public as the most public of its places, and GitGuardian knows more of them than it lists.
fn is_public(incident: &Json<'_>) -> bool {
    let tags = incident.get("tags").elements();
    let exposure = incident.get("public_exposure");
    PUBLIC.iter().any(|(tag, word)| {
        let is_tagged = tags.iter().filter_map(Json::text).any(|one| one == *tag);
        is_tagged || exposure.text() == Some(word) || exposure.get(word).bool() == Some(true)
    })
}

/// A resolution is no sighting: unless it was checked, the incident was seen when it was found. A check has no time of
/// its own: it is as new as the event that tells it, and what the API lists was true when it was asked, long after the
/// incident began.
fn times(json: &Json<'_>, incident: &Json<'_>, validity: Validity) -> Times {
    let found_at = time::of(incident.get("date"));
    let told_at = time::of(json.get("timestamp"));
    let seen_at = || {
        let seen = [incident.get("last_occurrence_date"), incident.get("triggered_at")];
        time::first_of(seen).or(found_at.filter(|_| !json.has("incident")))
    };
    Times {
        first_detected_at: found_at,
        observed_at: match (validity, is_status(incident, "resolved")) {
            (Validity::Unknown, true) => found_at,
            (Validity::Unknown, false) => told_at.or_else(seen_at),
            _ => told_at,
        },
        ..Times::default()
    }
}

/// `https://dashboard.gitguardian.com/workspace/1/incidents/2` → `1`.
fn workspace(page: &str) -> Option<&str> {
    page.split_once("/workspace/")?.1.split('/').next()
}
