//! Partitions that come and go: what is restored before their deliveries start, and where these begin.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer;
use rdkafka::{Offset, consumer::BaseConsumer};
use reeve_log::{LogError, Polled, Record, RestoreError};

use super::{CALL, KafkaLane};
use crate::config;
use crate::context::{Change, LaneContext};
use crate::ends;
use crate::error::{self, Kind};
use crate::message::guarded;
use crate::positions::Input;
use crate::restore::LedgerReader;
use crate::wait::{self, Deadline};

/// How long the cluster may take to end a transaction that timed out: it looks for such ones every ten seconds, see
/// `transaction.abort.timed.out.transaction.cleanup.interval.ms`, or as docs/runbook.md wants it of a lone broker.
const CLEANUP: Duration = Duration::from_secs(45);

/// A committed offset of an input.
struct Committed {
    input: Input,
    /// None: the group never committed here.
    offset: Option<i64>,
    /// The proof committed with it, empty if none was.
    proof: String,
}

impl KafkaLane {
    /// What changed since the caller last asked. Assignment is eager, so a revocation takes everything, and the
    /// records collected before it are dropped: they were not committed.
    pub(super) fn take_changes(&mut self) -> Result<Polled, LogError> {
        let mut polled = Polled::default();
        for change in self.consumer.context().take_changes() {
            self.forget();
            match change {
                Change::Revoked => {
                    polled.revoked.extend(std::mem::take(&mut self.owned));
                    polled.assigned.clear();
                    self.joined = false;
                }
                Change::Assigned(partitions) => {
                    self.owned = self.co_partitioned(&partitions)?;
                    polled.assigned = self.owned.iter().copied().collect();
                    let starts = self.starts_without_state()?;
                    starts
                        .iter()
                        .for_each(|(input, offset)| self.positions.begin(*input, *offset));
                    self.assigned = Some(starts);
                    self.joined = true;
                }
            }
        }
        Ok(polled)
    }

    pub(super) fn forget(&mut self) {
        self.assigned = None;
        self.positions.clear();
        self.proofs.clear();
        self.progress.forget();
        self.ledger = None;
    }

    /// The numbers of the assigned partitions; each must be ours for every input.
    fn co_partitioned(&self, partitions: &[(String, i32)]) -> Result<BTreeSet<i32>, LogError> {
        let numbers: BTreeSet<i32> = partitions.iter().map(|(_, partition)| *partition).collect();
        for topic in &self.config.inputs {
            let name = self.config.names.name(*topic);
            let of_topic = partitions.iter().filter(|(assigned, _)| **assigned == **name);
            if of_topic.count() != numbers.len() {
                return Err(LogError::Setup(format!(
                    "the group assigned partitions of its inputs apart ({name} is not among all of them): every member \
                     must use the range assignor and subscribe to the same topics"
                )));
            }
        }
        Ok(numbers)
    }

    /// Without a ledger nothing is restored, so all starts are known at once.
    fn starts_without_state(&mut self) -> Result<BTreeMap<Input, i64>, LogError> {
        if self.config.ledger || self.owned.is_empty() {
            return Ok(BTreeMap::new());
        }
        let inputs = self
            .owned
            .iter()
            .flat_map(|partition| self.inputs_of(*partition))
            .collect();
        self.committed(inputs)?
            .into_iter()
            .map(|committed| self.start(&committed))
            .collect()
    }

    /// In this order: the stable offsets; then the ledger's end; then, once all of that can be read, the ledger.
    pub(super) fn restore_ledger(
        &mut self,
        partition: i32,
        each: &mut dyn FnMut(Record) -> Result<(), RestoreError>,
    ) -> Result<Option<String>, LogError> {
        let committed = self.committed(self.inputs_of(partition))?;
        let proof = self.proof(partition, &committed)?;
        let records = self.read_ledger(partition, each)?;
        for committed in &committed {
            if committed.offset.is_none() && records > 0 {
                return Err(self.begins_in_the_middle(committed.input, records));
            }
            let (input, offset) = self.start(committed)?;
            self.assigned.get_or_insert_default().insert(input, offset);
            // Known before deliveries start: a tick may commit first, and has to be fenced too.
            self.positions.begin(input, offset);
        }
        if let Some(proof) = &proof {
            self.proofs.insert(partition, proof.clone());
        }
        Ok(proof)
    }

