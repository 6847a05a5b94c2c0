//! No secret leaves through a mapping: planted in every string and key of every sample that ships, in the usual
//! encodings, and as the value of every field that a mapping draws secrets from.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

#[path = "support/mappings.rs"]
mod mappings;
mod support;

use data_encoding::{BASE64, HEXLOWER};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reeve_formats::{Scrub, Settings};
use serde_json::Value;
use support::{output, parse_bytes, pointers, with_value};

/// Looks like a token, so that it is found where no field announces it.
const TOKEN: &str = "ghp_C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry";

/// Looks like nothing, so that it is found only because a field of the record held it.
const PLAIN: &str = "c4n4ry+9x/Q_w7";

/// What opens the page of a canarytoken in the samples of canarytokens.org.
const AUTH: &str = "5f0c9a7be1d24c3fb8a6e2907d41c3aa";

/// Where the records of a sample carry a secret's value.
const VALUE_FIELDS: &[(&str, &str)] = &[
    ("whispers", "/value"),
    ("secretlint", "/messages/1/data/KEY"),
    ("rusty-hog", "/stringsFound/0"),
];

fn forms(secret: &str) -> [String; 4] {
    [
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        BASE64.encode(secret.as_bytes()),
        HEXLOWER.encode(secret.as_bytes()),
    ]
}

/// Every form without its ends, in lower case.
fn traces(secret: &str) -> Vec<String> {
    let trimmed = forms(secret).map(|form| form[1..form.len() - 3].to_lowercase());
    trimmed.into_iter().collect()
}

fn leaks(text: &str, traces: &[String]) -> bool {
    let text = text.to_lowercase();
    traces.iter().any(|trace| text.contains(trace.as_str()))
}

/// Each document of each sample, elements of arrays alone.
fn records() -> Vec<(&'static str, Value)> {
    let mut records = Vec::new();
    for (name, input) in mappings::shipped().samples() {
        let text = input.trim_start().trim_start_matches("scoutsuite_results =");
        for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            match document.unwrap() {
                Value::Array(all) => records.extend(all.into_iter().map(|one| (name, one))),
                one => records.push((name, one)),
            }
        }
    }
    records
}

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

fn leaked(
    records: &[(&'static str, Value)],
    secret: &str,
    settings: &Settings,
) -> Vec<(&'static str, String)> {
    let traces = traces(secret);
    let mut leaked = Vec::new();
    for (name, record) in records {
        for form in forms(secret) {
            let outputs = planted(record, &form)
                .into_iter()
                .map(|document| output(&parse_bytes(document.to_string().as_bytes(), settings)));
            leaked.extend(
                outputs
                    .into_iter()
                    .find(|out| leaks(out, &traces))
                    .map(|out| (*name, out)),
            );
        }
    }
    leaked
}

/// What whispers says of a known file carries its path as the value, and no secret.
fn is_known_file(record: &Value) -> bool {
    record["key"] == "file" && record["rule_id"] == "file-known"
}

fn records_that_hold(secret: &str) -> Vec<(&'static str, Value)> {
    let with_values = records().into_iter().filter(|(_, record)| !is_known_file(record));
    let of_value = with_values.filter_map(|(name, record)| {
        let (_, field) = VALUE_FIELDS.iter().find(|(known, _)| *known == name)?;
        record.pointer(field)?.as_str()?;
        Some((name, with_value(&record, field, secret.into())))
    });
    of_value.collect()
}

#[test]
fn a_token_in_any_string_or_key_of_a_mapped_record_does_not_leave() {
    let leaked = leaked(&records(), TOKEN, &mappings::settings());
    assert!(leaked.is_empty(), "{leaked:#?}");
}

#[test]
fn a_value_that_recurs_anywhere_in_a_mapped_record_does_not_leave() {
    let records = records_that_hold(PLAIN);
    assert!(records.len() >= VALUE_FIELDS.len());
    let leaked = leaked(&records, PLAIN, &mappings::settings());
    assert!(leaked.is_empty(), "{leaked:#?}");
}

#[test]
fn what_opens_the_page_of_a_canarytoken_does_not_leave() {
    let mut records = records();
    records.retain(|(_, record)| {
        record["manage_url"]
            .as_str()
            .is_some_and(|url| url.contains(AUTH))
    });
    assert_eq!(records.len(), 3);
    let leaked = leaked(&records, AUTH, &mappings::settings());
    assert!(leaked.is_empty(), "{leaked:#?}");
}

#[test]
fn with_the_scrubber_off_the_canaries_of_mapped_records_are_found() {
    let unscrubbed = Settings {
        scrub: Scrub::Off,
        ..mappings::settings()
    };
    let found = leaked(&records(), TOKEN, &unscrubbed);
    for name in ["falco", "splunk-notable", "legitify", "checkov", "orca"] {
        assert!(found.iter().any(|(known, _)| *known == name), "{name}");
    }
    let found = leaked(&records_that_hold(PLAIN), PLAIN, &unscrubbed);
    for (name, _) in VALUE_FIELDS {
        assert!(found.iter().any(|(known, _)| known == name), "{name}");
    }
}
