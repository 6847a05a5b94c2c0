//! What the commands of `reeve` do with topics outside of any lane: write, scan, fetch one record, follow.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset};
use reeve_log::{LogError, Outgoing, Place, Record, Stop, Topic, TopicNames, partition};

use crate::config::{self, Connection};
use crate::context::{ReaderContext, WriterContext};
use crate::ends::{self, Ends};
use crate::error::{self, Kind};
use crate::message;
use crate::topics::{self, Counts};
use crate::wait::{self, Deadline};

/// The group these clients name. They never join it: the client library wants a name before it assigns partitions.
pub const GROUP: &str = "reeve-cli";

/// How long a reading may bring nothing, not even an end.
const STALLED: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// Reads and writes without transactions or groups. Reading sees committed records only.
pub struct Access {
    connection: Connection,
    names: TopicNames,
}

impl Access {
    /// For the topics of one installation; connects with the first call.
    pub fn new(connection: Connection, names: TopicNames) -> Self {
        Self { connection, names }
    }

    /// Writes `records` and waits for all of them; `written` hears how many were handed over so far. An empty key is
    /// no key: the record goes to a random partition.
    ///
    /// # Errors
    /// That a record was refused or the cluster does not answer; records before it may have been written.
    pub fn write(
        &self,
        records: impl IntoIterator<Item = Outgoing>,
        written: &mut dyn FnMut(u64),
    ) -> Result<u64, LogError> {
        let config = self.connection.writer(GROUP)?;
        let producer: BaseProducer<WriterContext> = config
            .create_with_context(WriterContext::default())
            .map_err(|error| error::of("making a producer", &error))?;
        let reader = self.reader()?;
        let mut counts = BTreeMap::new();
        let mut count = 0;
        for record in records {
            let known = match counts.get(&record.topic) {
                Some(known) => *known,
                None => *counts
                    .entry(record.topic)
                    .or_insert(self.counts(&reader, record.topic)?),
            };
            for partition in places(&record, &known) {
                self.send(&producer, &config, &record, partition)?;
            }
            count += 1;
            written(count);
        }
        producer
            .flush(STALLED)
            .map_err(|error| error::of("waiting for deliveries", &error))?;
        self.delivered(&producer, counts.keys()).map(|()| count)
    }

    fn send(
        &self,
        producer: &BaseProducer<WriterContext>,
        config: &ClientConfig,
        record: &Outgoing,
        partition: Option<i32>,
    ) -> Result<(), LogError> {
        let mut out = BaseRecord::to(self.names.name(record.topic));
        out.partition = partition;
        out.key = (!record.key.is_empty()).then_some(&record.key[..]);
        out.payload = record.value.as_deref();
        out.headers = message::outgoing_headers(record);
        let deadline = Deadline::within(config::message_timeout(config));
        while let Err((error, again)) = producer.send(out) {
            let full = matches!(error, KafkaError::MessageProduction(Code::QueueFull));
            if !full || deadline.passed() {
                return Err(error::of(
                    &format!("writing to {}", self.names.name(record.topic)),
                    &error,
                ));
            }
            producer.poll(Duration::ZERO);
            wait::step(Duration::from_millis(1));
            out = again;
        }
        producer.poll(Duration::ZERO);
        self.delivered(producer, [&record.topic])
    }

