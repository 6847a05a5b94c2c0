//! TruffleHog 2 (`stringsFound` in a commit), and trufflehog3, another product (`rule.id`, `secret`, `path`).
//!
//! trufflehog3 before version 3 wrote what TruffleHog 2 writes, without the diffs: its strings are whole lines of them.

use std::borrow::Cow;

use reeve_domain::reject::Reject;

use super::{Format, leak};
use crate::draft::{Place, Reading, Record, Report, SourceOf, SubjectOf};
use crate::json::Json;
use crate::{severity, time};

/// TruffleHog 2, in Python.
pub(super) const TRUFFLEHOG_V2: Format = Format {
    id: "trufflehog-v2",
    version: 1,
    tool: "TruffleHog",
    names: &[
        "branch",
        "commit",
        "commitHash",
        "date",
        "diff",
        "path",
        "printDiff",
        "reason",
        "stringsFound",
    ],
    statements: &[],
    detect: |json| {
        json.has_all(&["commitHash", "stringsFound"]) && (json.has("printDiff") || is_of_lines(json))
    },
    records: |json| Ok(Report::one(json)),
    read: read_v2,
};

/// trufflehog3.
pub(super) const TRUFFLEHOG3: Format = Format {
    id: "trufflehog3",
    version: 1,
    tool: "trufflehog3",
    names: &[
        "rule", "id", "message", "severity", "path", "line", "secret", "context", "branch", "commit", "date",
    ],
    statements: &[],
    detect: |json| json.has_all(&["secret", "path"]) && json.get("rule").has("id") && json.has("context"),
    records: |json| Ok(Report::one(json)),
    read: read_3,
};

/// The lines of a diff without the diff; the hogs of another author have numbers of lines.
fn is_of_lines(json: &Json<'_>) -> bool {
    json.has_all(&["branch", "reason"]) && !json.has("new_line_num")
}

fn read_v2<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let rule = json.require_text(&["reason"])?;
    let strings = json.require_array(&["stringsFound"])?;
    let found: Vec<&'d str> = strings.iter().filter_map(Json::text).collect();
    if found.is_empty() {
        json.require_text(&["stringsFound"])?;
    }
    let source = SourceOf {
        rule: rule.into(),
        ..SourceOf::default()
    };
    let place = Place {
        path: leak::text(json.get("path")),
        commit: leak::text(json.get("commitHash")),
        ..Place::default()
    };
    let exposed_since = time::of(json.get("date"));
    let drafts = found.iter().map(|string| {
        let subject = SubjectOf::value(value_of_assignment(string));
        let mut draft = leak::exposed(subject, rule, source.clone(), place.clone());
        draft.times.exposed_since = exposed_since;
        draft
    });
    let drafts = drafts.collect();
    let secrets = found
        .iter()
        .flat_map(|string| [string.trim(), value_of_assignment(string)])
        .map(Cow::Borrowed)
        .collect();
    Ok(Reading::observed(secrets, drafts))
}

/// `secret = 'x'` → `x`: what is quoted behind the first equals sign or colon; else the line itself.
fn value_of_assignment(string: &str) -> &str {
    let string = without_diff_sign(string);
    let Some(at) = string.find(['=', ':']) else {
        return string;
    };
    let value = string[at + 1..].trim();
    let quote = value
        .chars()
        .next()
        .filter(|first| matches!(first, '\'' | '"' | '`'));
    match quote.and_then(|quote| value[1..].split(quote).next()) {
        Some(inner) if !inner.is_empty() => inner,
        _ => string,
    }
}

/// `+  #20821e…` → `#20821e…`; base64 may begin with a plus sign of its own.
fn without_diff_sign(string: &str) -> &str {
    let line = string.strip_prefix(['+', '-']).unwrap_or(string);
    match line.contains("PRIVATE KEY") || !line.contains([' ', '\t', '#', '"', '\'']) {
        true => string.trim(),
        false => line.trim(),
    }
}

fn read_3<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let rule = json.require_text(&["rule", "id"])?;
    let secret = json.require_text(&["secret"])?;
    let source = SourceOf {
        rule: rule.into(),
        reference: json.get("id").text().unwrap_or_default().into(),
        ..SourceOf::default()
    };
    let place = Place {
        path: leak::text(json.get("path")),
        line: json.get("line").unsigned(),
        commit: leak::text(json.get("commit")),
        ..Place::default()
    };
    let title = json.at(&["rule", "message"]).text().unwrap_or(rule);
    let mut draft = leak::exposed(SubjectOf::value(secret), title, source, place);
    draft.times.exposed_since = time::of(json.get("date"));
    if let Some(problem) = &mut draft.problem {
        problem.severity = severity::of_word(json.at(&["rule", "severity"]).text().unwrap_or("unknown"));
    }
    Ok(Reading::observed(vec![secret.into()], vec![draft]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quoted_value_of_an_assignment_is_the_secret() {
        assert_eq!(value_of_assignment("secret = 'd15627104d07'"), "d15627104d07");
        assert_eq!(
            value_of_assignment("AKIAIOSFODNN7EXAMPLE"),
            "AKIAIOSFODNN7EXAMPLE"
        );
        assert_eq!(value_of_assignment("a = b"), "a = b");
    }

    #[test]
    fn a_line_of_a_diff_is_read_without_its_sign() {
        assert_eq!(value_of_assignment("+    key = 'd15627104d07',"), "d15627104d07");
        assert_eq!(value_of_assignment("+#20821e4abaea"), "#20821e4abaea");
        assert_eq!(value_of_assignment("#20821e4abaea"), "#20821e4abaea");
        assert_eq!(value_of_assignment("+9Xkq2/w=="), "+9Xkq2/w==");
        assert_eq!(
            value_of_assignment("-----BEGIN RSA PRIVATE KEY-----"),
            "-----BEGIN RSA PRIVATE KEY-----"
        );
    }
}
