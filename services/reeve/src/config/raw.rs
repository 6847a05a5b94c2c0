//! `reeve.yaml` as written, and what it leaves out taken from the one that ships.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use reeve_policy::config::{ConfigError, ConfigTexts, Document, interpolate};
use reeve_telemetry::logs::Filter;
use serde::Deserialize;
use serde_json::Value;

use super::files::{REEVE, SHIPPED};
use super::keys::HmacKeyFiles;
use super::log::{self, LogConfig};
use super::mappings::RawMappings;

/// `reeve.yaml` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReeve {
    pub(super) log: RawLog,
    pub(super) hmac_key: HmacKeyFiles,
    pub(super) enrich: Enrich,
    pub(super) limits: RawLimits,
    #[serde(default)]
    pub(super) mappings: RawMappings,
    pub(super) metrics: RawMetrics,
    pub(super) logging: RawLogging,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLog {
    pub(super) brokers: String,
    pub(super) data_dir: String,
    pub(super) topics: RawTopics,
    pub(super) instance: String,
    pub(super) lanes: u32,
    pub(super) batch: RawBatch,
    pub(super) tick_ms: u64,
    pub(super) kafka: RawKafka,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTopics {
    pub(super) prefix: String,
    pub(super) partitions: Number,
    pub(super) replication: Number,
    #[serde(default)]
    pub(super) names: BTreeMap<String, String>,
}

/// A whole number, written as one or as text (a variable in quotes).
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Number {
    Written(i32),
    Text(String),
}

impl Number {
    pub(super) fn value(&self) -> Option<i32> {
        match self {
            Self::Written(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBatch {
    pub(super) records_max: usize,
    pub(super) bytes_max: usize,
    pub(super) wait_ms: u64,
}

/// librdkafka properties for both clients, for the consumer, for the producer, and values read from files.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawKafka {
    /// For both.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    /// For the consumer.
    #[serde(default)]
    pub consumer: BTreeMap<String, String>,
    /// For the producer.
    #[serde(default)]
    pub producer: BTreeMap<String, String>,
    /// Property → file that holds its value.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) record_bytes_max: usize,
    pub(super) depth_max: u32,
    pub(super) object_keys_max: usize,
    pub(super) unpacked_bytes_max: usize,
    pub(super) unpacked_ratio_max: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMetrics {
    pub(super) address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLogging {
    pub(super) filter: String,
    #[serde(default)]
    pub(super) json: bool,
}

/// How inventories are waited for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrich {
    /// Longest wait of one batch, ms.
    pub deadline_ms: u64,
    /// Most refreshes under way at once.
    pub refresh_in_flight_max: usize,
}

/// The parsed file, and what its sections come to.
pub(super) struct Reeve {
    pub(super) raw: RawReeve,
    pub(super) log: LogConfig,
    pub(super) metrics_address: Option<SocketAddr>,
    pub(super) filter: Filter,
}

pub(super) fn reeve(texts: &ConfigTexts) -> Result<Reeve, Vec<ConfigError>> {
    let document = Document::read(REEVE, texts.text(REEVE))?;
    let raw = match document.parse() {
        Ok(raw) => raw,
        Err(errors) => completed(&document, errors)?,
    };
    let mut errors = Vec::new();
    let log = log::compile(&raw.log, &document).map_err(|more| errors.extend(more));
    let metrics_address = address(&raw.metrics, &document).map_err(|error| errors.push(error));
    let filter = filter(&raw.logging, &document).map_err(|error| errors.push(error));
    match (log, metrics_address, filter) {
        (Ok(log), Ok(metrics_address), Ok(filter)) => Ok(Reeve {
            raw,
            log,
            metrics_address,
            filter,
        }),
        _ => Err(errors),
    }
}

fn address(raw: &RawMetrics, document: &Document) -> Result<Option<SocketAddr>, ConfigError> {
    let parse = |text: String| text.parse::<SocketAddr>();
    // a variable that is empty stands for what ships, so that a word must say that there is none
    let wanted = log::given(&raw.address).filter(|text| text != "none");
    wanted.map(parse).transpose().map_err(|_| {
        let expected = "expected an IP address and a port, e.g. `127.0.0.1:9464`, or `none` for no metrics";
        document.error("/metrics/address", expected)
    })
}

fn filter(raw: &RawLogging, document: &Document) -> Result<Filter, ConfigError> {
    raw.filter.parse().map_err(|_| {
        let expected = "expected a log filter, e.g. `info` or `info,reeve_kafka=debug`";
        document.error("/logging/filter", expected)
    })
}

/// A file that leaves something out says what ships there: only other mistakes are mistakes.
fn completed(document: &Document, errors: Vec<ConfigError>) -> Result<RawReeve, Vec<ConfigError>> {
    let mistakes: Vec<ConfigError> = errors
        .into_iter()
        .filter(|error| !error.message.starts_with("missing field"))
        .collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let [(_, shipped), _] = SHIPPED;
    let shipped = interpolate(REEVE, shipped, &|name| std::env::var(name).ok())?;
    let mut merged: Value = Document::read(REEVE, &shipped)?.parse()?;
    merge(&mut merged, document.parse()?);
    // read once more as YAML, which takes a value from the environment for what it stands for
    Document::read(REEVE, &merged.to_string())?
        .parse()
        .map_err(|_| vec![document.error("", "expected a map of sections")])
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (into, from) => *into = from,
    }
}
