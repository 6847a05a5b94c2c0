//! Records to put in, and what a finished run left behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reeve_domain::time::Timestamp;
use reeve_log::drive::{Pace, TransactionResult};
use reeve_log::embedded::{Cursor, Embedded, Incoming, Settings, Store};
use reeve_log::{BatchLimits, Clock, LogError, Observer, Record, Stop, Topic, drive};

use crate::toy::Toy;

/// Three partitions and a clock that moves one millisecond at every look.
pub(crate) fn settings() -> Settings {
    Settings {
        partitions: 3,
        clock: clock(),
        ..Settings::default()
    }
}

pub(crate) fn clock() -> Clock {
    let now = AtomicI64::new(1_700_000_000_000);
    Arc::new(move || Timestamp::from_millis(now.fetch_add(1, Ordering::SeqCst)))
}

pub(crate) fn record(key: &str, value: &str) -> Incoming {
    Incoming {
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        headers: vec![("ce_id".into(), b"1".to_vec())],
    }
}

/// `count` records over seven keys.
pub(crate) fn records(count: usize) -> Vec<Incoming> {
    (0..count)
        .map(|n| record(&format!("key-{}", n % 7), &n.to_string()))
        .collect()
}

pub(crate) fn limits(records_max: usize, wait: Duration) -> BatchLimits {
    BatchLimits {
        records_max,
        bytes_max: 1_000_000,
        wait,
    }
}

/// Everything a topic holds.
pub(crate) fn all(store: &Store, topic: Topic) -> Vec<Record> {
    let start = |partition| Cursor {
        topic,
        partition,
        position: 0,
    };
    let mut cursors: Vec<Cursor> = (0..store.partitions()).map(start).collect();
    let mut records = Vec::new();
    loop {
        let more = store.read(&mut cursors, &limits(1_000, Duration::ZERO)).unwrap();
        if more.is_empty() {
            return records;
        }
        records.extend(more);
    }
}

pub(crate) fn text(bytes: &Option<Bytes>) -> String {
    String::from_utf8(bytes.clone().unwrap_or_default().to_vec()).unwrap()
}

/// The ledger, and per key what was written to `tasks`, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) ledger: BTreeMap<String, String>,
    pub(crate) tasks: BTreeMap<String, Vec<String>>,
}

impl Left {
    pub(crate) fn by(store: &Store) -> Self {
        let ledger = all(store, Topic::Ledger)
            .iter()
            .map(|r| (text(&r.key), text(&r.value)))
            .collect();
        let mut tasks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in all(store, Topic::Tasks) {
            tasks
                .entry(text(&record.key))
                .or_default()
                .push(text(&record.value));
        }
        Self { ledger, tasks }
    }
}

/// Drives `toy` until everything is read.
pub(crate) fn run(lane: Embedded, toy: &mut Toy, batch: usize) -> Result<UntilRead, LogError> {
    let stop = Stop::default();
    let mut until = UntilRead {
        stop: stop.clone(),
        committed: 0,
        aborted: 0,
    };
    let pace = Pace {
        batch: limits(batch, Duration::from_millis(1)),
        ..Pace::default()
    };
    drive(lane, toy, &mut until, &clock(), &pace, &stop)?;
    Ok(until)
}

/// Stops the loop when nothing is left to read.
pub(crate) struct UntilRead {
    stop: Stop,
    pub(crate) committed: usize,
    pub(crate) aborted: usize,
}

impl Observer for UntilRead {
    fn transaction(&mut self, result: TransactionResult, _: Duration) {
        match result {
            TransactionResult::Committed => self.committed += 1,
            TransactionResult::Aborted => self.aborted += 1,
            TransactionResult::Fenced => {}
        }
    }
    fn owned(&mut self, _: usize) {}
    fn restored(&mut self, _: i32, _: Duration) {}
    fn lag(&mut self, lag: &[(Topic, i32, i64)]) {
        if lag.iter().all(|(_, _, left)| *left == 0) {
            self.stop.stop();
        }
    }
    fn ready(&mut self, _: bool) {}
}
