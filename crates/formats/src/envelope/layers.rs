//! The layers in JSON, each with how it is told and what is in it, as data; those of one vendor stand in files beside.

use super::{Peeled, attested, aws, cloud_events, kubernetes};
use crate::json::Json;

/// A layer: its name in summaries, how it is told, what is in it.
pub(super) struct Layer {
    pub(super) name: &'static str,
    /// The key without which it does not match, or how that key ends.
    pub(super) mark: &'static str,
    pub(super) matches: fn(&Json<'_>) -> bool,
    pub(super) peel: for<'d> fn(&'d Json<'d>) -> Peeled<'d>,
}

pub(super) const LAYERS: &[Layer] = &[
    Layer {
        name: "cloudevents",
        mark: "specversion",
        matches: cloud_events::is_structured,
        peel: cloud_events::peel,
    },
    Layer {
        name: "eventbridge",
        mark: "detail-type",
        matches: aws::is_eventbridge,
        peel: |json| Peeled::Value(json.get("detail")),
    },
    Layer {
        name: "sns",
        mark: "Message",
        matches: aws::is_sns,
        peel: |json| Peeled::Texts(vec![json.get("Message")]),
    },
    Layer {
        name: "sns",
        mark: "SubscribeURL",
        matches: aws::is_sns_confirmation,
        peel: |_| Peeled::Control,
    },
    Layer {
        name: "sns",
        mark: "Sns",
        matches: |json| json.get("EventSource").text() == Some("aws:sns") && json.get("Sns").is_object(),
        peel: |json| Peeled::Texts(vec![json.at(&["Sns", "Message"])]),
    },
    Layer {
        name: "sqs",
        mark: "body",
        matches: aws::is_sqs,
        peel: |json| Peeled::Texts(vec![json.get("body")]),
    },
    Layer {
        name: "kinesis",
        mark: "kinesis",
        matches: aws::is_kinesis,
        peel: |json| Peeled::Encoded(vec![json.at(&["kinesis", "data"])]),
    },
    Layer {
        name: "aws-event",
        mark: "Records",
        matches: aws::is_aws_event,
        peel: |json| Peeled::Values(all(json.get("Records"))),
    },
    Layer {
        name: "cloudwatch-logs",
        mark: "messageType",
        matches: aws::is_cloudwatch_logs,
        peel: aws::peel_cloudwatch_logs,
    },
    Layer {
        name: "cloudwatch-logs",
        mark: "awslogs",
        matches: aws::is_awslogs,
        peel: |json| Peeled::Encoded(vec![json.at(&["awslogs", "data"])]),
    },
    Layer {
        name: "cloudtrail-file",
        mark: "Records",
        matches: aws::is_cloudtrail_file,
        peel: |json| Peeled::Values(all(json.get("Records"))),
    },
    Layer {
        name: "cloudtrail-lookup",
        mark: "Events",
        matches: aws::is_cloudtrail_lookup,
        peel: |json| Peeled::Values(all(json.get("Events"))),
    },
    Layer {
        name: "cloudtrail-lookup",
        mark: "CloudTrailEvent",
        matches: |json| json.get("CloudTrailEvent").text().is_some(),
        peel: |json| Peeled::Texts(vec![json.get("CloudTrailEvent")]),
    },
    Layer {
        name: "gcp-entries",
        mark: "entries",
        matches: is_gcp_entries,
        peel: |json| Peeled::Values(all(json.get("entries"))),
    },
    Layer {
        name: "pubsub",
        mark: "message",
        matches: is_pubsub_push,
        peel: |json| Peeled::Encoded(vec![json.at(&["message", "data"])]),
    },
    Layer {
        name: "pubsub",
        mark: "receivedMessages",
        matches: is_pubsub_pull,
        peel: peel_pubsub_pull,
    },
    Layer {
        name: "azure-records",
        mark: "records",
        matches: is_azure_records,
        peel: |json| Peeled::Values(all(json.get("records"))),
    },
    Layer {
        name: "aks-audit",
        mark: "category",
        matches: is_aks_audit,
        peel: |json| Peeled::Texts(vec![json.at(&["properties", "log"])]),
    },
    Layer {
        name: "event-grid",
        mark: "eventType",
        matches: is_event_grid,
        peel: |json| Peeled::Value(json.get("data")),
    },
    Layer {
        name: "graph-collection",
        mark: "value",
        matches: is_graph_collection,
        peel: peel_graph_collection,
    },
    Layer {
        name: "elasticsearch-hits",
        mark: "hits",
        matches: is_hits,
        peel: peel_hits,
    },
    Layer {
        name: "elasticsearch-hit",
        mark: "_source",
        matches: |json| json.get("_source").is_object() && (json.has("_index") || json.has("_id")),
        peel: |json| Peeled::Value(json.get("_source")),
    },
    Layer {
        name: "splunk-alert",
        mark: "result",
        matches: is_splunk,
        peel: peel_splunk,
    },
    Layer {
        name: "splunk-hec",
        mark: "sourcetype",
        matches: |json| json.has_all(&["event", "sourcetype"]),
        peel: |json| Peeled::Texts(vec![json.get("event")]),
    },
    Layer {
        name: "kubernetes-reports",
        mark: kubernetes::REPORTS,
        matches: kubernetes::is_reports,
        peel: kubernetes::peel_reports,
    },
    Layer {
        name: "trivy-operator-webhook",
        mark: "operatorObject",
        matches: kubernetes::is_operator_event,
        peel: kubernetes::peel_operator_event,
    },
    Layer {
        name: "dsse",
        mark: "payloadType",
        matches: attested::is_dsse,
        peel: |json| Peeled::Encoded(vec![json.get("payload")]),
    },
    Layer {
        name: "in-toto",
        mark: "predicateType",
        matches: attested::is_statement,
        peel: |json| Peeled::Value(json.get("predicate")),
    },
    Layer {
        name: "cosign-vuln",
        mark: "scanner",
        matches: attested::is_of_scanner,
        peel: |json| Peeled::Value(json.at(&["scanner", "result"])),
    },
    Layer {
        name: "kubernetes-list",
        mark: "items",
        matches: kubernetes::is_list,
        peel: |json| Peeled::Values(all(json.get("items"))),
    },
];

fn all<'d>(array: &'d Json<'d>) -> Vec<&'d Json<'d>> {
    array.elements().iter().collect()
}

