//! One lane: a consumer and a transactional producer that belong to one thread, and the partitions it owns.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Message, Offset};
use reeve_log::{BatchLimits, Commit, Log, LogError, Output, Polled, Record, RestoreError, Topic};

use crate::config::KafkaConfig;
use crate::context::LaneContext;
use crate::error::{self, Kind};
use crate::message;
use crate::positions::{Input, Positions};
use crate::progress::Progress;
use crate::restore::LedgerReader;
use crate::topics::{self, Counts};
use crate::writer::Writer;

mod assignment;
mod batch;
mod fencing;
mod linger;
mod size;

use batch::Batch;
use linger::Linger;
use size::Size;

/// Bound of one question to the cluster.
const CALL: Duration = Duration::from_secs(10);
/// How long no broker may answer before the lane gives up.
const UNREACHABLE: Duration = Duration::from_secs(60);

/// The Kafka log of one lane. All of it runs on the thread that owns it, blocking.
///
/// Between two polls nothing is kept that is not committed: a revocation can be answered at once.
pub struct KafkaLane {
    // Dropped in this order: the consumer before the producer.
    consumer: BaseConsumer<LaneContext>,
    writer: Writer,
    config: KafkaConfig,
    counts: Counts,
    /// Partitions told to the caller as ours.
    owned: BTreeSet<i32>,
    /// Where each assigned partition will begin, until deliveries start; librdkafka waits for it.
    assigned: Option<BTreeMap<Input, i64>>,
    positions: Positions,
    /// The proof last committed for each partition: every commit of its offsets carries it on.
    proofs: BTreeMap<i32, String>,
    progress: Progress,
    linger: Linger,
    size: Size,
    ledger: Option<LedgerReader>,
    joined: bool,
    unreachable_since: Option<Instant>,
    /// When somebody else last claimed the lane's identity.
    fenced: Option<Instant>,
    /// Partitions lost with that identity, of which the caller does not know yet.
    lost: BTreeSet<i32>,
}

impl KafkaLane {
    /// Connects, claims the lane's identity and joins the group.
    ///
    /// # Errors
    /// [`LogError::Setup`] if topics are missing or do not fit each other, or a property is not valid;
    /// [`LogError::Unavailable`] if no broker answers within 30 s.
    pub fn open(config: KafkaConfig) -> Result<Self, LogError> {
        let consumer = consumer(&config)?;
        let counts = topics::require(&consumer, &config.names, &needed(&config))?;
        check_co_partitioned(&config, &counts)?;
        let writer = Writer::open(&config, counts)?;
        subscribe(&consumer, &config)?;
        Ok(Self {
            consumer,
            writer,
            counts,
            owned: BTreeSet::new(),
            assigned: None,
            positions: Positions::default(),
            proofs: BTreeMap::new(),
            progress: Progress::default(),
            linger: Linger::default(),
            size: Size::default(),
            ledger: None,
            joined: false,
            unreachable_since: None,
            fenced: None,
            lost: BTreeSet::new(),
            config,
        })
    }

    fn poll_unfenced(&mut self, limits: &BatchLimits) -> Result<Polled, LogError> {
        if !self.consumer.context().changed() {
            self.start_deliveries()?;
            let records = self.collect(limits)?;
            self.check_reachable(!records.is_empty())?;
            if !self.consumer.context().changed() {
                return Ok(Polled {
                    records,
                    ..Polled::default()
                });
            }
        }
        self.take_changes()
    }

    fn commit_unfenced(&mut self, output: Output) -> Result<Commit, LogError> {
        let offsets = self.offsets(&output.proofs)?;
        if output.records.is_empty() && offsets.count() == 0 {
            return Ok(Commit::Done);
        }
        let begun = Instant::now();
        let result = self.writer.write(&output.records, &offsets, &self.consumer)?;
        self.linger.note(begun.elapsed());
        match result {
            Commit::Done => {
                self.size.wrote(self.writer.fullest());
                self.positions.committed();
                self.proofs.extend(output.proofs);
            }
            Commit::Aborted => {
                self.size.read(0);
                self.rewind()?;
            }
            Commit::Fenced => self.size.read(0),
        }
        Ok(result)
    }

