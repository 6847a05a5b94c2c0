//! `reeve schema`: the JSON Schemas of every record, derived from the types.

use std::io::{self, Write};

use reeve_domain::event::RawEvent;
use reeve_domain::observation::{Evidence, Finding, Receipt};
use reeve_domain::reject::DeadLetter;
use reeve_domain::task::Task;
use schemars::{JsonSchema, Schema, schema_for};
use serde_json::{Map, Value};

use crate::exit::{Failure, Outcome};
use crate::normalize::broken;

mod asyncapi;

/// The one document that says which record is on which topic.
const ASYNCAPI: &str = "asyncapi";
const KINDS: [&str; 6] = ["finding", "evidence", "receipt", "task", "event", "dead_letter"];

/// One schema, an object with all, or the AsyncAPI document that refers to them.
///
/// # Errors
/// 64 for a kind that there is not.
pub fn run(kind: Option<&str>) -> Outcome {
    if kind == Some(ASYNCAPI) {
        return io::stdout()
            .lock()
            .write_all(asyncapi::document().as_bytes())
            .map_err(broken);
    }
    let document = match kind {
        Some(kind) => of(kind).map(Value::from).ok_or_else(|| {
            Failure::Usage(format!(
                "{kind}: no such kind; expected one of {}, {ASYNCAPI}",
                KINDS.join(", ")
            ))
        })?,
        None => Value::Object(all()),
    };
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &document).map_err(|error| broken(error.into()))?;
    out.write_all(b"\n").map_err(broken)
}

fn all() -> Map<String, Value> {
    KINDS
        .iter()
        .filter_map(|kind| Some(((*kind).to_owned(), of(kind)?.into())))
        .collect()
}

fn of(kind: &str) -> Option<Schema> {
    Some(match kind {
        "finding" => tagged::<Finding>(kind),
        "evidence" => tagged::<Evidence>(kind),
        "receipt" => tagged::<Receipt>(kind),
        "task" => schema_for!(Task),
        "event" => schema_for!(RawEvent),
        "dead_letter" => schema_for!(DeadLetter),
        _ => return None,
    })
}

/// The body names its own kind.
fn tagged<T: JsonSchema>(kind: &str) -> Schema {
    let mut schema = schema_for!(T);
    let constant = serde_json::json!({ "type": "string", "const": kind });
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("kind".to_owned(), constant);
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.insert(0, Value::from("kind"));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_schema_with_its_name_in_it() {
        let all = all();
        assert_eq!(all.len(), KINDS.len());
        for (kind, schema) in &all {
            assert!(schema.pointer("/properties/kind").is_some(), "{kind}");
        }
    }
}
