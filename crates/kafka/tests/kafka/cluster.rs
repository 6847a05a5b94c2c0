//! An installation of its own for every test on the shared broker, and the simplest segment: copy what comes.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reeve_kafka::topics::{self, Layout};
use reeve_kafka::{Access, Connection, KafkaConfig, KafkaLane};
use reeve_log::{
    BatchLimits, Commit, Log, LogError, Outgoing, Output, Place, Polled, Record, Topic, TopicNames,
};
use reeve_tests::kafka::Kafka;

pub(crate) const PARTITIONS: i32 = 4;

/// Topics and groups with a prefix of their own.
pub(crate) struct Cluster {
    pub(crate) prefix: String,
    pub(crate) names: TopicNames,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let cluster = Self::without_topics();
        let created = topics::create(&connection(), &cluster.layout()).unwrap();
        assert_eq!(created.len(), Topic::ALL.len());
        topics::wait_ready(&connection(), &cluster.names, Duration::from_secs(20)).unwrap();
        cluster
    }

    pub(crate) fn without_topics() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("t{}.", NUMBER.fetch_add(1, Ordering::Relaxed));
        let names = TopicNames::prefixed(&prefix);
        Self { prefix, names }
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            names: self.names.clone(),
            partitions: PARTITIONS,
            replication: None,
        }
    }

    pub(crate) fn normalizer(&self) -> KafkaConfig {
        KafkaConfig {
            connection: connection(),
            group_prefix: self.prefix.clone(),
            app: "reeve".into(),
            role: "normalizer".into(),
            inputs: vec![Topic::Alerts],
            outputs: vec![Topic::Findings, Topic::DeadLetters],
            ledger: false,
            names: self.names.clone(),
            instance: None,
            host: "host".into(),
            lane: 0,
            consumer_properties: BTreeMap::new(),
            producer_properties: BTreeMap::new(),
            transactions: true,
            failpoints: "".parse().unwrap(),
        }
    }

    pub(crate) fn dispatcher(&self) -> KafkaConfig {
        KafkaConfig {
            role: "dispatcher".into(),
            inputs: vec![Topic::Findings, Topic::TaskEvents],
            outputs: vec![Topic::Tasks, Topic::TaskEvents, Topic::DeadLetters],
            ledger: true,
            ..self.normalizer()
        }
    }

    pub(crate) fn access(&self) -> Access {
        Access::new(connection(), self.names.clone())
    }

    /// Writes the numbers of `range` as values and keys.
    pub(crate) fn publish(&self, topic: Topic, range: std::ops::Range<u32>) {
        let records = range.map(|n| outgoing(topic, Place::ByKey, &n.to_string()));
        self.access().write(records, &mut |_| {}).unwrap();
    }

    /// The committed values of a topic through Java's consumer, sorted.
    pub(crate) fn values(&self, topic: Topic) -> Vec<String> {
        let records = Kafka::shared().consume(self.names.name(topic));
        let values = records.into_iter().map(|record| record.value.unwrap_or_default());
        let mut values: Vec<String> = values
            .map(|value| String::from_utf8_lossy(&value).into_owned())
            .collect();
        values.sort();
        values
    }

    /// How many committed records a topic holds, through reeve's own scan: quick enough to be asked again and again.
    pub(crate) fn count(&self, topic: Topic) -> usize {
        let mut count = 0;
        let scanned = self.access().scan(topic, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        scanned.unwrap();
        count
    }
}

pub(crate) fn connection() -> Connection {
    Connection {
        brokers: Kafka::shared().bootstrap().into(),
        ..Connection::default()
    }
}

pub(crate) fn outgoing(topic: Topic, place: Place, text: &str) -> Outgoing {
    Outgoing {
        topic,
        place,
        key: Bytes::from(text.to_owned()),
        value: Some(Bytes::from(text.to_owned())),
        headers: Vec::new(),
    }
}

/// The numbers as `values` gives them, each once.
pub(crate) fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    let mut numbers: Vec<String> = range.map(|n| n.to_string()).collect();
    numbers.sort();
    numbers
}

pub(crate) fn limits(records_max: usize) -> BatchLimits {
    BatchLimits {
        records_max,
        bytes_max: 750_000,
        wait: Duration::from_millis(20),
    }
}

pub(crate) fn copies(records: &[Record], to: Topic) -> Output {
    let copy = |record: &Record| Outgoing {
        topic: to,
        place: Place::ByKey,
        key: record.key.clone().unwrap_or_default(),
        value: record.value.clone(),
        headers: Vec::new(),
    };
    Output {
        records: records.iter().map(copy).collect(),
        proofs: BTreeMap::new(),
    }
}

/// Polls until partitions are assigned, restores them without looking, and goes on until records come.
pub(crate) fn first_records(lane: &mut KafkaLane) -> Vec<Record> {
    poll_until(lane, |polled| !polled.records.is_empty()).records
}

pub(crate) fn first_assignment(lane: &mut KafkaLane) -> Vec<i32> {
    poll_until(lane, |polled| !polled.assigned.is_empty()).assigned
}

fn poll_until(lane: &mut KafkaLane, done: impl Fn(&Polled) -> bool) -> Polled {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let polled = lane.poll(&limits(100)).unwrap();
        for partition in &polled.assigned {
            lane.restore(*partition, &mut |_| Ok(())).unwrap();
        }
        if done(&polled) {
            return polled;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "nothing came within a minute"
        );
    }
}

/// Copies alerts to findings until `enough` says so, and counts the transactions that were aborted.
pub(crate) fn copy_until(
    lane: &mut KafkaLane,
    mut enough: impl FnMut(usize) -> bool,
) -> Result<u32, LogError> {
    let (mut done, mut aborted) = (0, 0);
    while !enough(done) {
        let polled = lane.poll(&limits(100))?;
        for partition in &polled.assigned {
            lane.restore(*partition, &mut |_| Ok(()))?;
        }
        if polled.records.is_empty() {
            continue;
        }
        match lane.commit(copies(&polled.records, Topic::Findings))? {
            Commit::Done => done += polled.records.len(),
            Commit::Aborted | Commit::Fenced => aborted += 1,
        }
    }
    Ok(aborted)
}
