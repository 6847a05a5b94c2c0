//! What the tests of this crate share: settings with a fixed key, and alerts made from bytes.
#![allow(clippy::disallowed_methods, reason = "a test may read files")]
#![allow(dead_code, reason = "every test file uses its own part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reeve_domain::alert::{Origin, RawAlert};
use reeve_domain::observation::{Evidence, Finding, Observation};
use reeve_domain::secret::HmacKeys;
use reeve_domain::time::Timestamp;
use reeve_formats::{Item, Parsed, Scrub, Settings, parse};
use serde_json::Value;

/// When every alert of the tests was received.
pub(crate) const RECEIVED_AT: &str = "2026-03-01T12:00:00Z";

/// Settings with a key that is no secret.
pub(crate) fn settings() -> Settings {
    let keys = HmacKeys::new(b"0123456789abcdef0123456789abcdef").expect("32 bytes are enough");
    Settings::new(Arc::new(keys))
}

/// The same with the scrubber off, for negative controls.
pub(crate) fn unscrubbed() -> Settings {
    Settings {
        scrub: Scrub::Off,
        ..settings()
    }
}

/// Parses bytes as a record without headers.
pub(crate) fn parse_bytes(bytes: &[u8], settings: &Settings) -> Parsed {
    parse_with_headers(bytes, &[], settings)
}

/// Parses bytes as a record with headers.
pub(crate) fn parse_with_headers(bytes: &[u8], headers: &[(String, Vec<u8>)], settings: &Settings) -> Parsed {
    let origin = Origin::Topic {
        topic: "alerts.raw".into(),
        partition: 0,
        offset: 7,
        timestamp: None,
    };
    let received_at: Timestamp = RECEIVED_AT.parse().expect("a constant time");
    let parsed = parse(
        &RawAlert {
            value: bytes,
            headers,
            origin,
            received_at,
        },
        settings,
    );
    check_accounts(&parsed);
    parsed
}

/// Every record is exactly one item, and provenance is unique within each kind.
fn check_accounts(parsed: &Parsed) {
    let accounted: u32 = parsed.items.iter().map(Item::records).sum();
    assert_eq!(accounted, parsed.records, "every record is in one item");
    assert_eq!(parsed.empty, parsed.records == 0);
    let mut finding_indexes: Vec<u32> = findings(parsed)
        .iter()
        .map(|finding| finding.provenance.index)
        .collect();
    let mut evidence_indexes: Vec<u32> = evidence(parsed).iter().map(|one| one.provenance.index).collect();
    for indexes in [&mut finding_indexes, &mut evidence_indexes] {
        let count = indexes.len();
        indexes.sort_unstable();
        indexes.dedup();
        assert_eq!(indexes.len(), count, "provenance is unique");
    }
    for item in &parsed.items {
        if let Item::Observed { observations, .. } = item {
            assert!(
                !observations.is_empty(),
                "an observed record gives an observation"
            );
        }
    }
}

/// All findings, in order.
pub(crate) fn findings(parsed: &Parsed) -> Vec<&Finding> {
    let findings = observations(parsed)
        .into_iter()
        .filter_map(|observation| match observation {
            Observation::Finding(finding) => Some(finding.as_ref()),
            _ => None,
        });
    findings.collect()
}

/// All evidence, in order.
pub(crate) fn evidence(parsed: &Parsed) -> Vec<&Evidence> {
    let evidence = observations(parsed)
        .into_iter()
        .filter_map(|observation| match observation {
            Observation::Evidence(evidence) => Some(evidence.as_ref()),
            _ => None,
        });
    evidence.collect()
}

/// All observations, in order.
pub(crate) fn observations(parsed: &Parsed) -> Vec<&Observation> {
    let items = parsed.items.iter().filter_map(|item| match item {
        Item::Observed { observations, .. } => Some(observations),
        _ => None,
    });
    items.flatten().collect()
}

/// Everything that leaves: observations, receipts and rejects as text.
pub(crate) fn output(parsed: &Parsed) -> String {
    let observed = observations(parsed)
        .into_iter()
        .map(|one| serde_json::to_string(one).expect("plain data"));
    let rejects = parsed.items.iter().filter_map(|item| match item {
        Item::Rejected(reject) => Some(format!("{reject:?}")),
        _ => None,
    });
    let receipts = parsed
        .receipts
        .iter()
        .map(|one| serde_json::to_string(one).expect("plain data"));
    observed
        .chain(receipts)
        .chain(rejects)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Observed, dropped by reason, rejected by reason; for comparing with a table.
pub(crate) fn tally(parsed: &Parsed) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for item in &parsed.items {
        let name = match item {
            Item::Observed { .. } => "observed".to_owned(),
            Item::Dropped { reason, .. } => format!("dropped {}", reason.as_str()),
            Item::Rejected(reject) => format!("rejected {}", reject.reason.as_str()),
        };
        *counts.entry(name).or_insert(0) += match item {
            Item::Rejected(reject) => reject.results,
            _ => 1,
        };
    }
    counts
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The hand-written fixtures: path and format, by name.
pub(crate) fn fixtures() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found: Vec<_> = files(&root)
        .into_iter()
        .map(|path| {
            let format = path
                .parent()
                .and_then(Path::file_name)
                .expect("a folder a format");
            let format = format.to_string_lossy().into_owned();
            (path, format)
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "there are fixtures");
    found
}

/// Every regular file below a folder.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

/// Every single record of the fixtures, with the format and file it stands in.
pub(crate) fn fixture_records() -> Vec<(String, Value)> {
    let mut records = Vec::new();
    for (path, format) in fixtures() {
        let text = std::fs::read_to_string(&path).expect("a fixture is text");
        for document in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
            singles(&document.expect("a fixture is JSON"), &format, &mut records);
        }
    }
    records
}

fn singles(document: &Value, format: &str, records: &mut Vec<(String, Value)>) {
    let wrapped = ["/Records", "/Findings"]
        .iter()
        .find_map(|pointer| document.pointer(pointer)?.as_array());
    match document.as_array().or(wrapped) {
        Some(all) => all.iter().for_each(|one| singles(one, format, records)),
        None => records.push((format.to_owned(), document.clone())),
    }
}

/// The JSON pointers of every value in a document, the document itself left out.
pub(crate) fn pointers(document: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match document {
        Value::Array(all) => all
            .iter()
            .enumerate()
            .map(|(index, child)| (index.to_string(), child))
            .collect(),
        Value::Object(all) => all
            .iter()
            .map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        _ => Vec::new(),
    };
    let below = |(key, child): (String, &Value)| {
        let inner = pointers(child)
            .into_iter()
            .map(|pointer| format!("/{key}{pointer}"))
            .collect::<Vec<_>>();
        std::iter::once(format!("/{key}"))
            .chain(inner)
            .collect::<Vec<_>>()
    };
    children.into_iter().flat_map(below).collect()
}

/// The document with another value at a pointer.
pub(crate) fn with_value(document: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = document.clone();
    *changed.pointer_mut(pointer).expect("a pointer of this document") = value;
    changed
}

/// Why bytes are read as they are.
pub(crate) fn explained(bytes: &[u8], settings: &Settings) -> Vec<reeve_formats::ExplainedObject> {
    let alert = RawAlert {
        value: bytes,
        headers: &[],
        origin: Origin::File { file: "test".into() },
        received_at: RECEIVED_AT.parse().expect("a constant time"),
    };
    reeve_formats::explain(&alert, settings)
}
