//! Reports of ggshield: what it matched is masked unless it was told to show secrets; its `ignore_sha` is a hash of them.

use std::borrow::Cow;

use reeve_domain::observation::{ReceiptScope, Validity};
use reeve_domain::reject::{DropReason, Reject};

use super::gitguardian::{STATEMENTS, checked};
use super::{Format, leak};
use crate::draft::{Found, Place, Reading, ReceiptDraft, Record, Report, SourceOf, SubjectOf};
use crate::json::Json;
use crate::time;

/// Reports of ggshield; what it finds wrong in the code of an infrastructure has a policy of its own.
pub(super) const GGSHIELD: Format = Format {
    id: "ggshield",
    version: 2,
    tool: "ggshield",
    names: &[
        "scans",
        "entities_with_incidents",
        "incidents",
        "occurrences",
        "type",
        "validity",
        "match",
        "filename",
        "line_start",
    ],
    statements: STATEMENTS,
    detect: |json| {
        let is_filled = json.has("scans") || FILES.iter().any(|files| json.has(files));
        json.has("total_incidents") && (is_filled || json.has_all(&["type", "total_occurrences"]))
    },
    records: |json| {
        let mut results = Vec::new();
        collect(json, json, &mut results);
        Ok(Report {
            results,
            receipts: receipt(json).into_iter().collect(),
        })
    },
    read: read_match,
};

/// Of a repository in all its history, or of an image; the rules are the vendor's at that time. What could not be
/// scanned is told as an error.
fn receipt(json: &Json<'_>) -> Option<ReceiptDraft> {
    let kind = match json.get("type").text() {
        Some("repo") => "repository",
        Some("docker") => "image",
        _ => return None,
    };
    let id = json.get("id").text()?;
    let failed = json.get("scans").elements().iter().chain([json]);
    let mut failed = failed.map(|scan| !scan.get("errors").elements().is_empty());
    Some(ReceiptDraft {
        scope: ReceiptScope {
            kind: kind.to_owned(),
            id: id.to_owned(),
            ruleset: "gitguardian".to_owned(),
            reference: None,
            complete: (kind == "image" || id.contains("://")) && !failed.any(|failed| failed),
        },
        rule: "scan".to_owned(),
        observed_at: None,
    })
}

/// The files of a scan, by their name today and before.
const FILES: &[&str] = &["entities_with_incidents", "results"];

/// Scans hold scans or files, files hold incidents.
fn collect<'d>(top: &'d Json<'d>, scan: &'d Json<'d>, results: &mut Vec<Found<'d>>) {
    let files = FILES.iter().flat_map(|files| scan.get(files).elements());
    for file in files {
        results.extend(file.get("incidents").elements().iter().map(|json| Found {
            json,
            within: vec![top, scan, file],
            key: None,
        }));
    }
    for inner in scan.get("scans").elements() {
        collect(top, inner, results);
    }
}

fn read_match<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    if json.has("policy_id") {
        return Ok(Reading::Dropped(DropReason::NotIdentityRelevant));
    }
    let rule = match json.get("type").text() {
        Some(rule) => rule,
        None => json
            .get("detector")
            .text()
            .map_or_else(|| json.require_text(&["type"]), Ok)?,
    };
    let (scan, file) = match record.found.within.as_slice() {
        [.., scan, file] => (*scan, *file),
        _ => (json, json),
    };
    let (validity, statements) = checked(json);
    if validity == Validity::Unknown && is_suppressed(json) {
        return Ok(Reading::Dropped(DropReason::SuppressedAtSource));
    }
    let occurrences = json.get("occurrences").elements();
    let mut sightings = sightings(occurrences);
    if sightings.is_empty() {
        sightings.push(Vec::new());
    }
    let drafts = sightings.into_iter().map(|parts| {
        let source = SourceOf {
            rule: rule.into(),
            url: leak::text(json.get("incident_url")),
            ..SourceOf::default()
        };
        let place = Place {
            line: parts.first().and_then(|part| part.get("line_start").unsigned()),
            ..place_of(record, scan, file)
        };
        let draft = leak::exposed(secret_of(&parts), rule, source, place);
        let mut draft = leak::with_validity(draft, validity);
        draft.statements.clone_from(&statements);
        draft.times.exposed_since = time::of(scan.at(&["extra_info", "date"]));
        draft
    });
    let drafts = drafts.collect();
    let matched = occurrences.iter().filter(|part| !is_plain(part));
    let matched = matched.map(|part| part.get("match"));
    let secrets = matched.chain([json.get("ignore_sha")]).filter_map(leak::text);
    Ok(Reading::observed(secrets.collect(), drafts))
}

