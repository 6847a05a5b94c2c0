//! What librdkafka calls back: its log lines, its statistics, and changes of assignment, kept until the lane asks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::types::RDKafkaRespErr;

use crate::progress::Snapshot;

/// A change of what the lane owns. Assignment is eager: a revocation takes everything.
pub(crate) enum Change {
    Assigned(Vec<(String, i32)>),
    Revoked,
}

/// The context of a lane's consumer. All of it is called within `poll`, on the lane's own thread.
#[derive(Default)]
pub(crate) struct LaneContext {
    changed: AtomicBool,
    changes: Mutex<Vec<Change>>,
    closing: AtomicBool,
    snapshot: Mutex<Option<Snapshot>>,
    unreachable: AtomicBool,
}

impl LaneContext {
    /// Whether `take_changes` would give any: cheap enough for every record.
    pub(crate) fn changed(&self) -> bool {
        self.changed.load(Ordering::Acquire)
    }

    pub(crate) fn take_changes(&self) -> Vec<Change> {
        self.changed.store(false, Ordering::Release);
        std::mem::take(&mut *lock(&self.changes))
    }

    /// From now on nothing that is assigned will be taken.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// The latest statistics not yet looked at.
    pub(crate) fn take_snapshot(&self) -> Option<Snapshot> {
        lock(&self.snapshot).take()
    }

    /// Whether all brokers were reported down since the last call.
    pub(crate) fn take_unreachable(&self) -> bool {
        self.unreachable.swap(false, Ordering::AcqRel)
    }

    fn change(&self, change: Change) {
        lock(&self.changes).push(change);
        self.changed.store(true, Ordering::Release);
    }
}

impl ClientContext for LaneContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.unreachable.store(true, Ordering::Release);
        }
        log_error(&error, reason);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        if let Some(snapshot) = Snapshot::parse(statistics) {
            *lock(&self.snapshot) = Some(snapshot);
        }
    }
}

impl ConsumerContext for LaneContext {
    /// A revocation is answered at once, since nothing uncommitted is ever kept between two polls; an assignment is
    /// only noted: librdkafka waits (and sends heartbeats) until the lane has restored it and says where to begin.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let assigned = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if assigned && !self.closing.load(Ordering::Acquire) {
            let partitions = list.elements();
            let partitions = partitions.iter().map(|p| (p.topic().to_owned(), p.partition()));
            return self.change(Change::Assigned(partitions.collect()));
        }
        if let Err(error) = consumer.unassign() {
            tracing::warn!(%error, "partitions could not be given back");
        }
        if !assigned {
            self.change(Change::Revoked);
        }
    }
}

/// The context of a client that reads or asks outside of a group.
pub(crate) struct ReaderContext;

impl ClientContext for ReaderContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        log_error(&error, reason);
    }
}

impl ConsumerContext for ReaderContext {}

/// The context of a producer; with `delivery.report.only.error` only failures are reported.
#[derive(Default)]
pub(crate) struct WriterContext {
    failed: Mutex<Option<RDKafkaErrorCode>>,
}

impl WriterContext {
    /// The first failure since the last call.
    pub(crate) fn take_failure(&self) -> Option<RDKafkaErrorCode> {
        lock(&self.failed).take()
    }
}

impl ClientContext for WriterContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        log_error(&error, reason);
    }
}

impl ProducerContext for WriterContext {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
            lock(&self.failed).get_or_insert(code);
        }
    }
}

/// librdkafka writes no keys, values or headers into its lines, and redacts sensitive properties.
fn log(level: RDKafkaLogLevel, facility: &str, line: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::error!(target: "librdkafka", facility, "{line}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, "{line}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
            tracing::info!(target: "librdkafka", facility, "{line}")
        }
        RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{line}"),
    }
}

/// The client tries again by itself and has written a line of its own; what ends a lane comes as the result of a call.
fn log_error(error: &KafkaError, reason: &str) {
    tracing::debug!(target: "librdkafka", "{error}: {reason}");
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
