//! The records of the next transaction, and whether there is room or time for more.

use std::time::{Duration, Instant};

use reeve_log::{BatchLimits, Record};

/// What was collected so far.
pub(super) struct Batch<'a> {
    limits: &'a BatchLimits,
    bytes_max: usize,
    /// From its first record on.
    linger: Duration,
    pub(super) records: Vec<Record>,
    pub(super) bytes: usize,
    begun: Instant,
}

impl<'a> Batch<'a> {
    pub(super) fn new(limits: &'a BatchLimits, bytes_max: usize, linger: Duration) -> Self {
        Self {
            limits,
            bytes_max,
            linger,
            records: Vec::new(),
            bytes: 0,
            begun: Instant::now(),
        }
    }

    pub(super) fn push(&mut self, record: Record) {
        if self.records.is_empty() {
            self.begun = Instant::now();
        }
        self.bytes += record.value.as_ref().map_or(0, bytes::Bytes::len);
        self.records.push(record);
    }

    /// How long to wait for the next record; none if the batch is complete. The client cannot wait for less than a
    /// millisecond, it would spin.
    pub(super) fn wait(&self) -> Option<Duration> {
        let full = self.records.len() >= self.limits.records_max || self.bytes >= self.bytes_max;
        let longest = if self.records.is_empty() {
            self.limits.wait
        } else {
            self.linger
        };
        let left = longest.saturating_sub(self.begun.elapsed());
        (!full && left >= Duration::from_millis(1)).then_some(left)
    }
}
