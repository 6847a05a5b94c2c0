//! What an alert is wrapped in: peeled layer by layer, outermost first, until a format or nothing is left.
//!
//! Layers of bytes (compression, BOM) stand in `bytes`, CloudEvents in `cloud_events`, wrappings in JSON here.

mod attested;
mod aws;
pub(crate) mod bytes;
pub(crate) mod cloud_events;
mod kubernetes;
mod marks;

use data_encoding::{BASE64, BASE64_NOPAD};
use reeve_domain::time::Timestamp;

use crate::json::Json;
use crate::time;

/// Keys of envelopes that may stand in a pointer of a reject.
pub(crate) const NAMES: &[&str] = &[
    "specversion",
    "id",
    "source",
    "type",
    "time",
    "data",
    "data_base64",
    "detail",
    "detail-type",
    "account",
    "region",
    "Type",
    "Message",
    "MessageId",
    "messageType",
    "logEvents",
    "message",
    "Records",
    "awslogs",
    "subscription",
    "receivedMessages",
    "attributes",
    "messageId",
    "records",
    "eventType",
    "topic",
    "dataVersion",
    "value",
    "hits",
    "_source",
    "result",
    "sid",
    "search_name",
    "event",
    "sourcetype",
    "body",
    "kinesis",
    "Sns",
    "ackId",
    "kind",
    "items",
    "Events",
    "CloudTrailEvent",
    "entries",
    "operatorObject",
    "payload",
    "predicate",
    "scanner",
];

/// What an envelope says that its payload may not say itself. Never copied to an output as it stands.
#[derive(Clone, Default)]
pub(crate) struct Carried {
    /// When the event was sent.
    pub(crate) time: Option<Timestamp>,
    /// AWS account of the sender.
    pub(crate) account: Option<String>,
    /// AWS region of the sender.
    pub(crate) region: Option<String>,
    /// Kubernetes cluster of the sender.
    pub(crate) cluster: Option<String>,
    /// What the sender calls itself, and behind it what it speaks of: source and subject of a CloudEvent, the source
    /// of a partner's event at AWS.
    pub(crate) sender: Option<String>,
}

/// One layer taken off.
pub(crate) enum Peeled<'d> {
    /// The payload is a value inside.
    Value(&'d Json<'d>),
    /// The payload is several values inside; each is an alert of its own.
    Values(Vec<&'d Json<'d>>),
    /// The payload is text inside a string; each is an alert of its own.
    Texts(Vec<&'d Json<'d>>),
    /// The payload is base64 inside a string; each is an alert of its own.
    Encoded(Vec<&'d Json<'d>>),
    /// A message of the envelope's own, without an alert in it.
    Control,
}

/// A layer: its name in summaries, how it is told, what is in it.
struct Layer {
    name: &'static str,
    /// The key without which it does not match, or how that key ends.
    mark: &'static str,
    matches: fn(&Json<'_>) -> bool,
    peel: for<'d> fn(&'d Json<'d>) -> Peeled<'d>,
}

const LAYERS: &[Layer] = &[
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

/// Takes the outermost layer off, if the object is an envelope.
pub(crate) fn peel<'d>(json: &'d Json<'d>) -> Option<(&'static str, Peeled<'d>)> {
    let marked = marks::present(json);
    if marked == 0 {
        return None;
    }
    let layers = LAYERS.iter().enumerate();
    let (_, layer) = layers
        .filter(|(index, _)| marked >> index & 1 == 1)
        .find(|(_, layer)| (layer.matches)(json))?;
    Some((layer.name, (layer.peel)(json)))
}

impl Carried {
    /// What this layer says, and behind it what the layers around it said.
    pub(crate) fn within(&self, json: &Json<'_>) -> Self {
        let text = |key: &str| json.get(key).text().map(str::to_owned);
        Self {
            time: time::first_of([json.get("time"), json.get("Timestamp"), json.get("eventTime")])
                .or(self.time),
            account: text("account").or_else(|| self.account.clone()),
            region: text("region").or_else(|| self.region.clone()),
            cluster: cluster_of(json)
                .map(str::to_owned)
                .or_else(|| self.cluster.clone()),
            sender: cloud_events::sender_of(json)
                .or_else(|| aws::partner_of(json))
                .or_else(|| self.sender.clone()),
        }
    }
}

/// The cluster whose log it is: EKS names it in the log group, AKS in the id of the resource.
fn cluster_of<'j>(json: &'j Json<'_>) -> Option<&'j str> {
    let of_group = |group: &'j str| group.strip_prefix("/aws/eks/")?.strip_suffix("/cluster");
    let of_resource = |id: &'j str| {
        let (before, name) = id.rsplit_once('/')?;
        let is_cluster = before.to_ascii_lowercase().ends_with("/managedclusters");
        is_cluster.then_some(name)
    };
    let group = json.get("logGroup").text().and_then(of_group);
    group.or_else(|| json.get("resourceId").text().and_then(of_resource))
}

/// The bytes of a base64 text, padded or not, in the standard or the URL alphabet.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let standard: String = text.trim().replace('-', "+").replace('_', "/");
    BASE64
        .decode(standard.as_bytes())
        .or_else(|_| BASE64_NOPAD.decode(standard.as_bytes()))
        .ok()
}

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
