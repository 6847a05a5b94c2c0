//! The tables of the store and how a record lies in them.

use bytes::Bytes;
use redb::TableDefinition;
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes as Borrowed;

use crate::record::{Outgoing, Place, Record};
use crate::topic::Topic;
use crate::traits::LogError;

/// Numbers fixed at creation: `format`, `partitions`.
pub(super) const META: TableDefinition<'_, &str, i32> = TableDefinition::new("meta");
/// (topic, partition) → (next offset, bytes kept).
pub(super) const SHAPES: TableDefinition<'_, (&str, i32), (i64, u64)> = TableDefinition::new("shapes");
/// (role, topic, partition) → the next offset to read.
pub(super) const OFFSETS: TableDefinition<'_, (&str, &str, i32), i64> = TableDefinition::new("offsets");
/// (role, partition) → the proof that a restore must reproduce.
pub(super) const PROOFS: TableDefinition<'_, (&str, i32), &str> = TableDefinition::new("proofs");
/// (partition, key) → the offset of its last value.
pub(super) const LEDGER_KEYS: TableDefinition<'_, (i32, &[u8]), i64> = TableDefinition::new("ledger.keys");

/// (partition, offset) → a row.
pub(super) type Rows = TableDefinition<'static, (i32, i64), &'static [u8]>;

/// The table of `topic`.
pub(super) const fn of(topic: Topic) -> Rows {
    TableDefinition::new(topic.as_str())
}

/// A record from outside the line, to be appended. It has no `Debug`: a raw alert may hold live secrets.
#[derive(Clone)]
pub struct Incoming {
    /// Its key; without one it goes to the shortest partition.
    pub key: Option<Bytes>,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Incoming {
    /// Bytes it will take, roughly.
    pub fn bytes(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let body = |part: &Option<Bytes>| part.as_ref().map_or(0, Bytes::len);
        body(&self.key) + body(&self.value) + headers + 16
    }
}

/// How far one partition of one topic has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which topic.
    pub topic: Topic,
    /// Which partition.
    pub partition: i32,
    /// The next offset to read.
    pub position: i64,
}

/// A record on its way into a table.
pub(super) struct Append<'a> {
    pub(super) place: Place,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a> From<&'a Outgoing> for Append<'a> {
    fn from(record: &'a Outgoing) -> Self {
        Self {
            place: record.place,
            key: Some(&record.key),
            value: record.value.as_deref(),
            headers: record
                .headers
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect(),
        }
    }
}

impl<'a> From<&'a Incoming> for Append<'a> {
    fn from(record: &'a Incoming) -> Self {
        Self {
            place: Place::ByKey,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: record
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_slice()))
                .collect(),
        }
    }
}

/// A record as it lies in a table; where it lies says the rest.
#[derive(Serialize, Deserialize)]
struct Row<'a> {
    timestamp_ms: i64,
    #[serde(borrow)]
    key: Option<&'a Borrowed>,
    #[serde(borrow)]
    value: Option<&'a Borrowed>,
    #[serde(borrow)]
    headers: Vec<(&'a str, &'a Borrowed)>,
}

/// Writes `record` as a row.
pub(super) fn encode(record: &Append<'_>, now: Timestamp) -> Result<Vec<u8>, LogError> {
    let row = Row {
        timestamp_ms: now.millis(),
        key: record.key.map(Borrowed::new),
        value: record.value.map(Borrowed::new),
        headers: record
            .headers
            .iter()
            .map(|(name, value)| (*name, Borrowed::new(value)))
            .collect(),
    };
    postcard::to_stdvec(&row).map_err(|error| LogError::Internal(format!("cannot write a row: {error}")))
}

/// Reads the row at `partition` / `offset` of `topic`.
pub(super) fn decode(topic: Topic, (partition, offset): (i32, i64), row: &[u8]) -> Result<Record, LogError> {
    let row = parse(topic, (partition, offset), row)?;
    Ok(Record {
        topic,
        partition,
        offset,
        timestamp: Timestamp::from_millis(row.timestamp_ms),
        key: row.key.map(|key| Bytes::copy_from_slice(key)),
        value: row.value.map(|value| Bytes::copy_from_slice(value)),
        headers: row
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
            .collect(),
    })
}

/// When the row was written.
pub(super) fn timestamp(topic: Topic, place: (i32, i64), row: &[u8]) -> Result<Timestamp, LogError> {
    parse(topic, place, row).map(|row| Timestamp::from_millis(row.timestamp_ms))
}

fn parse<'a>(topic: Topic, (partition, offset): (i32, i64), row: &'a [u8]) -> Result<Row<'a>, LogError> {
    postcard::from_bytes(row).map_err(|_| {
        LogError::Internal(format!(
            "{} partition {partition} offset {offset}: not a row",
            topic.as_str()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let records = [
            (
                Some(&b"key"[..]),
                Some(&b"\xff\x00 not text"[..]),
                vec![("ce_id", &b"1"[..]), ("", b"")],
            ),
            (None, Some(b""), vec![]),
            (Some(b""), None, vec![]),
        ];
        for (key, value, headers) in records {
            let append = Append {
                place: Place::Every,
                key,
                value,
                headers: headers.clone(),
            };
            let row = encode(&append, Timestamp::from_millis(-7)).unwrap();
            let record = decode(Topic::Tasks, (3, 9), &row).unwrap();
            assert_eq!(
                (record.topic, record.partition, record.offset),
                (Topic::Tasks, 3, 9)
            );
            assert_eq!(record.timestamp.millis(), -7);
            assert_eq!((record.key.as_deref(), record.value.as_deref()), (key, value));
            let read: Vec<(&str, &[u8])> = record
                .headers
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_slice()))
                .collect();
            assert_eq!(read, headers);
        }
    }

    #[test]
    fn a_broken_row_is_an_error_that_does_not_quote_it() {
        let error = decode(Topic::Alerts, (0, 1), b"\x00\x01\x09secret")
            .err()
            .unwrap();
        assert!(!error.to_string().contains("secret"));
    }
}
