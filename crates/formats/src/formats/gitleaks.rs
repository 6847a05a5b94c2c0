//! gitleaks: v8 (`RuleID`, `Secret`, `File`), its successor, and the older v7 to v5 (`rule`, `offender`, `commit`).
//!
//! `--redact` masks the value, a header-only match of a private key is no key, a rule about file names finds no value
//! at all: these are known by their place alone.
//! The date is the commit's: since when it could be seen, not when it was found.

mod betterleaks;

use std::borrow::Cow;

use memchr::memmem;
use reeve_domain::observation::IssueType;
use reeve_domain::reject::Reject;

use super::Format;
use crate::draft::{Draft, Place, Problem, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;

/// gitleaks 8.
pub(super) const GITLEAKS_V8: Format = Format {
    id: "gitleaks-v8",
    version: 2,
    tool: "gitleaks",
    names: &[
        "RuleID",
        "Secret",
        "Match",
        "File",
        "SymlinkFile",
        "Commit",
        "Author",
        "Email",
        "Link",
        "Date",
        "Message",
        "Description",
        "StartLine",
        "EndLine",
        "StartColumn",
        "EndColumn",
        "Entropy",
        "Tags",
        "Fingerprint",
        "Line",
        "Fragment",
        "ruleID",
    ],
    statements: &[],
    detect: |json| json.has_all(&["RuleID", "Secret", "File"]) || betterleaks::is_finding(json),
    records: |json| Ok(Report::one(json)),
    read: |record| match record.json() {
        json if betterleaks::is_finding(json) => betterleaks::read(json),
        _ => read_v8(record),
    },
};

/// gitleaks 5 to 7.
pub(super) const GITLEAKS_V7: Format = Format {
    id: "gitleaks-v7",
    version: 2,
    tool: "gitleaks",
    names: &[
        "line",
        "lineNumber",
        "offender",
        "offenderEntropy",
        "commit",
        "repo",
        "repoURL",
        "leakURL",
        "rule",
        "reason",
        "commitMessage",
        "author",
        "email",
        "file",
        "date",
        "tags",
        "operation",
    ],
    statements: &[],
    detect: |json| {
        let is_later = || json.has("rule") && (json.has("commit") || json.has("lineNumber"));
        json.has("offender") && (is_later() || json.has_all(&["reason", "commit", "commitMsg"]))
    },
    records: |json| Ok(Report::one(json)),
    read: read_v7,
};

fn read_v8<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let rule = json.require_text(&["RuleID"])?;
    let link = json.get("Link").text();
    let source = SourceOf {
        rule: rule.into(),
        reference: json.get("Fingerprint").text().unwrap_or_default().into(),
        url: link.map(Cow::Borrowed),
        ..SourceOf::default()
    };
    let place = Place {
        repository: link.and_then(repository_of).map(Cow::Borrowed),
        path: json
            .get("File")
            .text()
            .or(json.get("SymlinkFile").text())
            .map(Cow::Borrowed),
        line: json.get("StartLine").unsigned(),
        commit: json.get("Commit").text().map(Cow::Borrowed),
        ..Place::default()
    };
    let secret = secret_v8(json)?;
    let title = json.get("Description").text().unwrap_or(rule);
    let subject = secret.map_or(SubjectOf::Place, SubjectOf::value);
    let draft = exposed(subject, title, source, place, time::of(json.get("Date")));
    let secrets = match secret {
        Some(secret) => withheld(json, secret, &["Match", "Line", "Fragment"]),
        None => Vec::new(),
    };
    Ok(Reading::observed(secrets, vec![draft]))
}

/// None of a rule about file names.
fn secret_v8<'d>(json: &'d Json<'d>) -> Result<Option<&'d str>, Reject> {
    match json.get("Secret") {
        Json::Null => Ok(None),
        Json::Text(text) if text.is_empty() => Ok(None),
        _ => json.require_text(&["Secret"]).map(Some),
    }
}

