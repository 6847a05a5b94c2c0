//! No secret leaves: planted in every string of every fixture, as value and as key, in every usual encoding.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

mod support;

use std::collections::BTreeMap;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reeve_formats::Settings;
use serde_json::Value;
use support::{fixture_records, output, parse_bytes, pointers, settings, unscrubbed, with_value};

/// Looks like a token, so that it is found where no field announces it.
const TOKEN: &str = "ghp_C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry";

/// Looks like nothing, so that it is found only because a field of the record held it.
const PLAIN: &str = "c4n4ry+9x/\"q w\u{e9}";

/// Where each format carries a secret's value.
const VALUE_FIELDS: &[(&str, &str)] = &[
    ("gitleaks-v8", "/Secret"),
    ("gitleaks-v7", "/offender"),
    ("trufflehog-v3", "/Raw"),
    ("github-secret-scanning", "/secret"),
];

fn forms(secret: &str) -> [String; 7] {
    let unicode: String = secret
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    [
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        BASE64.encode(secret.as_bytes()),
        BASE64URL_NOPAD.encode(secret.as_bytes()),
        HEXLOWER.encode(secret.as_bytes()),
        unicode,
        secret
            .chars()
            .flat_map(|character| [character, '\u{200b}'])
            .collect(),
    ]
}

/// Every form of a secret as it would show in an output: in lower case, JSON-escaped, and without its ends, as the
/// ends of a base64 text depend on what stands around it.
fn traces(secret: &str) -> Vec<String> {
    let escaped = serde_json::to_string(secret).unwrap();
    let plain = forms(secret)
        .into_iter()
        .chain([escaped.trim_matches('"').to_owned()]);
    let trimmed = plain.map(|form| {
        let kept = form.chars().count() - 4;
        form.chars().skip(1).take(kept).collect::<String>().to_lowercase()
    });
    let both = trimmed.flat_map(|form| {
        [
            serde_json::to_string(&form).unwrap().trim_matches('"').to_owned(),
            form,
        ]
    });
    both.collect()
}

fn leaks(text: &str, traces: &[String]) -> bool {
    let text = text.to_lowercase();
    traces.iter().any(|trace| text.contains(trace))
}

/// The record with the text in place of, or behind, each of its strings, and in place of each of its keys.
fn planted(record: &Value, text: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for pointer in pointers(record) {
        if let Some(Value::String(old)) = record.pointer(&pointer) {
            all.push(with_value(record, &pointer, text.into()));
            all.push(with_value(record, &pointer, format!("{old} {text}").into()));
            all.push(with_value(record, &pointer, format!("{old}/{text}").into()));
        }
        all.extend(with_renamed_key(record, &pointer, text));
    }
    all
}

fn with_renamed_key(record: &Value, pointer: &str, text: &str) -> Option<Value> {
    let (parent, key) = pointer.rsplit_once('/')?;
    let key = key.replace("~1", "/").replace("~0", "~");
    let mut changed = record.clone();
    let object = changed.pointer_mut(parent)?.as_object_mut()?;
    let value = object.remove(&key)?;
    object.insert(text.to_owned(), value);
    Some(changed)
}

/// What the plantings leaked, by format; at most one output a form and record.
fn leaked(records: &[(String, Value)], secret: &str, settings: &Settings) -> BTreeMap<String, Vec<String>> {
    let mut leaked = BTreeMap::new();
    let traces = traces(secret);
    for (format, record) in records {
        for form in forms(secret) {
            let outputs = planted(record, &form)
                .into_iter()
                .map(|document| output(&parse_bytes(document.to_string().as_bytes(), settings)));
            if let Some(out) = outputs.into_iter().find(|out| leaks(out, &traces)) {
                leaked.entry(format.clone()).or_insert_with(Vec::new).push(out);
            }
        }
    }
    leaked
}

/// Records whose own secret is the canary.
fn records_that_hold(secret: &str) -> Vec<(String, Value)> {
    let of_value = fixture_records().into_iter().filter_map(|(format, record)| {
        let (_, field) = VALUE_FIELDS.iter().find(|(known, _)| *known == format)?;
        record.pointer(field)?.as_str()?;
        Some((format, with_value(&record, field, secret.into())))
    });
    of_value.collect()
}

#[test]
fn a_token_in_any_string_or_key_does_not_leave() {
    let leaked = leaked(&fixture_records(), TOKEN, &settings());
    assert!(leaked.is_empty(), "{leaked:#?}");
}

#[test]
fn a_value_that_recurs_anywhere_in_its_record_does_not_leave() {
    let records = records_that_hold(PLAIN);
    let leaked = leaked(&records, PLAIN, &settings());
    assert!(leaked.is_empty(), "{leaked:#?}");
}

#[test]
fn with_the_scrubber_off_the_canaries_are_found() {
    let of_token = leaked(&fixture_records(), TOKEN, &unscrubbed());
    for format in [
        "asff",
        "cloudtrail",
        "github-secret-scanning",
        "gitleaks-v7",
        "gitleaks-v8",
        "trufflehog-v3",
    ] {
        assert!(of_token.contains_key(format), "{format}: {:?}", of_token.keys());
    }
    let of_value = leaked(&records_that_hold(PLAIN), PLAIN, &unscrubbed());
    for (format, _) in VALUE_FIELDS {
        assert!(of_value.contains_key(*format), "{format}: {:?}", of_value.keys());
    }
}

#[test]
fn what_cannot_be_read_is_refused_without_a_quote() {
    let broken = [
        format!("{{\"{TOKEN}\":"),
        format!("{{\"{TOKEN}\":1,\"{TOKEN}\":2}}"),
        format!("{{\"RuleID\":\"x\",\"RuleID\":\"{TOKEN}\"}}"),
        format!("{{\"a\":{{\"{TOKEN}\":[{}", "[".repeat(200)),
        format!("{{\"{TOKEN}\":tru{TOKEN}}}"),
        format!("\"{TOKEN}\""),
        format!("[\"{TOKEN}\"]"),
        TOKEN.to_owned(),
        format!("{{\"Type\":\"Notification\",\"Message\":\"{TOKEN}\"}}"),
        format!("{{\"message\":{{\"data\":\"{TOKEN}\"}},\"subscription\":\"{TOKEN}\"}}"),
    ];
    for text in broken {
        let out = output(&parse_bytes(text.as_bytes(), &settings()));
        assert!(!out.is_empty() && !leaks(&out, &traces(TOKEN)), "{out}");
    }
}
