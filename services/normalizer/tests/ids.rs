//! CloudEvents tell their readers apart by source and id: no two records of one topic share them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use reeve_domain::secret::HmacKeys;
use reeve_domain::time::Timestamp;
use reeve_formats::Settings;
use reeve_log::{Outgoing, Record, Segment, Topic, TopicNames};
use reeve_normalizer::{Counts, Normalizer};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/formats/fixtures");

/// Every file below a folder, in order.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("the folder is part of the checkout");
    let paths: BTreeSet<_> = entries
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    let read = |path: &std::path::PathBuf| match path.is_dir() {
        true => files(path),
        false => vec![std::fs::read(path).expect("it can be read")],
    };
    paths.iter().flat_map(read).collect()
}

/// What one run writes for every fixture, each a record of its own.
fn written() -> Vec<Outgoing> {
    let keys = HmacKeys::new(b"0123456789abcdef0123456789abcdef").expect("32 bytes are enough");
    let settings = Settings::new(Arc::new(keys));
    let mut normalizer = Normalizer::new(settings, TopicNames::prefixed(""), |_: &Counts| {});
    let alerts = (0..)
        .zip(files(Path::new(FIXTURES)))
        .map(|(offset, value)| Record {
            topic: Topic::Alerts,
            partition: 0,
            offset,
            timestamp: Timestamp::EPOCH,
            key: None,
            value: Some(Bytes::from(value)),
            headers: Vec::new(),
        });
    normalizer.run(alerts.collect(), Timestamp::EPOCH).records
}

fn header(record: &Outgoing, name: &str) -> Bytes {
    let found = record.headers.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

#[test]
fn no_two_records_of_a_topic_share_source_and_id_and_a_replay_gives_the_same() {
    let records = written();
    let mut ids: BTreeMap<_, BTreeSet<Bytes>> = BTreeMap::new();
    for record in &records {
        let (source, id) = (header(record, "ce_source"), header(record, "ce_id"));
        let told = ids.entry((record.topic, source)).or_default().insert(id.clone());
        assert!(told, "{:?} {id:?}", record.topic);
    }
    assert!(ids.len() >= 2, "findings and dead letters");
    assert!(records == written());
}

/// What the test above guards: without its kind an index is not unique.
#[test]
fn there_are_records_of_several_kinds_with_one_index() {
    let index = |record: &Outgoing| {
        let id = String::from_utf8_lossy(&header(record, "ce_id")).into_owned();
        let (record, kind) = id.split_once('#')?;
        Some((record.to_owned(), kind.rsplit_once('-')?.1.to_owned()))
    };
    let records = written();
    let findings = records.iter().filter(|record| record.topic == Topic::Findings);
    let indexes: Vec<_> = findings.filter_map(index).collect();
    let apart: BTreeSet<_> = indexes.iter().collect();
    assert!(!indexes.is_empty() && apart.len() < indexes.len());
}