/// As it is pushed, or as one pulled message.
fn is_pubsub_push(json: &Json<'_>) -> bool {
    let is_message = json.get("subscription").text().is_some() || json.has("ackId");
    is_message && json.at(&["message", "data"]).text().is_some()
}

/// The answer of `entries.list`.
fn is_gcp_entries(json: &Json<'_>) -> bool {
    let entries = json.get("entries").elements();
    !entries.is_empty() && entries.iter().all(|entry| entry.has("logName"))
}

fn is_pubsub_pull(json: &Json<'_>) -> bool {
    matches!(json.get("receivedMessages"), Json::Array(_))
}

fn peel_pubsub_pull<'d>(json: &'d Json<'d>) -> Peeled<'d> {
    let messages = json.get("receivedMessages").elements().iter();
    Peeled::Encoded(
        messages
            .map(|received| received.at(&["message", "data"]))
            .collect(),
    )
}

/// A batch of an event hub; a single record of it is kept for its format.
fn is_azure_records(json: &Json<'_>) -> bool {
    let records = json.get("records").elements();
    !records.is_empty()
        && records
            .iter()
            .all(|record| record.has("category") || record.has("operationName"))
}

/// AKS keeps each event of the API server as text inside its record.
fn is_aks_audit(json: &Json<'_>) -> bool {
    let category = json.get("category").text().unwrap_or_default();
    category.starts_with("kube-audit") && json.at(&["properties", "log"]).text().is_some()
}

fn is_event_grid(json: &Json<'_>) -> bool {
    json.has_all(&["eventType", "topic", "data", "dataVersion"])
}

fn is_graph_collection(json: &Json<'_>) -> bool {
    let marked = json.has("@odata.context") || json.has("@odata.type") || json.has("@odata.nextLink");
    marked && matches!(json.get("value"), Json::Array(_) | Json::Object(_))
}

fn peel_graph_collection<'d>(json: &'d Json<'d>) -> Peeled<'d> {
    match json.get("value") {
        Json::Array(elements) => Peeled::Values(elements.iter().collect()),
        single => Peeled::Value(single),
    }
}

fn is_hits(json: &Json<'_>) -> bool {
    matches!(json.at(&["hits", "hits"]), Json::Array(_))
}

fn peel_hits<'d>(json: &'d Json<'d>) -> Peeled<'d> {
    let hits = json.at(&["hits", "hits"]).elements().iter();
    Peeled::Values(hits.map(|hit| hit.get("_source")).collect())
}

/// An alert, or a row of an export.
fn is_splunk(json: &Json<'_>) -> bool {
    json.get("result").is_object() && (json.has_all(&["sid", "search_name"]) || json.has("preview"))
}

/// The event as it came in, if the row has kept it: the fields beside it are texts alone.
fn peel_splunk<'d>(json: &'d Json<'d>) -> Peeled<'d> {
    let row = json.get("result");
    let raw = row.get("_raw");
    match raw.text().is_some_and(|text| text.trim_start().starts_with('{')) {
        true => Peeled::Texts(vec![raw]),
        false => Peeled::Value(row),
    }
}
