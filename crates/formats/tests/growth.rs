//! Whatever grows in an alert, a record made of it stays within what a broker takes.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

mod support;

use serde_json::{Map, Value};
use support::{fixture_records, observations, parse_bytes, pointers, settings, with_value};

/// Less than any one text that grows here, and a tenth of what a broker takes in one record by default.
const RECORD_BYTES_MAX: usize = 75_000;

/// How long a text, a list and a map may become.
const CHARS: usize = 20_000;
const ELEMENTS: usize = 500;

/// The value as a hostile, or a careless, scanner may send it; none if it cannot grow.
fn grown(value: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) => format!("{text}{}", "\u{1F511}".repeat(CHARS)).into(),
        Value::Array(all) => {
            let first = all.first()?;
            (0..ELEMENTS).map(|number| numbered(first, number)).collect()
        }
        Value::Object(all) => {
            let (name, value) = all.iter().next()?;
            let more = (0..ELEMENTS).map(|number| (format!("{name}{number}"), numbered(value, number)));
            Value::Object(all.clone().into_iter().chain(more).collect::<Map<_, _>>())
        }
        _ => return None,
    })
}

/// A copy of the value of which the texts are others.
fn numbered(value: &Value, number: usize) -> Value {
    match value {
        Value::String(text) => format!("{text}{number}").into(),
        Value::Array(all) => all.iter().map(|one| numbered(one, number)).collect(),
        Value::Object(all) => {
            let fields = all.iter().map(|(key, one)| (key.clone(), numbered(one, number)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

#[test]
fn no_observation_and_no_receipt_is_more_than_a_broker_takes() {
    let (mut read, mut large) = (0, Vec::new());
    for (format, record) in fixture_records() {
        for pointer in pointers(&record) {
            let Some(value) = grown(record.pointer(&pointer).unwrap()) else {
                continue;
            };
            let document = with_value(&record, &pointer, value).to_string();
            let parsed = parse_bytes(document.as_bytes(), &settings());
            let observed = observations(&parsed).into_iter().map(bytes_of);
            let receipts = parsed.receipts.iter().map(bytes_of);
            let longest = observed.chain(receipts).max().unwrap_or(0);
            read += usize::from(longest > 0);
            if longest > RECORD_BYTES_MAX {
                large.push(format!("{format} {pointer}: {longest} bytes"));
            }
        }
    }
    assert!(read > 1_000, "only {read} grown records were read");
    assert!(large.is_empty(), "{}", large.join("\n"));
}

fn bytes_of(record: &impl serde::Serialize) -> usize {
    serde_json::to_vec(record).unwrap().len()
}