fn read_v7<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let rule = match json.get("reason").text().filter(|_| !json.has("rule")) {
        Some(reason) => reason,
        None => json.require_text(&["rule"])?,
    };
    let link = json.get("leakURL").text();
    let source = SourceOf {
        rule: rule.into(),
        url: link.map(Cow::Borrowed),
        ..SourceOf::default()
    };
    let repository = json
        .get("repoURL")
        .text()
        .or(json.get("repo").text())
        .filter(|repo| *repo != ".");
    let place = Place {
        repository: repository.or(link.and_then(repository_of)).map(Cow::Borrowed),
        path: json.get("file").text().map(Cow::Borrowed),
        line: json.get("lineNumber").unsigned(),
        commit: json.get("commit").text().map(Cow::Borrowed),
        ..Place::default()
    };
    let offender = json.require_text(&["offender"])?;
    let date = time::of(json.get("date"));
    if is_file_name(offender) {
        let draft = exposed(SubjectOf::Place, rule, source, place, date);
        return Ok(Reading::observed(Vec::new(), vec![draft]));
    }
    let secret = value_of_assignment(offender);
    let draft = exposed(SubjectOf::value(secret), rule, source, place, date);
    let secrets = withheld(json, secret, &["offender", "line"]);
    Ok(Reading::observed(secrets, vec![draft]))
}

/// What a rule about file names reports: a sentence with the name.
fn is_file_name(offender: &str) -> bool {
    ["Filename or path offender: ", "Filename/path offender: "]
        .iter()
        .any(|start| offender.starts_with(start))
}

fn exposed<'d>(
    subject: SubjectOf<'d>,
    title: &str,
    source: SourceOf<'d>,
    place: Place<'d>,
    exposed_since: Option<reeve_domain::time::Timestamp>,
) -> Draft<'d> {
    let title = match &place.path {
        Some(path) => [title, " in ", path].concat(),
        None => title.to_owned(),
    };
    Draft {
        place,
        times: Times {
            exposed_since,
            ..Times::default()
        },
        problem: Some(Problem::new(IssueType::SecretExposed, title)),
        ..Draft::new(subject, source)
    }
}

/// The value, and those fields around it that do not hold it whole: where they recur, it recurs.
fn withheld<'d>(json: &'d Json<'d>, secret: &'d str, around: &[&str]) -> Vec<Cow<'d, str>> {
    let others = around.iter().filter_map(|field| json.get(field).text());
    let others = others.filter(|text| memmem::find(text.as_bytes(), secret.as_bytes()).is_none());
    std::iter::once(secret).chain(others).map(Cow::Borrowed).collect()
}

/// The repository in the page of a file: what stands before `/blob/`, `/-/blob/`, `/src/commit/`.
fn repository_of(link: &str) -> Option<&str> {
    let ends = ["/-/blob/", "/blob/", "/src/commit/", "/src/", "/commit/"];
    let mut slashes = link.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
    let (end, _) = slashes.find(|(at, _)| ends.iter().any(|mark| link[*at..].starts_with(mark)))?;
    Some(&link[..end]).filter(|repository| repository.contains("://"))
}

/// An old rule matched the whole assignment: `GITHUB_TOKEN="…"` → `…`.
fn value_of_assignment(offender: &str) -> &str {
    let is_name = |text: &str| {
        let text = text.trim().trim_matches(['"', '\'']);
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    let Some(at) = offender.find(['=', ':']).filter(|at| is_name(&offender[..*at])) else {
        return offender;
    };
    let value = offender[at + 1..].trim_start_matches(['=', '>']).trim();
    let quoted = value.starts_with(['"', '\'', '`']);
    let is_url = value.starts_with("//");
    if value.is_empty() || is_url || !(quoted || offender[..at].contains(['_', '"', '\''])) {
        offender
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_an_assignment_is_the_secret() {
        assert_eq!(
            value_of_assignment("GITHUB_TOKEN=\"c77e01c1e896\""),
            "\"c77e01c1e896\""
        );
        assert_eq!(value_of_assignment("\"api_key\": 'x-us11'"), "'x-us11'");
        assert_eq!(value_of_assignment("https://u:p@host"), "https://u:p@host");
        assert_eq!(
            value_of_assignment("AKIAIOSFODNN7EXAMPLE"),
            "AKIAIOSFODNN7EXAMPLE"
        );
        assert_eq!(value_of_assignment("c2VjcmV0=="), "c2VjcmV0==");
    }

    #[test]
    fn the_repository_is_read_from_the_page() {
        assert_eq!(
            repository_of("https://github.com/acme/app/blob/0a1b/src/x.rs#L1"),
            Some("https://github.com/acme/app")
        );
        assert_eq!(
            repository_of("https://gitlab.com/acme/app/-/blob/0a1b/x.rs"),
            Some("https://gitlab.com/acme/app")
        );
        assert_eq!(repository_of("not a page"), None);
    }
}
