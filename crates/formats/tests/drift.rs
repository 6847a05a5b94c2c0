//! Formats drift: a field goes, turns to null, changes its type, gets a word nobody knows. The record is still read.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use reeve_formats::{Item, Parsed};
use serde_json::{Value, json};
use support::{fixture_records, output, parse_bytes, pointers, settings, with_value};

/// For each format the fields that it cannot be read without.
const REQUIRED: &str = include_str!("drift/required.txt");

/// Objects whose keys are no fields: the files of a report, the fingerprints of a result.
const MAPS: &[&str] = &["results", "fingerprints", "partialFingerprints"];

/// Where the value of a secret stands that must not leave, whatever drifts beside it.
const VALUES: &[(&str, &str)] = &[
    ("gitleaks-v8", "/Secret"),
    ("gitleaks-v7", "/offender"),
    ("trufflehog-v3", "/RawV2"),
    ("trufflehog3", "/secret"),
    ("github-secret-scanning", "/secret"),
    ("gitlab-secret", "/vulnerabilities/0/raw_source_code_extract"),
];

/// The pointer with `*` for every position in an array.
fn generic(pointer: &str) -> String {
    let parts = pointer.split('/').map(|part| match part.parse::<usize>() {
        Ok(_) => "*",
        Err(_) => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The table, as sets by format.
fn required() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut table = BTreeMap::<_, BTreeSet<_>>::new();
    let mut format = "";
    for line in REQUIRED.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_suffix(':') {
            Some(name) => format = name,
            None => table.entry(format).or_default().extend(fields_of(line)),
        }
    }
    table
}

fn fields_of(line: &str) -> impl Iterator<Item = String> + '_ {
    line.split_whitespace().map(|field| field.replace("%20", " "))
}

/// Shorter is a word.
const VALUE_CHARS_MIN: usize = 12;

/// Marks of values that are none, or no secret.
const PUBLIC: &[&str] = &["AKIA", "REDACTED", "-----", "Filename"];

fn rejects(parsed: &Parsed) -> usize {
    let is_reject = |item: &&Item| matches!(item, Item::Rejected(_));
    parsed.items.iter().filter(is_reject).count()
}

fn parsed(document: &Value) -> Parsed {
    parse_bytes(document.to_string().as_bytes(), &settings())
}

/// What may become of a value in another version of its format.
fn drifts(value: &Value) -> Vec<Value> {
    let other = match value {
        Value::String(_) => vec![json!(7), json!(true), json!("a-word-nobody-knows")],
        Value::Number(number) => vec![json!(number.to_string()), json!("many")],
        Value::Bool(is_set) => vec![json!(is_set.to_string()), json!("perhaps")],
        Value::Array(_) => vec![json!({}), json!("one")],
        Value::Object(_) => vec![json!([]), json!("one")],
        Value::Null => vec![json!("a-word-nobody-knows"), json!({})],
    };
    std::iter::once(Value::Null).chain(other).collect()
}

fn without(document: &Value, pointer: &str) -> Value {
    let mut changed = document.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match changed.pointer_mut(parent).unwrap() {
        Value::Object(object) => drop(object.remove(&key)),
        Value::Array(all) => drop(all.remove(key.parse().unwrap())),
        _ => unreachable!("a pointer leads through containers"),
    }
    changed
}

/// Every document in which one value has drifted, with the pointer of it.
fn drifted(record: &Value) -> impl Iterator<Item = (String, Value)> + '_ {
    pointers(record).into_iter().flat_map(move |pointer| {
        let old = record.pointer(&pointer).unwrap();
        let changed = drifts(old)
            .into_iter()
            .map(|value| with_value(record, &pointer, value));
        let all: Vec<_> = std::iter::once(without(record, &pointer))
            .chain(changed)
            .collect();
        all.into_iter().map(move |document| (pointer.clone(), document))
    })
}

/// The same document with a field nobody knows in each of its objects.
fn with_new_fields(document: &Value, name: &str) -> Value {
    match document {
        Value::Object(object) => {
            let known = object.iter();
            let known = known.map(|(key, value)| (key.clone(), with_new_fields(value, key)));
            let new = json!({ "since": "the next version", "n": [1, null] });
            let new = Some(("zz_brand_new".to_owned(), new)).filter(|_| !MAPS.contains(&name));
            Value::Object(known.chain(new).collect())
        }
        Value::Array(all) => {
            let all = all.iter().map(|one| with_new_fields(one, ""));
            Value::Array(all.collect())
        }
        other => other.clone(),
    }
}

#[test]
fn a_record_stays_readable_whatever_happens_to_a_field_that_is_not_required() {
    let (required, mut broken) = (required(), BTreeMap::<String, BTreeSet<String>>::new());
    for (format, record) in fixture_records() {
        let before = rejects(&parsed(&record));
        for (pointer, document) in drifted(&record) {
            let field = generic(&pointer);
            let is_known = required
                .get(format.as_str())
                .is_some_and(|fields| fields.contains(field.as_str()));
            // A result that is no object is no result.
            let is_required = is_known || field.ends_with("/*");
            if !is_required && rejects(&parsed(&document)) > before {
                broken.entry(format.clone()).or_default().insert(field);
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_value_does_not_leave_whatever_happens_to_the_fields_beside_it() {
    for (format, record) in fixture_records() {
        let fields = VALUES.iter().filter(|(known, _)| *known == format);
        for (_, field) in fields {
            let Some(value) = record.pointer(field).and_then(Value::as_str) else {
                continue;
            };
            let secret = value
                .rsplit([':', '"'])
                .find(|part| part.len() >= VALUE_CHARS_MIN);
            let Some(secret) = secret.filter(|_| !PUBLIC.iter().any(|mark| value.contains(mark))) else {
                continue;
            };
            for (pointer, document) in drifted(&record).filter(|(pointer, _)| pointer != field) {
                let out = output(&parsed(&document));
                assert!(!out.contains(secret), "{format} {pointer}: {out}");
            }
        }
    }
}

#[test]
fn fields_nobody_knows_change_nothing() {
    for (format, record) in fixture_records() {
        let (before, after) = (parsed(&record), parsed(&with_new_fields(&record, "")));
        assert_eq!(output(&after), output(&before), "{format}: {record}");
    }
}
