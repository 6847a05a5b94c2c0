//! The secret that a result of Semgrep matched, as far as its line or its metavariables hold it.

use std::borrow::Cow;

use crate::draft::SubjectOf;
use crate::json::Json;

/// Metavariables that rules name after what they hold, the more precise first; `$1` is a group of a pattern.
const METAVARIABLES: &[&str] = &[
    "$SECRET",
    "$TOKEN",
    "$KEY",
    "$PASSWORD",
    "$PASS",
    "$CREDENTIAL",
    "$VALUE",
    "$1",
];

/// Shorter is no secret that could be told from a word.
const VALUE_CHARS_MIN: usize = 8;

/// The subject, and every text of the result that may hold it.
pub(super) fn subject<'d>(json: &'d Json<'d>, extra: &'d Json<'d>) -> (SubjectOf<'d>, Vec<Cow<'d, str>>) {
    let metavariables = extra.get("metavars");
    let of_rule = METAVARIABLES.iter().find_map(|name| {
        let content = metavariables.at(&[name, "abstract_content"]).text()?;
        value_in(content).filter(|value| looks_random(value))
    });
    let matched = matched(json, extra);
    let value = of_rule.or(matched
        .as_deref()
        .and_then(value_in)
        .map(|value| Cow::Owned(value.into_owned())));
    let contents = metavariables.entries().iter();
    let contents = contents.filter_map(|(_, one)| one.get("abstract_content").text());
    let held = contents.filter(|text| looks_random(text)).map(Cow::Borrowed);
    let secrets = value
        .clone()
        .into_iter()
        .chain(held)
        .chain(matched.map(Cow::Owned));
    let secrets = secrets.collect();
    (value.map_or(SubjectOf::Place, SubjectOf::value), secrets)
}

/// What stands between the first and the last column of the match, of the lines around it.
fn matched(json: &Json<'_>, extra: &Json<'_>) -> Option<String> {
    let lines = extra
        .get("lines")
        .text()
        .filter(|lines| !super::NONE.contains(&lines.trim()))?;
    let at = |end: &str, name: &str| usize::try_from(json.at(&[end, name]).unsigned()?).ok();
    let height = at("end", "line")?.checked_sub(at("start", "line")?)? + 1;
    let mut lines: Vec<&str> = lines.trim_end_matches('\n').split('\n').collect();
    if lines.len() != height {
        return None;
    }
    let (before, end) = (
        at("start", "col")?.checked_sub(1)?,
        at("end", "col")?.checked_sub(1)?,
    );
    let last = lines.pop()?;
    let last: &str = &last[..byte_of(last, end)];
    lines.push(last);
    let start = byte_of(lines.first()?, before);
    lines[0] = lines[0].get(start..)?;
    Some(lines.join("\n"))
}

/// Columns count characters.
fn byte_of(line: &str, chars: usize) -> usize {
    line.char_indices()
        .nth(chars)
        .map_or(line.len(), |(byte, _)| byte)
}

/// The value in a match: a key block, the only quoted word, what is assigned, or the whole if it is one word.
fn value_in(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim().trim_end_matches([',', ';']);
    if text.contains("PRIVATE KEY") {
        return Some(Cow::Borrowed(text));
    }
    let quoted: Vec<&str> = text.split(['"', '\'', '`']).skip(1).step_by(2).collect();
    let value = match quoted.as_slice() {
        [] => assigned(text),
        [one] => one,
        [name, one] if assigned_after(text, name) => one,
        _ => return None,
    };
    let is_value = value.chars().count() >= VALUE_CHARS_MIN && !value.contains(char::is_whitespace);
    is_value.then_some(Cow::Borrowed(value))
}

/// `"password": "…"`: the first quoted word is a name.
fn assigned_after(text: &str, name: &str) -> bool {
    let rest = text.split_once(name).map_or("", |(_, rest)| rest);
    rest.get(1..)
        .is_some_and(|rest| rest.trim_start().starts_with([':', '=', ',']))
}

/// `AWS_KEY=…` → what stands behind; a URL and padding of base64 are no assignment.
fn assigned(text: &str) -> &str {
    let Some((name, value)) = text.split_once(['=', ':']) else {
        return text;
    };
    let is_name = name
        .trim()
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    let value = value.trim();
    match is_name && !value.starts_with("//") && value.len() >= VALUE_CHARS_MIN {
        true => value,
        false => text,
    }
}

/// A word with a digit in it, long enough: no name of a variable.
fn looks_random(text: &str) -> bool {
    text.len() >= 12 && text.bytes().any(|byte| byte.is_ascii_digit()) && !text.contains(char::is_whitespace)
        || text.contains("PRIVATE KEY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_told_from_what_stands_around_it() {
        for (text, value) in [
            ("\"s3cr3t-value-9\"", Some("s3cr3t-value-9")),
            ("password = \"s3cr3t-value-9\"", Some("s3cr3t-value-9")),
            ("\"password\": \"s3cr3t-value-9\",", Some("s3cr3t-value-9")),
            ("AWS_KEY=s3cr3t-value-9", Some("s3cr3t-value-9")),
            ("c2VjcmV0LXZhbHVl==", Some("c2VjcmV0LXZhbHVl==")),
            ("postgres://a:b@db/x", Some("postgres://a:b@db/x")),
            ("connect(\"host\", \"user\", \"pass\")", None),
            ("short", None),
            ("two words here", None),
        ] {
            assert_eq!(value_in(text).as_deref(), value, "{text}");
        }
    }

    #[test]
    fn columns_count_characters_and_lines_may_be_several() {
        assert_eq!(byte_of("aé=x", 3), 4);
        assert_eq!(byte_of("ab", 9), 2);
    }
}
