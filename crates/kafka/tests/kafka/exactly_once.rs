//! Each record that goes in comes out once, whatever is aborted or fenced in between.

use std::time::Duration;

use reeve_kafka::{KafkaConfig, KafkaLane};
use reeve_log::{Commit, Log, LogError, Place, Topic};
use reeve_tests::host::wait_until;

use crate::cluster::{Cluster, copies, copy_until, first_records, limits, numbers, outgoing};

const RECORDS: u32 = 3_000;

/// Copies all records with `config` on top of a cluster of its own; what came out, and how many aborts there were.
fn pass_through(change: impl FnOnce(&mut KafkaConfig)) -> (Vec<String>, u32) {
    let cluster = Cluster::new();
    cluster.publish(Topic::Alerts, 0..RECORDS);
    let mut config = cluster.normalizer();
    change(&mut config);
    let mut lane = KafkaLane::open(config).unwrap();
    let aborted = copy_until(&mut lane, |done| done >= RECORDS as usize).unwrap();
    lane.leave().unwrap();
    (cluster.values(Topic::Findings), aborted)
}

#[test]
fn a_third_of_the_transactions_aborted_gives_the_same_records_as_none() {
    let (undisturbed, none) = pass_through(|_| {});
    let (disturbed, many) = pass_through(|config| config.failpoints.abort_every = Some(3));
    assert_eq!(none, 0);
    assert!(many >= 10, "{many} aborts");
    assert_eq!(undisturbed, numbers(0..RECORDS));
    assert_eq!(disturbed, undisturbed);
}

#[test]
fn without_transactions_the_same_disturbance_doubles_records() {
    let (disturbed, many) = pass_through(|config| {
        config.failpoints.abort_every = Some(3);
        config.transactions = false;
    });
    assert!(
        many >= 10 && disturbed.len() > RECORDS as usize,
        "{many} aborts, {} records",
        disturbed.len()
    );
}

#[test]
fn a_batch_larger_than_one_request_per_partition_is_written_whole() {
    let cluster = Cluster::new();
    cluster.publish(Topic::Alerts, 0..1);
    let mut lane = KafkaLane::open(cluster.normalizer()).unwrap();
    let records = first_records(&mut lane);
    let mut output = copies(&records, Topic::Findings);
    let kilobyte = "x".repeat(1_000);
    output
        .records
        .extend((0..5_000).map(|_| outgoing(Topic::Findings, Place::Partition(1), &kilobyte)));
    assert_eq!(lane.commit(output).unwrap(), Commit::Done);
    assert_eq!(cluster.count(Topic::Findings), 5_001);
}

#[test]
fn a_lane_that_is_fenced_claims_its_identity_back_and_ends_when_it_is_fenced_again_within_a_minute() {
    let cluster = Cluster::new();
    cluster.publish(Topic::Alerts, 0..10);
    let mut lane = KafkaLane::open(cluster.normalizer()).unwrap();
    let records = first_records(&mut lane);
    let namesake = KafkaLane::open(cluster.normalizer()).unwrap();
    let fenced = lane.commit(copies(&records, Topic::Findings));
    assert_eq!(fenced.unwrap(), Commit::Fenced);
    assert_eq!(lane.poll(&limits(100)).unwrap().revoked, [0, 1, 2, 3]);
    assert!(cluster.values(Topic::Findings).is_empty());

    drop(namesake);
    copy_until(&mut lane, |done| done >= 10).unwrap();
    assert_eq!(cluster.values(Topic::Findings), numbers(0..10));

    cluster.publish(Topic::Alerts, 10..20);
    let records = first_records(&mut lane);
    let namesake = KafkaLane::open(cluster.normalizer()).unwrap();
    let fenced = lane.commit(copies(&records, Topic::Findings));
    assert!(matches!(fenced, Err(LogError::Fenced(_))), "{fenced:?}");
    assert_eq!(cluster.values(Topic::Findings), numbers(0..10));
    drop((lane, namesake));
}

/// The zombie has another transactional id, so only the offsets it sends with its batch can stop it.
#[test]
fn a_lane_that_lost_its_partitions_unawares_commits_nothing() {
    let cluster = Cluster::new();
    cluster.publish(Topic::Alerts, 0..10);
    let mut config = cluster.normalizer();
    for property in ["session.timeout.ms", "max.poll.interval.ms"] {
        config.consumer_properties.insert(property.into(), "6000".into());
    }
    let mut zombie = KafkaLane::open(config).unwrap();
    let records = first_records(&mut zombie);

    let mut config = cluster.normalizer();
    config.host = "another".into();
    let mut owner = KafkaLane::open(config).unwrap();
    let mut copied = 0;
    wait_until(Duration::from_secs(60), "the other lane owns all", || {
        copied += owner_step(&mut owner);
        copied == 10
    });

    assert_eq!(
        zombie.commit(copies(&records, Topic::Findings)).unwrap(),
        Commit::Aborted
    );
    let mut revoked = 0;
    wait_until(Duration::from_secs(60), "it hears that it lost all", || {
        revoked += zombie.poll(&limits(100)).unwrap().revoked.len();
        revoked == 4
    });
    assert_eq!(cluster.values(Topic::Findings), numbers(0..10));
}

fn owner_step(owner: &mut KafkaLane) -> usize {
    let polled = owner.poll(&limits(100)).unwrap();
    if polled.records.is_empty() {
        return 0;
    }
    assert_eq!(
        owner.commit(copies(&polled.records, Topic::Findings)).unwrap(),
        Commit::Done
    );
    polled.records.len()
}
