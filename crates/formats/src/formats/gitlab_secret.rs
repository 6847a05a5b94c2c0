//! GitLab secret detection: a report whose `cve` is `file:SHA-256 of the value:rule`.
//!
//! Every finding is Critical, so that its severity says nothing. Of a private key only the first line is hashed. Its
//! API and its webhook tell of the same findings one by one, without the value, and with what became of them.

mod tracked;

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use reeve_domain::observation::SourceSeverity;
use reeve_domain::reject::Reject;
use sha2::{Digest, Sha256};

use super::{Format, leak};
use crate::draft::{Found, HashKind, Place, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::{severity, time};

/// GitLab's report of secrets.
pub(super) const GITLAB_SECRET: Format = Format {
    id: "gitlab-secret",
    version: 2,
    tool: "GitLab Secret Detection",
    names: &[
        "vulnerabilities",
        "scan",
        "id",
        "name",
        "description",
        "cve",
        "severity",
        "raw_source_code_extract",
        "location",
        "file",
        "commit",
        "sha",
        "date",
        "start_line",
        "end_line",
        "identifiers",
        "value",
        "type",
    ],
    statements: &[],
    detect,
    records: |json| {
        if tracked::is_one(json) {
            return Ok(Report::one(json));
        }
        let nodes = tracked::nodes(json);
        if !nodes.is_empty() || tracked::is_empty(json) {
            return Ok(Report::of(nodes.iter()));
        }
        let found = json.require_array(&["vulnerabilities"])?;
        let results = found.iter().map(|result| Found {
            json: result,
            within: vec![json],
            key: None,
        });
        Ok(Report {
            results: results.collect(),
            receipts: Vec::new(),
        })
    },
    read,
};

/// By its scan; before version 14 only the results said of which kind they are.
fn detect(json: &Json<'_>) -> bool {
    if tracked::is_one(json) || !tracked::nodes(json).is_empty() || tracked::is_empty(json) {
        return true;
    }
    let results = json.get("vulnerabilities").elements();
    let is_of_secrets = |result: &Json<'_>| result.get("category").text() == Some("secret_detection");
    json.has("vulnerabilities")
        && match json.at(&["scan", "type"]).text() {
            Some(kind) => kind == "secret_detection",
            None => !results.is_empty() && results.iter().all(is_of_secrets),
        }
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    if record.found.within.is_empty() {
        return tracked::read(json);
    }
    let extract = json.get("raw_source_code_extract").text();
    let hash = json.get("cve").text().and_then(hash);
    let subject = match (extract, hash) {
        (Some(value), None) => SubjectOf::value(value),
        (Some(value), Some(hash)) if sha256(value).eq_ignore_ascii_case(hash) => SubjectOf::value(value),
        (_, Some(hash)) => SubjectOf::Hash {
            kind: HashKind::Sha256,
            hex: hash.into(),
        },
        (None, None) => {
            json.require_text(&["location", "file"])?;
            SubjectOf::Place
        }
    };
    let rule = rule(json)?;
    let place = place(json.get("location"));
    let source = SourceOf {
        rule: rule.into(),
        reference: json.get("id").text().unwrap_or_default().into(),
        ..SourceOf::default()
    };
    let title = json.get("name").text().unwrap_or(rule);
    let mut draft = leak::exposed(subject, title, source, place);
    draft.times = times(json, record.found.within.first().copied());
    if let Some(problem) = &mut draft.problem {
        problem.severity = without_information(json);
    }
    let secrets = [extract, hash].into_iter().flatten().map(Cow::Borrowed);
    Ok(Reading::observed(secrets.collect(), vec![draft]))
}

/// The scanner's rule, by any of the names it has had.
fn rule<'d>(json: &'d Json<'d>) -> Result<&'d str, Reject> {
    let identifiers = json.get("identifiers").elements();
    let named = identifiers
        .iter()
        .find_map(|identifier| identifier.get("value").text());
    named.map_or_else(|| json.require_text(&["name"]), Ok)
}

/// 64 hex digits between colons; a path may hold colons of its own.
fn hash(cve: &str) -> Option<&str> {
    let is_hash = |part: &&str| leak::is_hex(part, 64);
    cve.rsplit(':').find(is_hash)
}

fn sha256(value: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(value.as_bytes()))
}

fn place<'d>(location: &'d Json<'d>) -> Place<'d> {
    Place {
        path: leak::text(location.get("file")),
        line: location.get("start_line").unsigned(),
        commit: commit_of(location),
        ..Place::default()
    }
}

/// Nothing but zeros stands for no commit.
fn commit_of<'d>(location: &'d Json<'d>) -> Option<Cow<'d, str>> {
    let commit = leak::text(location.at(&["commit", "sha"]));
    commit.filter(|sha| sha.bytes().any(|byte| byte != b'0'))
}

fn times(json: &Json<'_>, report: Option<&Json<'_>>) -> Times {
    let ended_at = report.map(|report| report.at(&["scan", "end_time"]));
    Times {
        exposed_since: time::of(json.at(&["location", "commit", "date"])),
        observed_at: ended_at.and_then(time::of),
        ..Times::default()
    }
}

fn without_information(json: &Json<'_>) -> SourceSeverity {
    SourceSeverity {
        label: json.get("severity").text().unwrap_or_default().to_owned(),
        ..severity::of_word("unknown")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_found_behind_a_path_with_colons() {
        let digits = "1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3";
        assert_eq!(hash(&format!("a:b/c.md:{digits}:AWS")), Some(digits));
        assert_eq!(hash("a:b:c"), None);
        assert_eq!(sha256("AKIAIOSFODNN7EXAMPLE"), digits);
    }
}
