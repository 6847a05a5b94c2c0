//! The AsyncAPI document: which record is on which topic, with which headers, and who may write it.

use reeve_domain::priority::Band;
use reeve_domain::task::Change;
use reeve_log::{Topic, TopicNames};
use serde_json::{Map, Value, json};

/// What AsyncAPI calls receiving and sending, from the side of whoever is outside.
const RECEIVE: &str = "receive";
const SEND: &str = "send";

/// As YAML; the schemas of the bodies lie beside it, in `schemas/`.
pub(super) fn document() -> String {
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "reeve",
            "version": "1",
            "description": "Raw identity alerts in, accountable tasks out, closure proven. Every topic's name takes a \
                prefix. Readers ignore fields they do not know and read committed records only; within a v1 fields are \
                added, never removed or retyped.",
        },
        "defaultContentType": "application/json",
        "channels": channels(),
        "operations": operations(),
        "components": { "messages": messages(), "schemas": { "headers": headers() } },
    });
    serde_saphyr::to_string(&document).expect("a JSON value with string keys is YAML")
}

/// Topic, what it is for, the messages on it, and what those outside do there.
const CHANNELS: [(Topic, &str, &[&str], &str); 5] = [
    (
        Topic::Alerts,
        "What scanners send, in any format and with any key. May hold live secrets: tight rights, short retention.",
        &["alert"],
        SEND,
    ),
    (
        Topic::Findings,
        "Observations, keyed by subject.",
        &["finding", "evidence", "receipt"],
        RECEIVE,
    ),
    (
        Topic::Tasks,
        "The whole current task, one record per revision, keyed by subject. Upsert by task_id if (opened_at, revision) is greater.",
        &["task"],
        RECEIVE,
    ),
    (
        Topic::TaskEvents,
        "What ticketing systems, people and connectors say of a task, keyed by subject. An event_id is applied once.",
        &["event"],
        SEND,
    ),
    (
        Topic::DeadLetters,
        "What was refused, with reason and position, never with content.",
        &["dead_letter"],
        RECEIVE,
    ),
];

fn channels() -> Map<String, Value> {
    let names = TopicNames::prefixed("");
    let channel = |(topic, description, kinds, _): &(Topic, &str, &[&str], &str)| {
        let messages: Map<String, Value> = kinds
            .iter()
            .map(|kind| {
                (
                    (*kind).to_owned(),
                    json!({ "$ref": format!("#/components/messages/{kind}") }),
                )
            })
            .collect();
        let body =
            json!({ "address": &**names.name(*topic), "description": description, "messages": messages });
        (id(*topic), body)
    };
    CHANNELS.iter().map(channel).collect()
}

fn operations() -> Map<String, Value> {
    let operation = |(topic, _, _, action): &(Topic, &str, &[&str], &str)| {
        let channel = id(*topic);
        let body = json!({ "action": action, "channel": { "$ref": format!("#/channels/{channel}") } });
        (format!("{action}_{channel}"), body)
    };
    CHANNELS.iter().map(operation).collect()
}

fn id(topic: Topic) -> String {
    let names = TopicNames::prefixed("");
    names.name(topic).replace(['.', '-'], "_")
}

fn messages() -> Map<String, Value> {
    let mut messages: Map<String, Value> = super::KINDS
        .iter()
        .map(|kind| ((*kind).to_owned(), message(kind)))
        .collect();
    let alert = json!({
        "title": "alert",
        "description": "Whatever a scanner writes: one result or a report, in any of the usual envelopes.",
        "payload": {},
    });
    messages.insert("alert".to_owned(), alert);
    messages
}

fn message(kind: &str) -> Value {
    let headers = if kind == "task" {
        json!({ "allOf": [{ "$ref": "#/components/schemas/headers" }, task_headers()] })
    } else {
        json!({ "$ref": "#/components/schemas/headers" })
    };
    json!({ "title": kind, "headers": headers, "payload": { "$ref": format!("schemas/{kind}.json") } })
}

/// CloudEvents 1.0, Kafka binary mode.
fn headers() -> Value {
    json!({
        "type": "object",
        "properties": {
            "ce_specversion": { "type": "string", "const": "1.0" },
            "ce_id": { "type": "string" },
            "ce_source": { "type": "string" },
            "ce_type": { "type": "string", "examples": ["io.reeve.finding.v1", "io.reeve.event.v1"] },
            "ce_subject": { "type": "string", "description": "The subject's key" },
            "ce_time": { "type": "string", "format": "date-time" },
            "ce_dataschema": { "type": "string" },
            "content-type": { "type": "string", "const": "application/json" },
            "traceparent": { "type": "string" },
        },
    })
}

fn task_headers() -> Value {
    let types: Vec<String> = Change::ALL
        .iter()
        .map(|change| format!("io.reeve.task.{}.v1", change.as_str()))
        .collect();
    let bands: Vec<&str> = Band::ALL.iter().map(|band| band.as_str()).collect();
    json!({
        "type": "object",
        "properties": {
            "ce_id": { "type": "string", "description": "task_id:revision" },
            "ce_type": { "type": "string", "enum": types },
            "ce_queue": { "type": "string", "description": "Whose task it is" },
            "ce_band": { "type": "string", "enum": bands },
        },
        "required": ["ce_queue", "ce_band"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_record_is_on_a_channel() {
        for kind in super::super::KINDS {
            assert!(
                CHANNELS.iter().any(|(_, _, kinds, _)| kinds.contains(&kind)),
                "{kind}"
            );
        }
    }
}
