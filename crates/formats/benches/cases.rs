//! What is measured, as data: the hand-written fixtures of every built-in format, one alert in every envelope, and the
//! samples of the mappings that ship. A format or a mapping that is new is measured without a line of code.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a measurement stops at what is wrong with itself, and reads files"
)]

use std::io::Write;
use std::path::{Path, PathBuf};

use reeve_domain::alert::{Origin, RawAlert};
use reeve_domain::secret::HmacKeys;
use reeve_formats::{Mappings, Parsed, RawMapping, Settings, parse};
use reeve_policy::config::Document;
use serde_json::{Value, json};

/// Alerts of one kind.
pub struct Case {
    /// `format`, `envelope` or `mapping`.
    pub group: &'static str,
    /// Of the format, the envelope or the mapping.
    pub name: String,
    /// Each a record of its own.
    pub alerts: Vec<Vec<u8>>,
}

impl Case {
    /// Results in all alerts together.
    pub fn results(&self, settings: &Settings) -> u64 {
        let parsed = self
            .alerts
            .iter()
            .map(|alert| u64::from(parsed(alert, settings).records));
        parsed.sum()
    }
}

/// An alert as the normalizer reads it.
pub fn parsed(alert: &[u8], settings: &Settings) -> Parsed {
    let alert = RawAlert {
        value: alert,
        headers: &[],
        origin: Origin::File { file: "bench".into() },
        received_at: "2026-03-01T12:00:00Z".parse().unwrap(),
    };
    parse(&alert, settings)
}

/// With a key that is no secret, and without mappings: what a built-in format claims never asks them.
pub fn settings() -> Settings {
    Settings::new(HmacKeys::new(b"0123456789abcdef0123456789abcdef").unwrap())
}

/// The same with the mappings that ship.
pub fn settings_with_mappings() -> Settings {
    let texts = mapping_texts().into_iter();
    let raw =
        texts.map(|(name, text)| -> RawMapping { Document::read(&name, &text).unwrap().parse().unwrap() });
    Settings {
        mappings: Mappings::compile(raw).ok().unwrap(),
        ..settings()
    }
}

/// All of them.
pub fn all() -> Vec<Case> {
    ["format", "envelope", "mapping"]
        .iter()
        .flat_map(|group| of_group(group))
        .collect()
}

/// Those of a group; none of a group that is not known.
pub fn of_group(group: &str) -> Vec<Case> {
    match group {
        "format" => files(&root().join("crates/formats/fixtures"))
            .iter()
            .map(|path| of_format(path))
            .collect(),
        "envelope" => envelopes(),
        "mapping" => mapping_texts()
            .iter()
            .map(|(name, text)| of_mapping(name, text))
            .collect(),
        _ => Vec::new(),
    }
}

fn of_format(folder: &Path) -> Case {
    Case {
        group: "format",
        name: folder.file_name().unwrap().to_string_lossy().into_owned(),
        alerts: files(folder)
            .iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect(),
    }
}

fn of_mapping(name: &str, text: &str) -> Case {
    let document: Value = Document::read(name, text).unwrap().parse().unwrap();
    let samples = match &document["samples"] {
        Value::Array(samples) => samples.clone(),
        sample => vec![sample.clone()],
    };
    let input = |sample: &Value| match &sample["input"] {
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    };
    Case {
        group: "mapping",
        name: name.trim_end_matches(".yaml").to_owned(),
        alerts: samples.iter().map(input).collect(),
    }
}

/// One leak in every envelope.
fn envelopes() -> Vec<Case> {
    let path = root().join("crates/formats/fixtures/gitleaks-v8/report.json");
    let report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let leak = report[0].clone();
    let text = leak.to_string();
    let encoded = data_encoding::BASE64.encode(text.as_bytes());
    let event = json!({ "detail-type": "Leak", "source": "acme.scan", "detail": leak });
    let structured =
        json!({ "specversion": "1.0", "id": "1", "source": "/scan", "type": "leak", "data": leak });
    let logs = json!({ "messageType": "DATA_MESSAGE", "logEvents": [{ "id": "1", "message": text }] });
    let wrapped = [
        ("none", leak.clone()),
        ("array", json!([leak])),
        ("eventbridge", event),
        ("cloudevents", structured),
        (
            "sns",
            json!({ "Type": "Notification", "MessageId": "1", "Message": text }),
        ),
        (
            "sqs",
            json!({ "Records": [{ "eventSource": "aws:sqs", "body": text }] }),
        ),
        ("cloudwatch-logs", logs),
        (
            "pubsub",
            json!({ "subscription": "s", "message": { "data": encoded } }),
        ),
        ("elasticsearch-hit", json!({ "_index": "leaks", "_source": leak })),
        (
            "splunk-alert",
            json!({ "sid": "1", "search_name": "leaks", "result": leak }),
        ),
    ];
    let of_json = wrapped.map(|(name, json)| (name, json.to_string().into_bytes()));
    let of_bytes = [
        ("gzip", gzip(text.as_bytes())),
        ("pretty", serde_json::to_vec_pretty(&leak).unwrap()),
    ];
    let case = |(name, alert): (&str, Vec<u8>)| Case {
        group: "envelope",
        name: name.to_owned(),
        alerts: vec![alert],
    };
    of_json.into_iter().chain(of_bytes).map(case).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Name and text of every mapping that ships.
fn mapping_texts() -> Vec<(String, String)> {
    let paths = files(&root().join("config/mappings"));
    paths
        .iter()
        .map(|path| {
            (
                format!("{}.yaml", name_of(path)),
                std::fs::read_to_string(path).unwrap(),
            )
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}