    /// Of a record that was refused only the code is known: it is one of those for `topics`.
    fn delivered<'t>(
        &self,
        producer: &BaseProducer<WriterContext>,
        topics: impl IntoIterator<Item = &'t Topic>,
    ) -> Result<(), LogError> {
        let Some(code) = producer.context().take_failure() else {
            return Ok(());
        };
        let names: Vec<&str> = topics
            .into_iter()
            .map(|topic| &**self.names.name(*topic))
            .collect();
        Err(error::fatal(&format!("writing to {}", names.join(" or ")), code))
    }

    /// Every record of `topic` from its start to the end it had when the scan began, partition by partition in no
    /// particular order; stops early if `each` breaks.
    ///
    /// # Errors
    /// That the topic cannot be read.
    pub fn scan(
        &self,
        topic: Topic,
        each: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let reader = self.reader()?;
        let mut open = self.ends(&reader, topic)?;
        open.retain(|_, end| end.first < end.last);
        let starts = open
            .keys()
            .map(|partition| (*partition, Offset::Beginning))
            .collect();
        self.assign(&reader, topic, starts)?;
        let mut heard = Instant::now();
        while !open.is_empty() {
            match reader.poll(LOOK) {
                Some(Ok(message)) => {
                    heard = Instant::now();
                    let (partition, offset) = (message.partition(), message.offset());
                    let Some(end) = open.get(&partition).map(|end| end.last) else {
                        continue;
                    };
                    if offset < end && each(message::record(topic, &message)).is_break() {
                        return Ok(());
                    }
                    if offset + 1 >= end {
                        open.remove(&partition);
                    }
                }
                // Markers stand between the last record and the end.
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
                Some(Err(error)) => passing("scanning", &error)?,
                None if heard.elapsed() > STALLED => return Err(self.stalled(topic)),
                None => {}
            }
        }
        Ok(())
    }

    /// The record at these coordinates; none if it is gone (retention, compaction) or never was.
    ///
    /// # Errors
    /// That the topic cannot be read.
    pub fn fetch(&self, topic: Topic, partition: i32, offset: i64) -> Result<Option<Record>, LogError> {
        let reader = self.reader()?;
        if partition < 0 || partition >= self.counts(&reader, topic)?.of(topic) {
            return Ok(None);
        }
        let end = self.end(&reader, topic, partition)?;
        if offset < end.first || offset >= end.last {
            return Ok(None);
        }
        self.assign(&reader, topic, vec![(partition, Offset::Offset(offset))])?;
        let deadline = Deadline::within(STALLED);
        while !deadline.passed() {
            match reader.poll(LOOK) {
                Some(Ok(message)) => return Ok(at(topic, offset, &message)),
                Some(Err(
                    KafkaError::PartitionEOF(_) | KafkaError::MessageConsumption(Code::AutoOffsetReset),
                )) => {
                    return Ok(None);
                }
                Some(Err(error)) => passing("fetching", &error)?,
                None => {}
            }
        }
        Err(self.stalled(topic))
    }

    /// Records of `topic` as they come, from now on, until `stop` or until `each` breaks.
    ///
    /// # Errors
    /// That the topic cannot be read.
    pub fn follow(
        &self,
        topic: Topic,
        stop: &Stop,
        each: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let reader = self.reader()?;
        let ends = self.ends(&reader, topic)?;
        let starts = ends
            .iter()
            .map(|(partition, end)| (*partition, Offset::Offset(end.last)))
            .collect();
        self.assign(&reader, topic, starts)?;
        while !stop.is_stopped() {
            match reader.poll(LOOK) {
                Some(Ok(message)) if each(message::record(topic, &message)).is_break() => break,
                Some(Err(error)) => passing("following", &error)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn reader(&self) -> Result<BaseConsumer<ReaderContext>, LogError> {
        let config = self.connection.reader(GROUP)?;
        config
            .create_with_context(ReaderContext)
            .map_err(|error| error::of("making a consumer", &error))
    }

    fn counts(&self, reader: &BaseConsumer<ReaderContext>, topic: Topic) -> Result<Counts, LogError> {
        topics::require(reader, &self.names, &[topic].into())
    }

    fn ends(
        &self,
        reader: &BaseConsumer<ReaderContext>,
        topic: Topic,
    ) -> Result<BTreeMap<i32, Ends>, LogError> {
        let partitions = self.counts(reader, topic)?.of(topic);
        (0..partitions)
            .map(|p| Ok((p, self.end(reader, topic, p)?)))
            .collect()
    }

    fn end(
        &self,
        reader: &BaseConsumer<ReaderContext>,
        topic: Topic,
        partition: i32,
    ) -> Result<Ends, LogError> {
        ends::of(reader, self.names.name(topic), partition)
    }

    fn assign(
        &self,
        reader: &BaseConsumer<ReaderContext>,
        topic: Topic,
        starts: Vec<(i32, Offset)>,
    ) -> Result<(), LogError> {
        let mut list = TopicPartitionList::with_capacity(starts.len());
        for (partition, offset) in starts {
            list.add_partition_offset(self.names.name(topic), partition, offset)
                .map_err(|error| error::of("listing partitions", &error))?;
        }
        reader
            .assign(&list)
            .map_err(|error| error::of("opening a topic", &error))
    }

    fn stalled(&self, topic: Topic) -> LogError {
        LogError::Unavailable(format!("{} gave nothing for {STALLED:?}", self.names.name(topic)))
    }
}

fn at(topic: Topic, offset: i64, message: &BorrowedMessage<'_>) -> Option<Record> {
    (message.offset() == offset).then(|| message::record(topic, message))
}

fn passing(what: &str, error: &KafkaError) -> Result<(), LogError> {
    let code = error.rdkafka_error_code();
    let of_group = code == Some(Code::GroupAuthorizationFailed);
    match code.map(error::kind) {
        None | Some(Kind::Passing) => Ok(()),
        _ if of_group => Ok(()),
        _ => Err(error::of(what, error)),
    }
}

fn places(record: &Outgoing, counts: &Counts) -> Vec<Option<i32>> {
    let partitions = counts.of(record.topic);
    match record.place {
        Place::ByKey if record.key.is_empty() => vec![None],
        Place::ByKey => vec![Some(partition::of_key(&record.key, partitions))],
        Place::Partition(partition) => vec![Some(partition)],
        Place::Every => (0..partitions).map(Some).collect(),
    }
}
