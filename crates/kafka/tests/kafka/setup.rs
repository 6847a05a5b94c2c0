//! A cluster that is not as it must be is refused with what to do about it.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{Offset, TopicPartitionList};
use reeve_kafka::topics::{self, Created};
use reeve_kafka::{Connection, KafkaLane};
use reeve_log::{Log, LogError, Output, Place, Topic};
use reeve_tests::kafka::Kafka;

use crate::cluster::{Cluster, PARTITIONS, connection, copy_until, first_records, limits, outgoing};

fn refusal(result: Result<impl Sized, LogError>) -> String {
    match result {
        Err(LogError::Setup(text)) => text,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was accepted"),
    }
}

#[test]
fn missing_topics_name_the_command_that_makes_them() {
    let cluster = Cluster::without_topics();
    let text = refusal(KafkaLane::open(cluster.normalizer()));
    assert!(text.contains("`reeve topics create`"), "{text}");
}

#[test]
fn topics_are_made_once_and_then_verified() {
    let cluster = Cluster::new();
    let again = topics::create(&connection(), &cluster.layout()).unwrap();
    assert!(
        again.iter().all(|(_, created)| *created == Created::Existed),
        "{again:?}"
    );
    assert_eq!(topics::verify(&connection(), &cluster.layout()).unwrap(), []);
}

#[test]
fn another_number_of_partitions_and_another_policy_are_mismatches() {
    let cluster = Cluster::without_topics();
    let tasks = cluster.names.name(Topic::Tasks);
    Kafka::shared().create_topic(tasks, 2, &[("cleanup.policy", "delete")]);
    topics::create(&connection(), &cluster.layout()).unwrap();
    let found = topics::verify(&connection(), &cluster.layout()).unwrap();
    let strict: Vec<&str> = found
        .iter()
        .filter(|m| !m.tolerable)
        .map(|m| m.what.as_str())
        .collect();
    assert_eq!(strict, ["partitions", "cleanup.policy"], "{found:#?}");
    assert!(found.iter().all(|mismatch| mismatch.topic == **tasks));
}

#[test]
fn inputs_that_cannot_be_read_together_are_refused() {
    let cluster = Cluster::without_topics();
    Kafka::shared().create_topic(cluster.names.name(Topic::TaskEvents), 2, &[]);
    topics::create(&connection(), &cluster.layout()).unwrap();
    let text = refusal(KafkaLane::open(cluster.dispatcher()));
    assert!(text.contains("must have the same number"), "{text}");
}

#[test]
fn records_deleted_before_they_were_read_stop_the_lane_with_advice() {
    let cluster = Cluster::new();
    cluster.publish(Topic::Alerts, 0..100);
    let mut lane = KafkaLane::open(cluster.normalizer()).unwrap();
    copy_until(&mut lane, |done| done >= 100).unwrap();
    lane.leave().unwrap();
    cluster.publish(Topic::Alerts, 100..200);
    delete_all(cluster.names.name(Topic::Alerts));

    let mut lane = KafkaLane::open(cluster.normalizer()).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    let text = loop {
        assert!(std::time::Instant::now() < deadline, "the lane went on");
        match lane.poll(&limits(100)) {
            Ok(polled) => assert!(polled.records.is_empty()),
            error => break refusal(error),
        }
    };
    assert!(text.contains("--to-earliest"), "{text}");
}

fn delete_all(topic: &str) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", Kafka::shared().bootstrap())
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(topic, partition, Offset::End).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime
        .block_on(admin.delete_records(&list, &AdminOptions::new()))
        .unwrap();
}

#[test]
fn a_cluster_that_is_not_there_is_unavailable() {
    let cluster = Cluster::without_topics();
    let mut config = cluster.normalizer();
    config.connection = Connection {
        brokers: format!("127.0.0.1:{}", reeve_tests::host::free_port()),
        ..Connection::default()
    };
    assert!(matches!(KafkaLane::open(config), Err(LogError::Unavailable(_))));
}

#[test]
fn a_record_that_the_cluster_does_not_take_ends_the_lane_with_what_is_to_be_set() {
    let cluster = Cluster::without_topics();
    let findings = cluster.names.name(Topic::Findings);
    let small = [("max.message.bytes", "1000")];
    Kafka::shared().create_topic(findings, u32::try_from(PARTITIONS).unwrap(), &small);
    topics::create(&connection(), &cluster.layout()).unwrap();
    cluster.publish(Topic::Alerts, 0..1);
    let mut lane = KafkaLane::open(cluster.normalizer()).unwrap();
    first_records(&mut lane);
    let large = outgoing(Topic::Findings, Place::ByKey, &"x".repeat(5_000));
    let output = Output {
        records: vec![large],
        ..Output::default()
    };
    let text = refusal(lane.commit(output));
    assert!(text.contains("`max.message.bytes`"), "{text}");
}