    fn read_ledger(
        &mut self,
        partition: i32,
        each: &mut dyn FnMut(Record) -> Result<(), RestoreError>,
    ) -> Result<u64, LogError> {
        let ledger = match self.ledger.take() {
            Some(ledger) => ledger,
            None => LedgerReader::open(&self.config)?,
        };
        let records = ledger.read(partition, &|| keep_alive(&self.consumer), each)?;
        self.ledger = Some(ledger);
        Ok(records)
    }

    fn begins_in_the_middle(&self, (topic, partition): Input, records: u64) -> LogError {
        let name = self.config.names.name(topic);
        LogError::Setup(format!(
            "the group has no offset for {name}-{partition}, but the ledger holds {records} records for it: reading \
             from the start would apply them twice. Restore the group's offsets (`kafka-consumer-groups.sh \
             --reset-offsets`), or begin anew with empty topics"
        ))
    }

    /// Every commit sends the same proof with all inputs of a partition; only somebody else can have made them differ.
    fn proof(&self, partition: i32, committed: &[Committed]) -> Result<Option<String>, LogError> {
        let mut proofs: Vec<&str> = committed
            .iter()
            .map(|c| c.proof.as_str())
            .filter(|p| !p.is_empty())
            .collect();
        proofs.dedup();
        match proofs[..] {
            [] => Ok(None),
            [proof] => Ok(Some(proof.to_owned())),
            _ => Err(LogError::Setup(format!(
                "the offsets committed for the inputs of partition {partition} carry different proofs: they were not \
                 committed together, so somebody has moved them"
            ))),
        }
    }

    fn inputs_of(&self, partition: i32) -> Vec<Input> {
        self.config
            .inputs
            .iter()
            .map(|topic| (*topic, partition))
            .collect()
    }

    /// The offsets once no transaction is open over them: the client asks for stable ones and waits. What this lane left
    /// open it ends itself; what somebody else left open the cluster ends.
    fn committed(&mut self, inputs: Vec<Input>) -> Result<Vec<Committed>, LogError> {
        self.writer.renew()?;
        let timeout = config::transaction_timeout(&self.config.producer()?);
        let deadline = Deadline::within(timeout + CLEANUP);
        loop {
            let mut list = TopicPartitionList::with_capacity(inputs.len());
            for (topic, partition) in &inputs {
                list.add_partition(self.config.names.name(*topic), *partition);
            }
            let answer = self.consumer.committed_offsets(list, CALL);
            let error =
                match answer.and_then(|list| read_committed(&inputs, &list, |t| self.config.names.name(t))) {
                    Ok(committed) => return Ok(committed),
                    Err(error) => error,
                };
            let code = error.rdkafka_error_code();
            if deadline.passed() || code.is_none_or(|code| error::kind(code) != Kind::Passing) {
                return Err(error::of("reading the committed offsets", &error));
            }
            wait::step(Duration::from_millis(100));
        }
    }

    /// Where deliveries begin: as committed, else at the first record there is.
    fn start(&self, committed: &Committed) -> Result<(Input, i64), LogError> {
        if let Some(offset) = committed.offset {
            return Ok((committed.input, offset));
        }
        let (topic, partition) = committed.input;
        let ends = ends::of(&self.consumer, self.config.names.name(topic), partition)?;
        Ok((committed.input, ends.first))
    }

    /// Tells the client where to begin, which is what it has been waiting for.
    pub(super) fn start_deliveries(&mut self) -> Result<(), LogError> {
        let Some(starts) = self.assigned.take() else {
            return Ok(());
        };
        self.ledger = None;
        let starts: Vec<(Input, i64)> = starts.into_iter().collect();
        self.consumer
            .assign(&self.list(&starts)?)
            .map_err(|error| error::of("taking the assigned partitions", &error))
    }
}

/// Nothing is assigned meanwhile, so no record can come: only changes of assignment, which are kept.
fn keep_alive(consumer: &BaseConsumer<LaneContext>) {
    if let Some(Err(error)) = consumer.poll(Duration::ZERO) {
        tracing::debug!(%error, "while restoring");
    }
}

fn read_committed<'a>(
    inputs: &[Input],
    list: &TopicPartitionList,
    name: impl Fn(reeve_log::Topic) -> &'a std::sync::Arc<str>,
) -> Result<Vec<Committed>, rdkafka::error::KafkaError> {
    let mut committed = Vec::with_capacity(inputs.len());
    for input in inputs {
        let Some(element) = list.find_partition(name(input.0), input.1) else {
            continue;
        };
        element.error()?;
        let offset = match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        let proof = guarded(|| element.metadata().to_owned()).unwrap_or_default();
        committed.push(Committed {
            input: *input,
            offset,
            proof,
        });
    }
    Ok(committed)
}
