//! The store for a command: its own if nobody holds it, through the running reeve if one does.

use std::path::Path;
use std::time::Duration;

use super::client::Client;
use super::directory;
use super::rows::{Cursor, Incoming};
use super::store::{Settings, Store};
use super::wire;
use crate::record::Record;
use crate::topic::Topic;
use crate::traits::{BatchLimits, LogError};

/// The store of a data directory, whoever holds it.
#[derive(Clone)]
pub enum Access {
    /// This process holds it.
    Direct(Store),
    /// Another one does, and answers.
    Remote(Client),
}

/// Whether a store can be opened in `directory`, or made there, with this many partitions; makes nothing.
///
/// # Errors
/// As `Store::open` and `Server::start`.
pub fn examine(directory: &Path, partitions: i32) -> Result<(), LogError> {
    wire::reachable(directory)?;
    if !directory::examine(directory)? {
        return Ok(());
    }
    let settings = Settings {
        partitions,
        ..Settings::default()
    };
    Access::open(directory, settings).map(drop)
}

impl Access {
    /// Asks whoever serves `directory`, else opens it.
    ///
    /// # Errors
    /// As `Store::open`; `Setup` also if the running reeve has another partition count than `settings`.
    pub fn open(directory: &Path, settings: Settings) -> Result<Self, LogError> {
        directory::prepare(directory)?;
        let partitions = settings.partitions;
        match Client::find(directory)? {
            Some(client) if client.partitions() != partitions => Err(LogError::Setup(format!(
                "the running reeve has {} partitions, the configuration says {partitions}; use the same one",
                client.partitions()
            ))),
            Some(client) => Ok(Self::Remote(client)),
            None => Store::open(directory, settings).map(Self::Direct),
        }
    }

    /// Partitions of every topic.
    pub fn partitions(&self) -> i32 {
        match self {
            Self::Direct(store) => store.partitions(),
            Self::Remote(client) => client.partitions(),
        }
    }

    /// Appends records in order, in batches of at most 4 MiB or 5 000 records, each all or none; where each came to lie
    /// (partition, offset).
    ///
    /// # Errors
    /// `Setup`: a record above 16 MiB (then nothing is appended), or the ledger; `Unavailable`: the disk or the other
    /// process, some batches may be appended then.
    pub fn append(&self, topic: Topic, records: &[Incoming]) -> Result<Vec<(i32, i64)>, LogError> {
        if let Some(large) = records
            .iter()
            .find(|record| record.bytes() > wire::RECORD_BYTES_MAX)
        {
            let (bytes, max) = (large.bytes(), wire::RECORD_BYTES_MAX);
            return Err(LogError::Setup(format!(
                "a record of {bytes} bytes is more than {max}"
            )));
        }
        let mut places = Vec::with_capacity(records.len());
        for batch in batches(records) {
            places.extend(match self {
                Self::Direct(store) => store.append(topic, batch)?,
                Self::Remote(client) => client.append(topic, batch)?,
            });
        }
        Ok(places)
    }

    /// The start of every partition of `topic`.
    pub fn start(&self, topic: Topic) -> Vec<Cursor> {
        let cursor = |partition| Cursor {
            topic,
            partition,
            position: 0,
        };
        (0..self.partitions()).map(cursor).collect()
    }

    /// Reads on from `cursors` and moves them: at most one bounded batch. Empty: nothing came within `wait` (at most
    /// 2 s of it are waited); with a zero `wait` that means everything there is has been read.
    ///
    /// # Errors
    /// What the store cannot read; `Unavailable`: the other process.
    pub fn scan(&self, cursors: &mut [Cursor], wait: Duration) -> Result<Vec<Record>, LogError> {
        let limits = BatchLimits {
            records_max: wire::BATCH_RECORDS_MAX,
            bytes_max: wire::BATCH_BYTES_MAX,
            wait: wait.min(wire::WAIT_MAX),
        };
        match self {
            Self::Direct(store) => store.read(cursors, &limits),
            Self::Remote(client) => client.read(cursors, &limits),
        }
    }

    /// The last ledger record of `key`.
    ///
    /// # Errors
    /// As `scan`.
    pub fn ledger(&self, key: &[u8]) -> Result<Option<Record>, LogError> {
        match self {
            Self::Direct(store) => store.ledger(key),
            Self::Remote(client) => client.ledger(key),
        }
    }
}

/// Cuts `records` into batches within the wire's bounds.
fn batches(mut records: &[Incoming]) -> impl Iterator<Item = &[Incoming]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |record: &&Incoming| {
            bytes += record.bytes();
            bytes <= wire::BATCH_BYTES_MAX
        };
        let count = records
            .iter()
            .take(wire::BATCH_RECORDS_MAX)
            .take_while(fits)
            .count();
        let (batch, rest) = records.split_at_checked(count.max(1))?;
        records = rest;
        Some(batch)
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn record(bytes: usize) -> Incoming {
        Incoming {
            key: None,
            value: Some(Bytes::from(vec![0; bytes])),
            headers: vec![],
        }
    }

    #[test]
    fn batches_keep_every_record_and_their_bounds() {
        let mut records = vec![record(10); wire::BATCH_RECORDS_MAX + 1];
        records.extend([
            record(wire::BATCH_BYTES_MAX * 2),
            record(10),
            record(wire::BATCH_BYTES_MAX - 30),
        ]);
        let sizes: Vec<usize> = batches(&records).map(<[Incoming]>::len).collect();
        assert_eq!(sizes, [wire::BATCH_RECORDS_MAX, 1, 1, 1, 1]);
        assert_eq!(batches(&[]).count(), 0);
    }
}