    /// Collects records until the batch is full or its time is over; stops without them when the assignment changes.
    fn collect(&mut self, limits: &BatchLimits) -> Result<Vec<Record>, LogError> {
        let bytes_max = self.size.limit(limits.bytes_max);
        let mut batch = Batch::new(limits, bytes_max, self.linger.wait(limits.wait));
        while let Some(wait) = batch.wait() {
            match self.next(wait)? {
                Some(record) => batch.push(record),
                None if self.consumer.context().changed() => break,
                None => {}
            }
        }
        self.size.read(batch.bytes);
        Ok(batch.records)
    }

    /// The next record, waiting at most `wait` for it.
    fn next(&mut self, wait: Duration) -> Result<Option<Record>, LogError> {
        let mut polled = self.consumer.poll(Duration::ZERO);
        if polled.is_none() && !self.consumer.context().changed() {
            self.look_at_progress();
            polled = self.consumer.poll(wait);
        }
        match polled {
            Some(Ok(message)) => {
                let topic = self.config.names.topic(message.topic());
                let Some(input) = topic.map(|topic| (topic, message.partition())) else {
                    return Ok(None);
                };
                let ours = self.positions.advance(input, message.offset());
                Ok(ours.then(|| message::record(input.0, &message)))
            }
            Some(Err(error)) => self.judge(&error).map(|()| None),
            None => Ok(None),
        }
    }

    fn look_at_progress(&mut self) {
        self.progress.drained(&self.config.names, &self.positions);
        if let Some(snapshot) = self.consumer.context().take_snapshot() {
            self.progress.note(snapshot);
        }
    }

    fn judge(&self, error: &KafkaError) -> Result<(), LogError> {
        let (KafkaError::MessageConsumption(code) | KafkaError::MessageConsumptionFatal(code)) = error else {
            return Ok(());
        };
        let cause = self.consumer.client().fatal_error().map(|(cause, _)| cause);
        match error::kind(cause.unwrap_or(*code)) {
            Kind::Passing if cause.is_none() => Ok(()),
            // A broker that has just started may not know its topics yet.
            Kind::NoTopic => {
                topics::require(&self.consumer, &self.config.names, &needed(&self.config)).map(drop)
            }
            _ => Err(error::fatal("reading", cause.unwrap_or(*code))),
        }
    }

    /// The client reconnects by itself; a cluster that is gone for good ends the lane.
    fn check_reachable(&mut self, heard: bool) -> Result<(), LogError> {
        let reported = self.consumer.context().take_unreachable();
        if heard {
            self.unreachable_since = None;
        } else if reported {
            self.unreachable_since.get_or_insert_with(Instant::now);
        }
        if self
            .unreachable_since
            .is_some_and(|since| since.elapsed() > UNREACHABLE)
        {
            let answer = self
                .consumer
                .fetch_metadata(Some(self.config.names.name(self.config.inputs[0])), CALL);
            answer.map_err(|error| error::of(&format!("no broker answered for {UNREACHABLE:?}"), &error))?;
            self.unreachable_since = None;
        }
        Ok(())
    }

    /// Offsets to commit: everything read since the last commit, and all inputs of the partitions whose state changes.
    /// Those fence a zombie: without them the commit of an owner that was replaced would still succeed.
    fn offsets(&self, proofs: &BTreeMap<i32, String>) -> Result<TopicPartitionList, LogError> {
        if let Some(partition) = proofs.keys().find(|partition| !self.owned.contains(partition)) {
            return Err(LogError::Internal(format!(
                "the state of partition {partition} changed, which is not owned"
            )));
        }
        let moved = self.positions.to_commit(&proofs.keys().copied().collect());
        let list = self.list(&moved)?;
        for ((topic, partition), _) in &moved {
            let proof = proofs.get(partition).or_else(|| self.proofs.get(partition));
            let element = list.find_partition(self.config.names.name(*topic), *partition);
            if let (Some(proof), Some(mut element)) = (proof, element) {
                element.set_metadata(proof);
            }
        }
        Ok(list)
    }

    fn list(&self, offsets: &[(Input, i64)]) -> Result<TopicPartitionList, LogError> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for ((topic, partition), offset) in offsets {
            list.add_partition_offset(
                self.config.names.name(*topic),
                *partition,
                Offset::Offset(*offset),
            )
            .map_err(|error| error::of("listing offsets", &error))?;
        }
        Ok(list)
    }

    /// Back to the start of the batch. What was lost meanwhile cannot be sought and need not be.
    fn rewind(&mut self) -> Result<(), LogError> {
        let back = self.positions.rewind();
        self.progress.forget();
        if back.is_empty() || self.consumer.assignment_lost() {
            return Ok(());
        }
        let sought = self.consumer.seek_partitions(self.list(&back)?, CALL);
        let failed = match &sought {
            Ok(list) => list.elements().iter().find_map(|element| element.error().err()),
            Err(error) => Some(error.clone()),
        };
        match failed {
            Some(error) if !self.consumer.assignment_lost() => {
                Err(error::of("going back to the start of the batch", &error))
            }
            _ => Ok(()),
        }
    }
}

