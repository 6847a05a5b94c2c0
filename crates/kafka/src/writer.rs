//! The producing half of a lane: one transaction after the other, each call tried again as itself and nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseProducer, Producer};
use reeve_log::{Commit, LogError, Outgoing, TopicNames};

use crate::config::{self, KafkaConfig};
use crate::context::{LaneContext, WriterContext};
use crate::error::{self, Kind};
use crate::failpoint::{Failpoints, Point};
use crate::topics::Counts;
use crate::wait::{self, Deadline};

mod offsets;
mod produce;

/// Bound of one blocking call; a call that timed out is made again.
const CALL: Duration = Duration::from_secs(5);
/// Bound of the first contact: the cluster may have to make its transaction log.
const INIT: Duration = Duration::from_secs(60);
/// How long every transaction may fail before the lane gives up.
const FAILING: Duration = Duration::from_secs(120);

/// No record of reeve's is larger than a megabyte: less is for an operator to allow.
const TOO_LARGE: &str = "a record is larger than the cluster takes: `max.message.bytes` of the topics, or `message.max.bytes` of the \
    brokers or of `log.kafka.producer`, is below a megabyte; `reeve topics verify` names the topic";

/// Why a transaction was not committed.
enum Failure {
    /// It is still open and has to be aborted.
    Abort(Code),
    /// The call did not answer in time: the same call may be made again.
    Late(Code),
    /// The producer is of no use any more, and nobody knows how far it came.
    Unknown(Code),
    /// The call has not come back and never may: its producer is left to it. The transaction was not committed.
    Stuck,
    /// The lane cannot go on.
    End(LogError),
}

pub(crate) struct Writer {
    config: ClientConfig,
    names: TopicNames,
    counts: Counts,
    transactions: bool,
    failpoints: Failpoints,
    producer: Arc<BaseProducer<WriterContext>>,
    /// The producer's next transaction would not be safe: librdkafka lacks KIP-890.
    worn: bool,
    /// Transactions so far.
    number: u32,
    /// Bytes of the last of them to the partition that got most.
    fullest: usize,
    failing_since: Option<Instant>,
}

impl Writer {
    /// Makes the producer and fences whoever had its identity before.
    pub(crate) fn open(config: &KafkaConfig, counts: Counts) -> Result<Self, LogError> {
        let client = config.producer()?;
        Ok(Self {
            producer: Arc::new(producer(&client, config.transactions)?),
            config: client,
            names: config.names.clone(),
            counts,
            transactions: config.transactions,
            failpoints: config.failpoints,
            worn: false,
            number: 0,
            fullest: 0,
            failing_since: None,
        })
    }

    /// Writes `records` and `offsets`, all or nothing.
    pub(crate) fn write(
        &mut self,
        records: &[Outgoing],
        offsets: &TopicPartitionList,
        consumer: &BaseConsumer<LaneContext>,
    ) -> Result<Commit, LogError> {
        self.renew()?;
        self.number += 1;
        self.failpoints.pass(Point::BeforeBegin, self.number);
        let result = match self.transactions {
            true => self.transaction(records, offsets, consumer),
            false => self.without_transaction(records, offsets, consumer),
        };
        match result {
            Ok(()) => {
                self.failing_since = None;
                self.failpoints.pass(Point::AfterCommit, self.number);
                Ok(Commit::Done)
            }
            Err(Failure::Late(code) | Failure::Unknown(code)) => self.resolve(code, offsets, consumer),
            Err(Failure::Abort(code)) => self.abort(code),
            Err(Failure::Stuck) => self.abandon(),
            Err(Failure::End(error)) => Err(error),
        }
    }

    /// Bytes of the last transaction to the partition that got most.
    pub(crate) const fn fullest(&self) -> usize {
        self.fullest
    }

    fn transaction(
        &mut self,
        records: &[Outgoing],
        offsets: &TopicPartitionList,
        consumer: &BaseConsumer<LaneContext>,
    ) -> Result<(), Failure> {
        self.call("begin", CALL, |producer, _| producer.begin_transaction())?;
        self.fullest = self.produce(records)?;
        self.await_deliveries()?;
        self.send_offsets(offsets, consumer)?;
        self.failpoints.pass(Point::AfterSendOffsets, self.number);
        if self.failpoints.aborts(self.number) {
            return Err(Failure::Abort(Code::NoError));
        }
        self.failpoints.pass(Point::DuringCommit, self.number);
        self.commit()
    }

    fn commit(&mut self) -> Result<(), Failure> {
        let span = config::transaction_timeout(&self.config) * 2;
        self.call("commit", span, |producer, timeout| {
            producer.commit_transaction(timeout)
        })
    }

    /// Nobody knows whether it was committed: a new producer under the same id ends what is open, and then the
    /// offsets (with their metadata, which a tick alone changes) tell.
    fn resolve(
        &mut self,
        cause: Code,
        offsets: &TopicPartitionList,
        consumer: &BaseConsumer<LaneContext>,
    ) -> Result<Commit, LogError> {
        tracing::warn!(%cause, "nobody knows whether a transaction was committed: its offsets will tell");
        self.worn = true;
        self.renew()?;
        let stable = consumer
            .committed_offsets(offsets.clone(), config::transaction_timeout(&self.config))
            .map_err(|error| error::of("reading the committed offsets", &error))?;
        if stable == *offsets {
            Ok(Commit::Done)
        } else {
            self.may_go_on(cause)
        }
    }

    /// The next producer under the same id ends what is open.
    fn abandon(&mut self) -> Result<Commit, LogError> {
        tracing::warn!("a call does not come back: its producer is replaced and its records are read again");
        self.worn = true;
        self.may_go_on(Code::OperationTimedOut)
    }

