//! The one loop: poll, run, commit, remember; it drives any segment on any log until it is told to stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reeve_domain::time::Timestamp;

use crate::traits::{BatchLimits, Commit, Log, LogError, Polled, Segment};
use crate::{Output, Topic};

/// A request to stop, shared by all lanes of a process.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks every lane to finish its batch, leave and return.
    pub fn stop(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether a stop was asked for.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Where the loop reads the time: the process's clock, or a test's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the loop tells about itself; every method may do nothing.
pub trait Observer {
    /// A transaction ended after `took`.
    fn transaction(&mut self, result: TransactionResult, took: Duration);
    /// Partitions owned and restored now.
    fn owned(&mut self, partitions: usize);
    /// A partition was restored within `took`.
    fn restored(&mut self, partition: i32, took: Duration);
    /// Records left to read.
    fn lag(&mut self, lag: &[(Topic, i32, i64)]);
    /// Ready: in the group and everything owned is restored.
    fn ready(&mut self, ready: bool);
}

/// Nobody watches.
impl Observer for () {
    fn transaction(&mut self, _: TransactionResult, _: Duration) {}
    fn owned(&mut self, _: usize) {}
    fn restored(&mut self, _: i32, _: Duration) {}
    fn lag(&mut self, _: &[(Topic, i32, i64)]) {}
    fn ready(&mut self, _: bool) {}
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionResult {
    /// Written.
    Committed,
    /// Not written, will be tried again.
    Aborted,
    /// Not written, another owner has the lane.
    Fenced,
}

/// How the loop paces itself.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// When a batch is full.
    pub batch: BatchLimits,
    /// Time between two ticks of one partition.
    pub tick_every: Duration,
    /// A tick waits for its inputs to be caught up, but not longer than this.
    pub tick_overdue: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch: BatchLimits {
                records_max: 10_000,
                bytes_max: 750_000,
                wait: Duration::from_millis(100),
            },
            tick_every: Duration::from_secs(1),
            tick_overdue: Duration::from_secs(60),
        }
    }
}

/// Drives `segment` on `log` until `stop`, then leaves.
///
/// # Errors
/// What the log could not do; nothing uncommitted is remembered.
pub fn drive<L: Log, S: Segment, O: Observer>(
    mut log: L,
    segment: &mut S,
    observer: &mut O,
    clock: &Clock,
    pace: &Pace,
    stop: &Stop,
) -> Result<(), LogError> {
    let mut ticks = Ticks::default();
    while !stop.is_stopped() {
        let polled = log.poll(&pace.batch)?;
        reassign(&mut log, segment, observer, &mut ticks, &polled)?;
        if !polled.records.is_empty() {
            let now = clock();
            let output = segment.run(polled.records, now);
            if commit(&mut log, segment, observer, output, now)? == Commit::Fenced {
                continue;
            }
        }
        for partition in ticks.due(&log, pace) {
            let now = clock();
            let output = segment.tick(partition, now);
            if !output.is_empty() && commit(&mut log, segment, observer, output, now)? == Commit::Fenced {
                break;
            }
        }
        observer.lag(&log.lag());
        observer.ready(log.joined());
    }
    observer.ready(false);
    log.leave()
}

fn reassign<L: Log, S: Segment, O: Observer>(
    log: &mut L,
    segment: &mut S,
    observer: &mut O,
    ticks: &mut Ticks,
    polled: &Polled,
) -> Result<(), LogError> {
    if polled.revoked.is_empty() && polled.assigned.is_empty() {
        return Ok(());
    }
    observer.ready(false);
    for &partition in &polled.revoked {
        segment.revoke(partition);
        ticks.forget(partition);
    }
    for &partition in &polled.assigned {
        let begun = Instant::now();
        segment.begin_restore(partition);
        let proof = log.restore(partition, &mut |record| segment.restore(record))?;
        segment.end_restore(partition, proof.as_deref())?;
        segment.begins(partition, &log.begins(partition))?;
        observer.restored(partition, begun.elapsed());
        ticks.remember(partition);
    }
    observer.owned(ticks.0.len());
    Ok(())
}

fn commit<L: Log, S: Segment, O: Observer>(
    log: &mut L,
    segment: &mut S,
    observer: &mut O,
    output: Output,
    now: Timestamp,
) -> Result<Commit, LogError> {
    let begun = Instant::now();
    let written = log.commit(output);
    match written {
        Ok(Commit::Done) => segment.committed(now),
        Ok(Commit::Aborted | Commit::Fenced) | Err(_) => segment.aborted(),
    }
    let result = match &written {
        Ok(Commit::Done) => TransactionResult::Committed,
        Ok(Commit::Aborted) => TransactionResult::Aborted,
        Ok(Commit::Fenced) | Err(LogError::Fenced(_)) => TransactionResult::Fenced,
        Err(_) => return written,
    };
    observer.transaction(result, begun.elapsed());
    written
}

/// When each owned partition last had its tick.
#[derive(Default)]
struct Ticks(BTreeMap<i32, Instant>);

impl Ticks {
    fn remember(&mut self, partition: i32) {
        self.0.insert(partition, Instant::now());
    }

    fn forget(&mut self, partition: i32) {
        self.0.remove(&partition);
    }

    fn due<L: Log>(&mut self, log: &L, pace: &Pace) -> Vec<i32> {
        let now = Instant::now();
        let due = |last: Instant, partition: i32| {
            let waited = now.duration_since(last);
            waited >= pace.tick_overdue || (waited >= pace.tick_every && log.caught_up(partition))
        };
        let partitions: Vec<i32> = self
            .0
            .iter()
            .filter(|(p, last)| due(**last, **p))
            .map(|(p, _)| *p)
            .collect();
        for partition in &partitions {
            self.remember(*partition);
        }
        partitions
    }
}
