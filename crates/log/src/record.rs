//! Records in and out, independent of the log that carries them.

use std::collections::BTreeMap;

use bytes::Bytes;
use reeve_domain::time::Timestamp;

use crate::topic::Topic;

/// A consumed record. It has no `Debug`: a raw alert may hold live secrets.
#[derive(Clone)]
pub struct Record {
    /// Which topic.
    pub topic: Topic,
    /// Which partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// The broker's (or the log's) time of it.
    pub timestamp: Timestamp,
    /// Its key, if it has one.
    pub key: Option<Bytes>,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Where an outgoing record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// By murmur2 of its key (`partition::of_key`).
    ByKey,
    /// This partition number, whatever the key.
    Partition(i32),
    /// A copy to every partition.
    Every,
}

/// A record to be written by the next commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// Which topic.
    pub topic: Topic,
    /// Where in it.
    pub place: Place,
    /// Its key.
    pub key: Bytes,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<(&'static str, Bytes)>,
}

impl Outgoing {
    /// Bytes it will take, roughly.
    pub fn bytes(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        self.key.len() + self.value.as_ref().map_or(0, Bytes::len) + headers + 16
    }
}

/// What one batch or tick of a segment writes, all of it or nothing.
#[derive(Default)]
pub struct Output {
    /// Records, in order.
    pub records: Vec<Outgoing>,
    /// Partitions whose state it changes, with the proof a restore must reproduce (offset metadata). The commit always
    /// sends the current offsets of *every* input of these partitions, changed or not: that fences a zombie.
    pub proofs: BTreeMap<i32, String>,
}

impl Output {
    /// Nothing to write.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.proofs.is_empty()
    }
}
