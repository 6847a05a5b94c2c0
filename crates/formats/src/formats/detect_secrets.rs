//! detect-secrets: a baseline of files, each with what was found in it, by the SHA-1 of its value.
//!
//! `is_secret: false` is a person's audit: a false positive. A header of a private key is hashed as if it were one.
//! The report of an audit has the values and their lines in clear.

use std::borrow::Cow;

use reeve_domain::observation::Validity;
use reeve_domain::reject::{DropReason, Reject};
use reeve_domain::secret::AliasKind;

use super::{Format, leak};
use crate::draft::{Found, HashKind, Place, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

/// detect-secrets.
pub(super) const DETECT_SECRETS: Format = Format {
    id: "detect-secrets",
    version: 1,
    tool: "detect-secrets",
    names: &[
        "plugins_used",
        "filters_used",
        "results",
        "generated_at",
        "type",
        "filename",
        "hashed_secret",
        "is_verified",
        "verified_result",
        "is_secret",
        "line_number",
        "category",
        "types",
    ],
    statements: &[],
    detect: |json| (json.has("plugins_used") && json.get("results").is_object()) || is_audit(json),
    records: |json| match is_audit(json) {
        true => Ok(Report::of(json.get("results").elements().iter())),
        false => Ok(report(json)),
    },
    read: |record| match record.json().has("category") {
        true => read_audited(record.json()),
        false => read(record),
    },
};

/// The report of an audit, by its first result.
fn is_audit(json: &Json<'_>) -> bool {
    let first = json.get("results").elements().first();
    first.is_some_and(|result| result.has_all(&["category", "filename", "lines", "types"]))
}

fn read_audited<'d>(json: &'d Json<'d>) -> Result<Reading<'d>, Reject> {
    if json.get("category").text() == Some("VERIFIED_FALSE") {
        return Ok(Reading::Dropped(DropReason::SuppressedAtSource));
    }
    let kind = json.get("types").elements().iter().find_map(Json::text);
    let kind = kind.map_or_else(|| json.require_text(&["types"]), Ok)?;
    let value = match json.get("secrets") {
        Json::Array(values) => values.iter().find_map(leak::text),
        value => leak::text(value),
    };
    let lines = json.get("lines").entries();
    let place = Place {
        path: leak::text(json.get("filename")),
        line: lines.first().and_then(|(number, _)| number.parse().ok()),
        ..Place::default()
    };
    let source = SourceOf {
        rule: kind.into(),
        ..SourceOf::default()
    };
    let texts = lines.iter().filter_map(|(_, line)| leak::text(line));
    let secrets = value.clone().into_iter().chain(texts).collect();
    let subject = value.map_or(SubjectOf::Place, SubjectOf::value);
    Ok(Reading::observed(
        secrets,
        vec![leak::exposed(subject, kind, source, place)],
    ))
}

fn report<'d>(json: &'d Json<'d>) -> Report<'d> {
    let mut files: Vec<_> = json.get("results").entries().iter().collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    let results = files.into_iter().flat_map(|(path, found)| {
        let found = match found {
            Json::Array(found) => found.as_slice(),
            other => std::slice::from_ref(other),
        };
        found.iter().map(move |result| Found {
            json: result,
            within: vec![json],
            key: Some(path.as_ref()),
        })
    });
    Report {
        results: results.collect(),
        receipts: Vec::new(),
    }
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let hash = json.require_text(&["hashed_secret"])?;
    let kind = json.require_text(&["type"])?;
    if json.get("is_secret").bool() == Some(false) {
        return Ok(Reading::Dropped(DropReason::SuppressedAtSource));
    }
    let path = json.get("filename").text().or(record.found.key);
    let place = Place {
        path: path.map(Cow::Borrowed),
        line: json.get("line_number").unsigned(),
        ..Place::default()
    };
    let source = SourceOf {
        rule: kind.into(),
        ..SourceOf::default()
    };
    let subject = SubjectOf::Hash {
        kind: HashKind::Alias(AliasKind::Sha1),
        hex: hash.into(),
    };
    let validity = match json.get("is_verified").bool() {
        Some(true) => Validity::Active,
        _ if json.get("verified_result").bool() == Some(true) => Validity::Active,
        _ => Validity::Unknown,
    };
    let generated_at = record
        .found
        .within
        .first()
        .map(|report| report.get("generated_at"));
    let mut draft = leak::with_validity(leak::exposed(subject, kind, source, place), validity);
    draft.times = Times {
        observed_at: generated_at.and_then(time::of),
        ..Times::default()
    };
    Ok(Reading::observed(vec![hash.into()], vec![draft]))
}
