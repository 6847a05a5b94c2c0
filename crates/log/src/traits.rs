//! The two traits of the line: a log (Kafka or embedded) and a segment (normalizer or dispatcher).

use std::time::Duration;

use reeve_domain::time::Timestamp;

use crate::record::{Output, Record};
use crate::topic::Topic;

/// When a batch is full.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Most records of one batch.
    pub records_max: usize,
    /// Most bytes of values in one batch.
    pub bytes_max: usize,
    /// Most time from the first record of a batch to its end; also how long an idle poll may take.
    pub wait: Duration,
}

/// What one poll brought. Changes of assignment come first; records of revoked partitions are never among `records`.
#[derive(Default)]
pub struct Polled {
    /// Partitions that are no longer ours.
    pub revoked: Vec<i32>,
    /// Partitions that are now ours and must be restored before their records are delivered.
    pub assigned: Vec<i32>,
    /// Records, in offset order per partition.
    pub records: Vec<Record>,
}

/// How a commit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// All of it is written.
    Done,
    /// Nothing is written; the same records will be polled again.
    Aborted,
    /// Not written under this identity, which somebody else had claimed. The lane has claimed it back and owns nothing:
    /// the next poll tells what was revoked.
    Fenced,
}

/// Why a lane cannot go on. The texts say what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another owner has this lane's identity or partitions.
    #[error("fenced: {0}")]
    Fenced(String),
    /// The log cannot be reached or written within its deadline (a lost broker, a full disk).
    #[error("the log is not available: {0}")]
    Unavailable(String),
    /// The log is not as it must be (missing topics, wrong partition counts, no right to read).
    #[error("the log does not fit: {0}")]
    Setup(String),
    /// A restore did not prove itself.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Anything else that cannot be placed.
    #[error("the log failed: {0}")]
    Internal(String),
}

/// Why a partition's state could not be rebuilt.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// A record was written by a newer version: an old replica must never rewrite it.
    #[error(
        "partition {partition}: the ledger holds version {found}, this reeve knows up to {known}; run the newer version"
    )]
    Newer {
        /// Partition number.
        partition: i32,
        /// Version found.
        found: u32,
        /// Highest version known.
        known: u32,
    },
    /// The rebuilt state is not the one that was committed.
    #[error(
        "partition {partition}: the ledger does not give the state that was committed (expected {expected}, got {got}); \
         records are missing. `--accept-ledger-loss` goes on with what is left"
    )]
    Lost {
        /// Partition number.
        partition: i32,
        /// The committed proof.
        expected: String,
        /// What the ledger gives.
        got: String,
    },
    /// Reading would begin before what the state has seen already.
    #[error(
        "partition {partition}: reading of {} begins at offset {begins}, but the ledger has seen it up to {seen}: \
         what lies between would be taken for repeats. If somebody moved the group's offsets, move them on to where they \
         were; if the topic was made anew, `--accept-ledger-loss` takes its records for new ones",
        topic.as_str()
    )]
    Rewound {
        /// Partition number.
        partition: i32,
        /// The input.
        topic: Topic,
        /// Where it begins.
        begins: i64,
        /// The last offset seen.
        seen: i64,
    },
    /// A record that cannot be read.
    #[error(
        "ledger-{partition} offset {offset}: not a ledger record ({what}). `--accept-ledger-loss` goes on without it"
    )]
    Unreadable {
        /// Partition number.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// Category of the failure.
        what: String,
    },
}

/// What a service needs of its log. One lane has one log; no call returns while a transaction is open.
pub trait Log {
    /// Collects one batch, or returns early with changes of assignment (then without records), or with nothing.
    fn poll(&mut self, limits: &BatchLimits) -> Result<Polled, LogError>;

    /// Reads the ledger of `partition` from its start to its proven end, one record at a time (value none: a tombstone),
    /// and returns the proof committed with its inputs' offsets. Deliveries of the partition start after this.
    fn restore(
        &mut self,
        partition: i32,
        each: &mut dyn FnMut(Record) -> Result<(), RestoreError>,
    ) -> Result<Option<String>, LogError>;

    /// Where the inputs of a restored `partition` begin; nothing where nobody but the log itself can move that.
    fn begins(&self, partition: i32) -> Vec<(Topic, i64)> {
        let _none = partition;
        Vec::new()
    }

    /// Writes `output` and the offsets of everything polled so far, atomically.
    fn commit(&mut self, output: Output) -> Result<Commit, LogError>;

    /// Whether every input of `partition` has been read to its present end.
    fn caught_up(&self, partition: i32) -> bool;

    /// Records left to read per (topic, partition), as far as known.
    fn lag(&self) -> Vec<(Topic, i32, i64)>;

    /// Number of partitions of `topic`: fixed for ever.
    fn partitions(&self, topic: Topic) -> i32;

    /// Whether the lane is a member of its group (always, where there is none).
    fn joined(&self) -> bool;

    /// Leaves the group and gives everything back.
    fn leave(self) -> Result<(), LogError>
    where
        Self: Sized;
}

/// What a role does with its records: pure bookkeeping around plain functions, two-phase so that an abort costs nothing.
pub trait Segment {
    /// Starts to rebuild `partition`.
    fn begin_restore(&mut self, partition: i32);

    /// One ledger record of it.
    fn restore(&mut self, record: Record) -> Result<(), RestoreError>;

    /// The partition is complete; `proof` is what was committed last (none: nothing ever was).
    fn end_restore(&mut self, partition: i32, proof: Option<&str>) -> Result<(), RestoreError>;

    /// Where the records of the restored `partition` will begin.
    fn begins(&mut self, partition: i32, inputs: &[(Topic, i64)]) -> Result<(), RestoreError> {
        let _none = (partition, inputs);
        Ok(())
    }

    /// The partition is no longer ours: forget it.
    fn revoke(&mut self, partition: i32);

    /// What these records give. Nothing of it is remembered before `committed`.
    fn run(&mut self, records: Vec<Record>, now: Timestamp) -> Output;

    /// What time alone gives for `partition`. Same rules as `run`.
    fn tick(&mut self, partition: i32, now: Timestamp) -> Output;

    /// The last output is written: remember it.
    fn committed(&mut self, now: Timestamp);

    /// The last output is not written: forget it.
    fn aborted(&mut self);
}
