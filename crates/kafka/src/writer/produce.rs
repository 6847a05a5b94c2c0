//! Handing records to the client and waiting until the cluster has them.

use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseRecord, Producer};
use reeve_log::{Outgoing, Place, partition};

use super::{Failure, Writer};
use crate::config;
use crate::failpoint::Point;
use crate::message;
use crate::wait::{self, Deadline};

/// Most bytes in flight to one partition. Below one request (`batch.size`, 1 MB): with one in flight and more queued
/// librdkafka's thread spins, and starves a broker that shares its cores.
const IN_FLIGHT_MAX: usize = 750_000;
/// Between two looks at what is in flight; rdkafka's own waiting spins through its last millisecond.
const LOOK: Duration = Duration::from_micros(200);

impl Writer {
    /// Hands over all of them, and says how many bytes the partition gets that gets most.
    pub(super) fn produce(&self, records: &[Outgoing]) -> Result<usize, Failure> {
        let mut load = Load::default();
        for (index, record) in records.iter().enumerate() {
            if index == records.len() / 2 {
                self.failpoints.pass(Point::MidProduce, self.number);
            }
            match record.place {
                Place::Partition(partition) => self.send(record, partition, &mut load)?,
                Place::ByKey => {
                    let partitions = self.counts.of(record.topic);
                    self.send(record, partition::of_key(&record.key, partitions), &mut load)?;
                }
                Place::Every => {
                    for partition in 0..self.counts.of(record.topic) {
                        self.send(record, partition, &mut load)?;
                    }
                }
            }
        }
        Ok(load.fullest())
    }

    fn send(&self, record: &Outgoing, partition: i32, load: &mut Load) -> Result<(), Failure> {
        if !load.takes(record, partition) {
            self.await_deliveries()?;
            load.clear();
            load.takes(record, partition);
        }
        let mut out = BaseRecord::to(self.names.name(record.topic))
            .partition(partition)
            .key(&record.key[..]);
        out.payload = record.value.as_deref();
        out.headers = message::outgoing_headers(record);
        let deadline = Deadline::within(config::message_timeout(&self.config));
        while let Err((error, again)) = self.producer.send(out) {
            let full = matches!(error, KafkaError::MessageProduction(Code::QueueFull));
            if !full || deadline.passed() {
                return Err(Failure::Abort(
                    error.rdkafka_error_code().unwrap_or(Code::Unknown),
                ));
            }
            self.producer.poll(Duration::ZERO);
            wait::step(LOOK);
            out = again;
        }
        Ok(())
    }

    /// Waits until the cluster has everything; fails if it refused any of it.
    pub(super) fn await_deliveries(&self) -> Result<(), Failure> {
        self.settle();
        match self.producer.context().take_failure() {
            Some(code) => Err(Failure::Abort(code)),
            None if self.producer.in_flight_count() > 0 => Err(Failure::Abort(Code::MessageTimedOut)),
            None => Ok(()),
        }
    }

    /// Waits until nothing is in flight, delivered or given up; bounded by the time a message may take.
    pub(super) fn settle(&self) {
        let deadline = Deadline::within(config::message_timeout(&self.config) + Duration::from_secs(2));
        let mut before = i32::MAX;
        loop {
            self.producer.poll(Duration::ZERO);
            let now = self.producer.in_flight_count();
            if now == 0 || deadline.passed() {
                return;
            }
            if now >= before {
                wait::step(LOOK);
            }
            before = now;
        }
    }
}

/// Bytes per output partition: in flight since all deliveries were last awaited, and in all.
#[derive(Default)]
struct Load([Vec<Bytes>; 6]);

#[derive(Clone, Copy, Default)]
struct Bytes {
    in_flight: usize,
    all: usize,
}

impl Load {
    /// Adds the record, unless it has to wait: alone it is always taken.
    fn takes(&mut self, record: &Outgoing, partition: i32) -> bool {
        let partitions = &mut self.0[record.topic as usize];
        let index = usize::try_from(partition).unwrap_or(0);
        if partitions.len() <= index {
            partitions.resize(index + 1, Bytes::default());
        }
        let (partition, bytes) = (&mut partitions[index], record.bytes());
        let fits = partition.in_flight == 0 || partition.in_flight + bytes <= IN_FLIGHT_MAX;
        if fits {
            partition.in_flight += bytes;
            partition.all += bytes;
        }
        fits
    }

    fn clear(&mut self) {
        let partitions = self.0.iter_mut().flatten();
        partitions.for_each(|partition| partition.in_flight = 0);
    }

    fn fullest(&self) -> usize {
        let partitions = self.0.iter().flatten();
        partitions.map(|partition| partition.all).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use reeve_log::Topic;

    use super::{Load, Outgoing, Place};

    fn record(bytes: usize) -> Outgoing {
        Outgoing {
            topic: Topic::Findings,
            place: Place::ByKey,
            key: bytes::Bytes::new(),
            value: Some(bytes::Bytes::from(vec![0; bytes])),
            headers: Vec::new(),
        }
    }

    #[test]
    fn what_is_in_flight_to_one_partition_stays_below_one_request() {
        let mut load = Load::default();
        assert!(load.takes(&record(400_000), 1));
        assert!(!load.takes(&record(400_000), 1));
        assert!(
            load.takes(&record(400_000), 0),
            "another partition has its own limit"
        );
        load.clear();
        assert!(
            load.takes(&record(900_000), 1),
            "alone, a record of any size goes out"
        );
        let sent = 1_300_000..1_301_000;
        assert!(sent.contains(&load.fullest()), "what was awaited counts too");
    }
}