/// Reasons by which somebody has decided that there is no task, by the name of the reason and how its sentence begins.
/// What the dashboard knows already, or what a commit only moved, is as exposed as before.
const SUPPRESSING: &[(&str, &str)] = &[
    ("ignored_match", "Match ignored"),
    ("ignored_detector", "Detector ignored"),
    ("backend_excluded", "Excluded by"),
];

fn is_suppressed(incident: &Json<'_>) -> bool {
    let kind = incident.at(&["ignore_reason", "kind"]).text();
    kind.is_some_and(|kind| {
        let mut reasons = SUPPRESSING.iter();
        reasons.any(|(name, sentence)| kind.eq_ignore_ascii_case(name) || kind.starts_with(sentence))
    })
}

/// Kinds of parts that tell where a secret is used, and are none.
const PLAIN_PARTS: &[&str] = &["scheme", "host", "port", "username", "database"];

fn is_plain(part: &Json<'_>) -> bool {
    part.get("type")
        .text()
        .is_some_and(|kind| PLAIN_PARTS.contains(&kind))
}

/// A secret may have several parts, each in an occurrence of its own: where a kind of part comes again, the secret
/// was found again.
fn sightings<'d>(occurrences: &'d [Json<'d>]) -> Vec<Vec<&'d Json<'d>>> {
    let mut sightings: Vec<Vec<&Json<'d>>> = Vec::new();
    for part in occurrences {
        let kind = part.get("type").text();
        let is_of = |last: &Vec<&Json<'d>>| last.iter().all(|known| known.get("type").text() != kind);
        match sightings.last_mut().filter(|last| is_of(last)) {
            Some(last) => last.push(part),
            None => sightings.push(vec![part]),
        }
    }
    sightings
}

/// A whole connection string, else the parts with those that are no secret first.
fn secret_of<'d>(parts: &[&'d Json<'d>]) -> SubjectOf<'d> {
    const SECRET: &[&str] = &["secret", "password", "key", "token"];
    let kind = |part: &Json<'_>| part.get("type").text().unwrap_or_default().to_ascii_lowercase();
    let whole = parts.iter().find(|part| kind(part) == "connection_uri");
    if let Some(value) = whole.and_then(|part| leak::text(part.get("match"))) {
        return SubjectOf::value(value);
    }
    let mut ordered = parts.to_vec();
    ordered.sort_by_key(|part| SECRET.iter().any(|word| kind(part).contains(word)));
    let values: Vec<Cow<'d, str>> = ordered
        .iter()
        .filter_map(|part| leak::text(part.get("match")))
        .collect();
    leak::of_parts(&values)
}

/// The scan of a commit is named by it, the one of a repository by its address. A file of an image stands in a layer,
/// which is the same in every image that has it, while the archive that was scanned may be anywhere.
fn place_of<'d>(record: &Record<'d>, scan: &'d Json<'d>, file: &'d Json<'d>) -> Place<'d> {
    let around = record.found.within.first().copied();
    let repository = [around, Some(scan)].into_iter().flatten().find_map(|scan| {
        let is_repository = scan.get("type").text() == Some("repo");
        scan.get("id").text().filter(|_| is_repository)
    });
    let name = file.get("filename").text();
    let in_layer = name.and_then(layer_and_path);
    Place {
        repository: repository.filter(|id| id.contains("://")).map(Cow::Borrowed),
        resource: in_layer.map(|(layer, _)| layer.into()),
        path: in_layer.map(|(_, path)| path).or(name).map(Cow::Borrowed),
        commit: scan
            .get("id")
            .text()
            .filter(|id| leak::is_hex(id, 40))
            .map(Cow::Borrowed),
        ..Place::default()
    }
}

/// `sha256:9a…:/app/.env` → `sha256:9a…` and `/app/.env`.
fn layer_and_path(name: &str) -> Option<(&str, &str)> {
    let at = name.find(":/").filter(|_| name.starts_with("sha256:"))?;
    let (layer, path) = name.split_at(at);
    let digest = layer.strip_prefix("sha256:")?;
    leak::is_hex(digest, 64).then_some((layer, &path[1..]))
}
