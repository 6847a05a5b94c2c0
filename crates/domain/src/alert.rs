//! What a scanner sent, before anybody has read it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One record of `alerts.raw`, or one file: bytes that may hold live secrets, so it has no `Debug`.
pub struct RawAlert<'a> {
    /// The body: UTF-8 JSON in any of the known envelopes, or anything at all.
    pub value: &'a [u8],
    /// Kafka headers (name, value); only CloudEvents attributes and `content-type` are looked at.
    pub headers: &'a [(String, Vec<u8>)],
    /// Where it was read from.
    pub origin: Origin,
    /// The broker's time of the record, or the reading's time of a file: the clock where the alert has none of its own.
    pub received_at: Timestamp,
}

/// Where a record stood: a topic's coordinates or a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Origin {
    /// A record of a topic.
    Topic {
        /// The topic's full name.
        topic: std::sync::Arc<str>,
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// The broker's time of the record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timestamp: Option<Timestamp>,
    },
    /// A file, or `-` for standard input.
    File {
        /// Its path as given, scrubbed.
        file: std::sync::Arc<str>,
    },
}

impl Origin {
    /// `topic/partition/offset` or the file's path: the key of a dead letter.
    pub fn coordinates(&self) -> String {
        match self {
            Self::Topic {
                topic,
                partition,
                offset,
                ..
            } => format!("{topic}/{partition}/{offset}"),
            Self::File { file } => file.to_string(),
        }
    }
}
