//! What an alert is wrapped in: peeled layer by layer, outermost first, until a format or nothing is left.
//!
//! Layers of bytes (compression, BOM) stand in `bytes`, CloudEvents in `cloud_events`, wrappings in JSON in `layers`.

mod attested;
mod aws;
pub(crate) mod bytes;
pub(crate) mod cloud_events;
mod kubernetes;
mod layers;
mod marks;

use data_encoding::{BASE64, BASE64_NOPAD};
use reeve_domain::time::Timestamp;

use crate::json::Json;
use crate::time;
use layers::LAYERS;

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
