//! CloudEvents: attributes in Kafka headers around any body, or one JSON object with attributes and data.

use super::{Carried, Peeled};
use crate::json::Json;
use crate::time;

const BINARY_HEADERS: [&str; 4] = ["ce_specversion", "ce_id", "ce_source", "ce_type"];

/// Whether the attributes stand in the headers, so that the whole body is the payload. An event in the structured
/// mode is told by its object, whatever its `content-type`.
pub(crate) fn is_binary(headers: &[(String, Vec<u8>)]) -> bool {
    BINARY_HEADERS.iter().all(|name| header(headers, name).is_some())
}

/// What the headers carry over.
pub(crate) fn carried(headers: &[(String, Vec<u8>)]) -> Carried {
    let text = |name: &str| header(headers, name).and_then(|value| std::str::from_utf8(value).ok());
    Carried {
        time: text("ce_time").and_then(time::parse),
        sender: text("ce_source").map(|source| joined(source, text("ce_subject"))),
        ..Carried::default()
    }
}

/// Who sent an event in the structured mode, and of what it speaks.
pub(super) fn sender_of(json: &Json<'_>) -> Option<String> {
    let source = json.get("source").text().filter(|_| is_structured(json))?;
    Some(joined(source, json.get("subject").text()))
}

fn joined(source: &str, subject: Option<&str>) -> String {
    match subject {
        Some(subject) => format!("{source}/{subject}"),
        None => source.to_owned(),
    }
}

/// An object with the attributes of an event.
pub(super) fn is_structured(json: &Json<'_>) -> bool {
    json.has_all(&["specversion", "id", "source", "type"])
}

/// Data as a value, as base64, or none at all; text is kept as it is where the event says that it is no JSON.
pub(super) fn peel<'d>(json: &'d Json<'d>) -> Peeled<'d> {
    let data = json.get("data");
    match (data, json.get("data_base64")) {
        (Json::Null, Json::Text(_)) => Peeled::Encoded(vec![json.get("data_base64")]),
        (Json::Text(_), _) => Peeled::Texts(vec![data]),
        _ => Peeled::Value(data),
    }
}

fn header<'h>(headers: &'h [(String, Vec<u8>)], name: &str) -> Option<&'h [u8]> {
    let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_slice())
}