impl Log for KafkaLane {
    fn poll(&mut self, limits: &BatchLimits) -> Result<Polled, LogError> {
        if !self.lost.is_empty() {
            return Ok(self.tell_lost());
        }
        match self.poll_unfenced(limits) {
            Err(error) => {
                self.claim_again(error)?;
                Ok(self.tell_lost())
            }
            polled => polled,
        }
    }

    fn restore(
        &mut self,
        partition: i32,
        each: &mut dyn FnMut(Record) -> Result<(), RestoreError>,
    ) -> Result<Option<String>, LogError> {
        if self.config.ledger {
            self.restore_ledger(partition, each)
        } else {
            Ok(None)
        }
    }

    /// Without transactions, which is a negative control, the ledger may be ahead.
    fn begins(&self, partition: i32) -> Vec<(Topic, i64)> {
        let inputs = self.config.inputs.iter().filter(|_| self.config.transactions);
        let begin = |topic: &Topic| Some((*topic, self.positions.get((*topic, partition))?.0));
        inputs.filter_map(begin).collect()
    }

    fn commit(&mut self, output: Output) -> Result<Commit, LogError> {
        match self.commit_unfenced(output) {
            Err(error) => self.claim_again(error).map(|()| Commit::Fenced),
            written => written,
        }
    }

    fn caught_up(&self, partition: i32) -> bool {
        let mut inputs = self.config.inputs.iter();
        self.owned.contains(&partition) && inputs.all(|topic| self.progress.caught_up((*topic, partition)))
    }

    fn lag(&self) -> Vec<(Topic, i32, i64)> {
        self.progress.lag(&self.positions)
    }

    fn partitions(&self, topic: Topic) -> i32 {
        self.counts.of(topic)
    }

    fn joined(&self) -> bool {
        self.joined
    }

    fn leave(self) -> Result<(), LogError> {
        drop(self);
        Ok(())
    }
}

impl Drop for KafkaLane {
    fn drop(&mut self) {
        give_back(&self.consumer);
    }
}

/// The consumer leaves its group as it is dropped. Before that it gives back what it has: an assignment that it still
/// waits for would hold it up, and one that it was fenced with for ever.
fn give_back(consumer: &BaseConsumer<LaneContext>) {
    consumer.context().close();
    if let Err(error) = consumer.unassign() {
        tracing::debug!(%error, "partitions could not be given back");
    }
}

fn consumer(config: &KafkaConfig) -> Result<BaseConsumer<LaneContext>, LogError> {
    let consumer = config.consumer()?;
    let made = consumer.create_with_context(LaneContext::default());
    made.map_err(|error| error::of("making a consumer", &error))
}

fn subscribe(consumer: &BaseConsumer<LaneContext>, config: &KafkaConfig) -> Result<(), LogError> {
    let names = config.inputs.iter().map(|topic| &**config.names.name(*topic));
    let subscribed = consumer.subscribe(&names.collect::<Vec<&str>>());
    subscribed.map_err(|error| error::of("subscribing", &error))
}

fn needed(config: &KafkaConfig) -> BTreeSet<Topic> {
    let ledger = config.ledger.then_some(Topic::Ledger);
    config
        .inputs
        .iter()
        .chain(&config.outputs)
        .copied()
        .chain(ledger)
        .collect()
}

/// Inputs that are read together, and the ledger beside them, have the same number of partitions.
fn check_co_partitioned(config: &KafkaConfig, counts: &Counts) -> Result<(), LogError> {
    let ledger = config.ledger.then_some(Topic::Ledger);
    let together: Vec<Topic> = config.inputs.iter().copied().chain(ledger).collect();
    let differ = together
        .windows(2)
        .find(|pair| counts.of(pair[0]) != counts.of(pair[1]));
    match differ {
        None => Ok(()),
        Some(pair) => Err(LogError::Setup(format!(
            "{} has {} partitions and {} has {}: they must have the same number, see `reeve topics verify`",
            config.names.name(pair[0]),
            counts.of(pair[0]),
            config.names.name(pair[1]),
            counts.of(pair[1]),
        ))),
    }
}