    fn abort(&mut self, cause: Code) -> Result<Commit, LogError> {
        if cause != Code::NoError {
            tracing::warn!(%cause, "a transaction is aborted and its records are read again");
            self.worn = true;
        }
        if self.transactions {
            self.settle();
            let span = config::transaction_timeout(&self.config);
            match self.call("abort", span, |producer, timeout| {
                producer.abort_transaction(timeout)
            }) {
                Ok(()) => {}
                Err(Failure::End(error)) => return Err(error),
                // A new producer under the same id aborts what may still be open.
                Err(Failure::Late(_) | Failure::Abort(_) | Failure::Unknown(_) | Failure::Stuck) => {
                    self.worn = true
                }
            }
        }
        self.may_go_on(cause)
    }

    /// What trying again cannot heal ends the lane; so does failing for too long.
    fn may_go_on(&mut self, cause: Code) -> Result<Commit, LogError> {
        if cause == Code::NoError {
            return Ok(Commit::Aborted);
        }
        if cause == Code::MessageSizeTooLarge {
            return Err(LogError::Setup(TOO_LARGE.to_owned()));
        }
        let hopeless = matches!(cause, Code::InvalidMessage | Code::InvalidRecord);
        if hopeless || matches!(error::kind(cause), Kind::Setup | Kind::NoTopic | Kind::Fenced) {
            return Err(error::fatal("writing a batch", cause));
        }
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if since.elapsed() > FAILING {
            return Err(LogError::Unavailable(format!(
                "no batch could be written for {FAILING:?}: {cause}"
            )));
        }
        Ok(Commit::Aborted)
    }

    /// The same call until it answers, which wears the producer out; nothing is called in between.
    fn call(
        &mut self,
        what: &str,
        span: Duration,
        call: impl Fn(&Arc<BaseProducer<WriterContext>>, Duration) -> KafkaResult<()>,
    ) -> Result<(), Failure> {
        let deadline = Deadline::within(span);
        loop {
            let error = match call(&self.producer, CALL) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if let Some((cause, _)) = self.producer.client().fatal_error() {
                return Err(ended(what, cause));
            }
            match failure(what, &error) {
                Failure::Late(_) if !deadline.passed() => {
                    self.worn = true;
                    self.producer.poll(Duration::ZERO);
                    wait::step(Duration::from_millis(20));
                }
                failure => return Err(failure),
            }
        }
    }

    /// A new producer under the same id, if the old one is worn out: it ends what that one left open.
    pub(crate) fn renew(&mut self) -> Result<(), LogError> {
        if self.worn {
            self.producer = Arc::new(producer(&self.config, self.transactions)?);
            self.worn = false;
        }
        Ok(())
    }

    /// The negative control: records first, then offsets, each for itself.
    fn without_transaction(
        &mut self,
        records: &[Outgoing],
        offsets: &TopicPartitionList,
        consumer: &BaseConsumer<LaneContext>,
    ) -> Result<(), Failure> {
        self.fullest = self.produce(records)?;
        self.await_deliveries()?;
        self.failpoints.pass(Point::AfterSendOffsets, self.number);
        if self.failpoints.aborts(self.number) {
            return Err(Failure::Abort(Code::NoError));
        }
        self.failpoints.pass(Point::DuringCommit, self.number);
        let committed = consumer.commit(offsets, rdkafka::consumer::CommitMode::Sync);
        committed.map_err(|error| match error.rdkafka_error_code() {
            Some(code) if error::kind(code) == Kind::Passing => Failure::Abort(code),
            _ => Failure::End(error::of("commit", &error)),
        })
    }
}

fn failure(what: &str, error: &KafkaError) -> Failure {
    match error {
        KafkaError::Transaction(error) if error.is_fatal() => ended(what, error.code()),
        KafkaError::Transaction(error) if error.txn_requires_abort() => Failure::Abort(error.code()),
        KafkaError::Transaction(error) if error.is_retriable() => Failure::Late(error.code()),
        KafkaError::Canceled => Failure::Stuck,
        // `commit` flushes first: the transaction is still open.
        KafkaError::Flush(code) => Failure::Abort(*code),
        error => Failure::End(error::of(what, error)),
    }
}

/// What a fatal error of the producer means: only some of them are the lane's end too.
fn ended(what: &str, code: Code) -> Failure {
    match error::kind(code) {
        Kind::Passing | Kind::Other => Failure::Unknown(code),
        Kind::Fenced | Kind::Setup | Kind::NoTopic => Failure::End(error::fatal(what, code)),
    }
}

fn producer(config: &ClientConfig, transactions: bool) -> Result<BaseProducer<WriterContext>, LogError> {
    let producer: BaseProducer<WriterContext> = config
        .create_with_context(WriterContext::default())
        .map_err(|error| error::of("making a producer", &error))?;
    if transactions {
        init(&producer)?;
    }
    Ok(producer)
}

fn init(producer: &BaseProducer<WriterContext>) -> Result<(), LogError> {
    let deadline = Deadline::within(INIT);
    loop {
        let error = match producer.init_transactions(CALL) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        producer.poll(Duration::ZERO);
        match failure("claiming the transactional id", &error) {
            Failure::Late(_) if !deadline.passed() => {}
            Failure::Late(code) | Failure::Abort(code) | Failure::Unknown(code) => {
                return Err(LogError::Unavailable(format!(
                    "claiming the transactional id: {code}"
                )));
            }
            Failure::Stuck => {
                return Err(LogError::Unavailable(
                    "claiming the transactional id: no answer".to_owned(),
                ));
            }
            Failure::End(error) => return Err(error),
        }
    }
}
