//! What can be known of a cluster before a role runs on it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use reeve_kafka::{KafkaLane, probe};
use reeve_log::{Log, Topic};
use reeve_tests::kafka::Kafka;

use crate::cluster::{Cluster, copy_until};

/// Writes one record to the alerts, stamped `ahead` of now.
fn write(cluster: &Cluster, ahead: Duration) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", Kafka::shared().bootstrap());
    let producer: BaseProducer = config.create().unwrap();
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + ahead;
    let at = i64::try_from(at.as_millis()).unwrap();
    let record = BaseRecord::<(), str>::to(cluster.names.name(Topic::Alerts))
        .payload("[]")
        .timestamp(at);
    producer.send(record).unwrap();
    producer.flush(Duration::from_secs(10)).unwrap();
}

#[test]
fn a_cluster_that_fits_has_no_fault_and_one_with_a_record_from_the_future_has() {
    let cluster = Cluster::new();
    write(&cluster, Duration::ZERO);
    assert_eq!(probe(&cluster.normalizer()).unwrap(), Vec::<String>::new());
    write(&cluster, Duration::from_secs(3_600));
    let faults = probe(&cluster.normalizer()).unwrap();
    assert!(
        faults.len() == 1 && faults[0].contains("clock"),
        "the hour ahead is told: {faults:?}"
    );
}

#[test]
fn trying_the_rights_of_a_lane_does_not_end_the_lane_that_runs() {
    let cluster = Cluster::new();
    let mut lane = KafkaLane::open(cluster.normalizer()).unwrap();
    assert_eq!(probe(&cluster.normalizer()).unwrap(), Vec::<String>::new());
    write(&cluster, Duration::ZERO);
    copy_until(&mut lane, |done| done >= 1).unwrap();
    lane.leave().unwrap();
}
