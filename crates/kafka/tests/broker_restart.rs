//! A broker that is killed in the middle of the work costs time, never records.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "kafka/cluster.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod cluster;

use std::thread;
use std::time::{Duration, Instant};

use reeve_kafka::KafkaLane;
use reeve_log::{Log, Topic};
use reeve_tests::kafka::Kafka;

use crate::cluster::{Cluster, copy_until, first_assignment, numbers};

const RECORDS: u32 = 20_000;

#[test]
fn records_are_copied_once_across_a_broker_killed_and_restarted_and_a_lane_can_leave_without_one() {
    let broker = Kafka::shared();
    let cluster = Cluster::new();
    cluster.publish(Topic::Alerts, 0..RECORDS);
    let mut lane = KafkaLane::open(cluster.normalizer()).unwrap();
    let mut restarting = None;
    let enough = |done: usize| {
        if done > 2_000 && restarting.is_none() {
            restarting = Some(thread::spawn(move || {
                broker.kill(1);
                broker.restart(1);
            }));
        }
        done >= RECORDS as usize
    };
    copy_until(&mut lane, enough).unwrap();
    restarting.expect("it was killed on the way").join().unwrap();
    lane.leave().unwrap();
    assert_eq!(cluster.values(Topic::Findings), numbers(0..RECORDS));

    let mut lane = KafkaLane::open(cluster.normalizer()).unwrap();
    first_assignment(&mut lane);
    broker.kill(1);
    let begun = Instant::now();
    lane.leave().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
