//! A segment that counts records per key: two-phase, with a ledger and a proof, as a dispatcher is.

use std::collections::BTreeMap;

use bytes::Bytes;
use reeve_domain::time::Timestamp;
use reeve_log::{Outgoing, Output, Place, Record, RestoreError, Segment, Topic};

type Counts = BTreeMap<(i32, Bytes), u64>;

#[derive(Default)]
pub(crate) struct Toy {
    counts: Counts,
    overlay: Counts,
    deaf: bool,
}

impl Toy {
    /// The negative control: it takes an abort for a commit.
    pub(crate) fn deaf() -> Self {
        Self {
            deaf: true,
            ..Self::default()
        }
    }

    /// {keys, order-free checksum} of one partition as it will be after the overlay.
    fn proof(&self, partition: i32) -> String {
        let mut merged = self.counts.clone();
        merged.extend(self.overlay.clone());
        let of_partition = merged.iter().filter(|((p, _), _)| *p == partition);
        let sum: u64 = of_partition
            .clone()
            .map(|((_, key), n)| u64::from(key[key.len() - 1]) * 1_000 + n)
            .sum();
        format!("{}:{sum}", of_partition.count())
    }

    fn count(&self, case: &(i32, Bytes)) -> u64 {
        *self
            .overlay
            .get(case)
            .or_else(|| self.counts.get(case))
            .unwrap_or(&0)
    }
}

impl Segment for Toy {
    fn begin_restore(&mut self, partition: i32) {
        self.revoke(partition);
    }

    fn restore(&mut self, record: Record) -> Result<(), RestoreError> {
        let Some(value) = record.value else { return Ok(()) };
        let count = std::str::from_utf8(&value).unwrap().parse().unwrap();
        self.counts.insert((record.partition, record.key.unwrap()), count);
        Ok(())
    }

    fn end_restore(&mut self, partition: i32, proof: Option<&str>) -> Result<(), RestoreError> {
        let got = self.proof(partition);
        match proof.unwrap_or("0:0") {
            expected if expected == got => Ok(()),
            expected => Err(RestoreError::Lost {
                partition,
                expected: expected.into(),
                got,
            }),
        }
    }

    fn revoke(&mut self, partition: i32) {
        self.counts.retain(|(p, _), _| *p != partition);
    }

    fn run(&mut self, records: Vec<Record>, _: Timestamp) -> Output {
        let mut output = Output::default();
        for record in records {
            let key = record.key.unwrap();
            let case = (record.partition, key.clone());
            let count = self.count(&case) + 1;
            self.overlay.insert(case, count);
            output
                .records
                .push(outgoing(Topic::Tasks, Place::ByKey, key, count));
        }
        for ((partition, key), count) in &self.overlay {
            let place = Place::Partition(*partition);
            output
                .records
                .push(outgoing(Topic::Ledger, place, key.clone(), *count));
            output.proofs.insert(*partition, self.proof(*partition));
        }
        output
    }

    fn tick(&mut self, _: i32, _: Timestamp) -> Output {
        Output::default()
    }

    fn committed(&mut self, _: Timestamp) {
        self.counts.append(&mut self.overlay);
    }

    fn aborted(&mut self) {
        match self.deaf {
            true => self.counts.append(&mut self.overlay),
            false => self.overlay.clear(),
        }
    }
}

fn outgoing(topic: Topic, place: Place, key: Bytes, count: u64) -> Outgoing {
    Outgoing {
        topic,
        place,
        key,
        value: Some(Bytes::from(count.to_string())),
        headers: vec![],
    }
}
