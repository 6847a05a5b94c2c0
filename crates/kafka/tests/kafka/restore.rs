//! State is rebuilt from all that was committed, begins where its offsets say, and carries its proof.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use reeve_kafka::KafkaLane;
use reeve_log::{Commit, Log, LogError, Output, Place, Topic};
use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;

use crate::cluster::{Cluster, PARTITIONS, copies, first_assignment, first_records, limits, outgoing};

/// Keys of the ledger records a restore gives, in order, and the proof.
fn restored(lane: &mut KafkaLane, partition: i32) -> Result<(Vec<String>, Option<String>), LogError> {
    let mut keys = Vec::new();
    let proof = lane.restore(partition, &mut |record| {
        keys.push(String::from_utf8(record.key.unwrap_or_default().to_vec()).unwrap());
        Ok(())
    })?;
    Ok((keys, proof))
}

/// Polls until the lane has its partitions, without restoring any.
fn assigned(lane: &mut KafkaLane) {
    wait_until(Duration::from_secs(60), "partitions are assigned", || {
        lane.poll(&limits(10)).unwrap().assigned.len() == PARTITIONS as usize
    });
}

fn ledger_write(key: &str, proof: &str) -> Output {
    Output {
        records: vec![outgoing(Topic::Ledger, Place::Partition(0), key)],
        proofs: BTreeMap::from([(0, proof.to_owned())]),
    }
}

#[test]
fn the_proof_of_the_last_change_comes_back_though_later_commits_had_none() {
    let cluster = Cluster::new();
    let mut lane = KafkaLane::open(cluster.dispatcher()).unwrap();
    first_assignment(&mut lane);
    assert_eq!(lane.commit(ledger_write("case", "1 case")).unwrap(), Commit::Done);
    cluster
        .access()
        .write([outgoing(Topic::Findings, Place::Partition(0), "x")], &mut |_| {})
        .unwrap();
    let records = first_records(&mut lane);
    assert_eq!(lane.commit(copies(&records, Topic::Tasks)).unwrap(), Commit::Done);
    lane.leave().unwrap();

    let mut next = KafkaLane::open(cluster.dispatcher()).unwrap();
    assigned(&mut next);
    assert_eq!(
        restored(&mut next, 0).unwrap(),
        (vec!["case".into()], Some("1 case".into()))
    );
    assert_eq!(restored(&mut next, 1).unwrap(), (vec![], None));
}

#[test]
fn a_change_of_the_ledger_sends_the_offsets_of_both_inputs_though_neither_moved() {
    let cluster = Cluster::new();
    let mut lane = KafkaLane::open(cluster.dispatcher()).unwrap();
    first_assignment(&mut lane);
    assert_eq!(lane.commit(ledger_write("case", "proof")).unwrap(), Commit::Done);
    let group = ClientConfig::new()
        .set("bootstrap.servers", Kafka::shared().bootstrap())
        .set("group.id", format!("{}reeve-dispatcher", cluster.prefix))
        .create::<BaseConsumer>()
        .unwrap();
    for topic in [Topic::Findings, Topic::TaskEvents] {
        let mut asked = TopicPartitionList::new();
        asked.add_partition(cluster.names.name(topic), 0);
        let found = group.committed_offsets(asked, Duration::from_secs(10)).unwrap();
        let element = &found.elements()[0];
        assert_eq!(
            (element.offset(), element.metadata()),
            (Offset::Offset(0), "proof"),
            "{topic:?}"
        );
    }
}

/// The open transaction stands before what was committed later: the last stable offset would hide both.
#[test]
fn a_restore_waits_for_the_open_transaction_of_a_dead_owner() {
    let cluster = Cluster::new();
    let ledger = cluster.names.name(Topic::Ledger).to_string();
    let dead = transaction(&format!("{}dead", cluster.prefix), &ledger, "old");
    let later = transaction(&format!("{}later", cluster.prefix), &ledger, "new");
    later.commit_transaction(Duration::from_secs(10)).unwrap();
    assert_eq!(cluster.count(Topic::Ledger), 0, "a plain reader ends before both");

    let mut config = cluster.dispatcher();
    // Nothing was committed for the inputs, which a lane refuses if there is a ledger: its error tells how much it saw.
    config.lane = 1;
    let (began, begins) = channel();
    let restoring = thread::spawn(move || {
        let mut lane = KafkaLane::open(config).unwrap();
        assigned(&mut lane);
        began.send(()).unwrap();
        restored(&mut lane, 0).unwrap_err().to_string()
    });
    begins.recv_timeout(Duration::from_secs(60)).unwrap();
    wait_until(
        Duration::from_secs(20),
        "half a second passes",
        elapsed(Duration::from_millis(500)),
    );
    assert!(!restoring.is_finished(), "it did not wait");
    dead.commit_transaction(Duration::from_secs(10)).unwrap();
    let refusal = restoring.join().unwrap();
    assert!(refusal.contains("holds 2 records"), "{refusal}");
}

fn elapsed(span: Duration) -> impl FnMut() -> bool {
    let begun = std::time::Instant::now();
    move || begun.elapsed() >= span
}

/// An open transaction with one record in partition 0, delivered.
fn transaction(id: &str, topic: &str, key: &str) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", Kafka::shared().bootstrap())
        .set("transactional.id", id)
        .create()
        .unwrap();
    producer.init_transactions(Duration::from_secs(60)).unwrap();
    producer.begin_transaction().unwrap();
    producer
        .send(BaseRecord::to(topic).partition(0).key(key).payload(key))
        .map_err(|(error, _)| error)
        .unwrap();
    producer.flush(Duration::from_secs(10)).unwrap();
    producer
}

#[test]
fn a_ledger_without_offsets_is_refused_instead_of_read_twice() {
    let cluster = Cluster::new();
    cluster
        .access()
        .write(
            [outgoing(Topic::Ledger, Place::Partition(0), "case")],
            &mut |_| {},
        )
        .unwrap();
    let mut lane = KafkaLane::open(cluster.dispatcher()).unwrap();
    assigned(&mut lane);
    assert!(matches!(restored(&mut lane, 0), Err(LogError::Setup(_))));
    assert_eq!(restored(&mut lane, 1).unwrap(), (vec![], None));
}

#[test]
fn a_partition_is_caught_up_once_both_inputs_are_read_to_their_ends() {
    let cluster = Cluster::new();
    cluster.publish(Topic::Alerts, 0..200);
    let mut normalizer = KafkaLane::open(cluster.normalizer()).unwrap();
    crate::cluster::copy_until(&mut normalizer, |done| done >= 200).unwrap();
    normalizer.leave().unwrap();

    let mut lane = KafkaLane::open(cluster.dispatcher()).unwrap();
    first_assignment(&mut lane);
    assert!(
        (0..PARTITIONS).all(|partition| !lane.caught_up(partition)),
        "nothing was read yet"
    );
    let mut read = 0;
    wait_until(Duration::from_secs(20), "all partitions are caught up", || {
        let polled = lane.poll(&limits(100)).unwrap();
        read += polled.records.len();
        assert_eq!(
            lane.commit(copies(&polled.records, Topic::Tasks)).unwrap(),
            Commit::Done
        );
        (0..PARTITIONS).all(|partition| lane.caught_up(partition))
    });
    assert_eq!(read, 200);
    assert_eq!(lane.lag().len(), 2 * PARTITIONS as usize);
    assert!(
        lane.lag().iter().all(|(_, _, left)| *left == 0),
        "{:?}",
        lane.lag()
    );
}
