//! Reading one partition of the ledger to an end that is proven to hold everything its last owner committed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Message, Offset};
use reeve_log::{LogError, Record, RestoreError, Topic};

use crate::config::{self, Isolation, KafkaConfig};
use crate::context::ReaderContext;
use crate::ends;
use crate::error;
use crate::message;
use crate::wait::{self, Deadline};

/// How long a reading may bring nothing, and how long the cluster may take to abort what has timed out.
const STALLED: Duration = Duration::from_secs(30);
/// How often the group is told that the lane lives.
const ALIVE: Duration = Duration::from_secs(1);

/// The readers of the ledger: one that sees open transactions too, to know the end; one that does not, to read.
pub(crate) struct LedgerReader {
    uncommitted: BaseConsumer<ReaderContext>,
    committed: BaseConsumer<ReaderContext>,
    topic: Arc<str>,
    patience: Duration,
}

impl LedgerReader {
    pub(crate) fn open(config: &KafkaConfig) -> Result<Self, LogError> {
        let reader = |isolation| {
            let client = config.ledger_reader(isolation)?;
            client
                .create_with_context(ReaderContext)
                .map_err(|error| error::of("making a reader of the ledger", &error))
        };
        Ok(Self {
            uncommitted: reader(Isolation::Uncommitted)?,
            committed: reader(Isolation::Committed)?,
            topic: config.names.name(Topic::Ledger).clone(),
            patience: config::transaction_timeout(&config.producer()?) + STALLED,
        })
    }

    /// Gives every record of `partition`, and returns how many there were. The caller has read the stable offsets of
    /// the inputs before: a predecessor's marker can reach the offsets before it reaches the ledger (KAFKA-10167),
    /// never the other way round once the readable end has passed the end seen here.
    pub(crate) fn read(
        &self,
        partition: i32,
        alive: &dyn Fn(),
        each: &mut dyn FnMut(Record) -> Result<(), RestoreError>,
    ) -> Result<u64, LogError> {
        let end = ends::of(&self.uncommitted, &self.topic, partition)?.last;
        self.await_readable(partition, end, alive)?;
        self.read_to_end(partition, alive, each)
    }

    /// The open transaction of a dead owner may stand *before* what a later owner committed: all of it must be decided.
    fn await_readable(&self, partition: i32, end: i64, alive: &dyn Fn()) -> Result<(), LogError> {
        let deadline = Deadline::within(self.patience);
        let mut pause = Duration::from_millis(2);
        while ends::of(&self.committed, &self.topic, partition)?.last < end {
            if deadline.passed() {
                return Err(LogError::Unavailable(format!(
                    "a transaction stays open in {}-{partition} for longer than {:?}",
                    self.topic, self.patience
                )));
            }
            alive();
            wait::step(pause);
            pause = (pause * 2).min(Duration::from_millis(200));
        }
        Ok(())
    }

    /// The end is told by the client's end-of-partition event, never by counting: offsets have gaps.
    fn read_to_end(
        &self,
        partition: i32,
        alive: &dyn Fn(),
        each: &mut dyn FnMut(Record) -> Result<(), RestoreError>,
    ) -> Result<u64, LogError> {
        self.assign(partition)?;
        let (mut records, mut progress, mut told) = (0, Instant::now(), Instant::now());
        loop {
            if told.elapsed() > ALIVE {
                alive();
                told = Instant::now();
            }
            match self.committed.poll(Duration::from_millis(100)) {
                Some(Ok(message)) if message.partition() == partition => {
                    each(message::record(Topic::Ledger, &message))?;
                    records += 1;
                    progress = Instant::now();
                }
                Some(Err(KafkaError::PartitionEOF(at))) if at == partition => break,
                Some(Err(error)) if !passing(&error) => return Err(error::of("reading the ledger", &error)),
                _ if progress.elapsed() > STALLED => {
                    let topic = &self.topic;
                    return Err(LogError::Unavailable(format!(
                        "{topic}-{partition} gave nothing for {STALLED:?}"
                    )));
                }
                _ => {}
            }
        }
        self.committed
            .unassign()
            .map_err(|error| error::of("leaving the ledger", &error))?;
        Ok(records)
    }

    fn assign(&self, partition: i32) -> Result<(), LogError> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, partition, Offset::Beginning)
            .and_then(|()| self.committed.assign(&list))
            .map_err(|error| error::of("opening the ledger", &error))
    }
}

fn passing(error: &KafkaError) -> bool {
    match error {
        KafkaError::PartitionEOF(_) => true,
        error => error
            .rdkafka_error_code()
            .is_some_and(|code| error::kind(code) == error::Kind::Passing),
    }
}
