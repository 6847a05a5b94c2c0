//! Why an alert is read as it is: for every object in it, which formats claim it, why the others do not, and what a
//! mapping that claims it did not find.

use reeve_domain::alert::RawAlert;

use crate::formats;
use crate::json::Json;
use crate::mapping::{Mapping, Mappings};
use crate::parse::walk_explained;
use crate::settings::Settings;

/// Objects of one alert that are explained; the others are like them.
pub(crate) const OBJECTS_MAX: usize = 64;

/// Records of one object that are explained.
const RECORDS_MAX: usize = 8;

/// One object, once its envelopes are off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedObject {
    /// Which record of the alert it begins with, from 0.
    pub index: u32,
    /// Built-in formats and mappings, those that claim it first, then by how near they are.
    pub verdicts: Vec<Verdict>,
    /// What the mapping that claims it looked for and did not find, record by record; words of its file alone.
    pub missing: Vec<String>,
}

/// What one format says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Id of the format, name of the mapping.
    pub format: &'static str,
    /// Whether it is built in, and no mapping.
    pub is_built_in: bool,
    /// Whether it claims the object.
    pub claims: bool,
    /// Why not; empty where it does. Names fields of the format, never keys or values of the alert.
    pub why: String,
    /// How many of the fields that it knows are there, in per cent.
    pub nearness: u8,
}

/// Every object of an alert (at most 64), and what each format says of it.
pub fn explain(alert: &RawAlert<'_>, settings: &Settings) -> Vec<ExplainedObject> {
    walk_explained(alert, settings)
}

/// What each format says of one object.
pub(crate) fn explain_object(json: &Json<'_>, mappings: &Mappings, index: u32) -> ExplainedObject {
    let built_in = formats::all().iter().map(|format| of_format(format, json));
    let mapped = mappings.all().iter().map(|mapping| of_mapping(mapping, json));
    let mut verdicts: Vec<Verdict> = built_in.chain(mapped).collect();
    verdicts.sort_by_key(|verdict| (!verdict.claims, std::cmp::Reverse(verdict.nearness)));
    let is_built_in = verdicts
        .iter()
        .any(|verdict| verdict.claims && verdict.is_built_in);
    let missing = match mappings.of(json) {
        Some(mapping) if !is_built_in => missing(mapping, json),
        _ => Vec::new(),
    };
    ExplainedObject {
        index,
        verdicts,
        missing,
    }
}

fn of_format(format: &formats::Format, json: &Json<'_>) -> Verdict {
    let claims = (format.detect)(json);
    let missing: Vec<&str> = format
        .names
        .iter()
        .copied()
        .filter(|name| !json.has(name))
        .collect();
    let there = format.names.len() - missing.len();
    let why = match claims {
        true => String::new(),
        false if there == 0 => "none of its fields is there".to_owned(),
        false => format!("of its fields these are not there: {}", missing.join(", ")),
    };
    Verdict {
        format: format.id,
        is_built_in: true,
        claims,
        why,
        nearness: per_cent(there, format.names.len()),
    }
}

fn of_mapping(mapping: &Mapping, json: &Json<'_>) -> Verdict {
    let why = mapping.refusal(json);
    Verdict {
        format: mapping.name(),
        is_built_in: false,
        claims: why.is_none(),
        nearness: mapping.nearness(json),
        why: why.unwrap_or_default(),
    }
}

fn missing(mapping: &Mapping, json: &Json<'_>) -> Vec<String> {
    let Ok(records) = mapping.records(json) else {
        return vec!["where its records should be there is no list".to_owned()];
    };
    if records.is_empty() {
        return vec!["no record: nothing stands where `each` leads".to_owned()];
    }
    let explained = records.iter().enumerate().take(RECORDS_MAX);
    let lines = explained.flat_map(|(at, record)| {
        let lines = record.missing().into_iter();
        lines.map(move |line| format!("record {at}: {line}"))
    });
    lines.collect()
}

fn per_cent(part: usize, whole: usize) -> u8 {
    u8::try_from(part * 100 / whole.max(1)).unwrap_or(100)
}
