//! Partitions move between lanes, and no record is lost or doubled on the way.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use reeve_kafka::KafkaLane;
use reeve_log::{Log, Stop, Topic};
use reeve_tests::host::wait_until;

use crate::cluster::{Cluster, copy_until, numbers};

/// A lane on its own thread, which counts what it copied.
fn spawn(cluster: &Cluster, host: &str, copied: &'static AtomicU32, stop: &Stop) -> thread::JoinHandle<()> {
    let mut config = cluster.normalizer();
    config.host = host.into();
    let stop = stop.clone();
    thread::spawn(move || {
        let mut lane = KafkaLane::open(config).unwrap();
        let enough = |done| {
            copied.store(u32::try_from(done).unwrap(), Ordering::SeqCst);
            stop.is_stopped()
        };
        copy_until(&mut lane, enough).unwrap();
        lane.leave().unwrap();
    })
}

#[test]
fn one_lane_two_lanes_one_lane_copy_everything_once() {
    static FIRST: AtomicU32 = AtomicU32::new(0);
    static SECOND: AtomicU32 = AtomicU32::new(0);
    let cluster = Cluster::new();
    let (first_stop, second_stop) = (Stop::default(), Stop::default());
    let reached = |count: u32| {
        wait_until(Duration::from_secs(60), "the lanes copied all so far", || {
            FIRST.load(Ordering::SeqCst) + SECOND.load(Ordering::SeqCst) >= count
        });
    };

    cluster.publish(Topic::Alerts, 0..500);
    let first = spawn(&cluster, "first", &FIRST, &first_stop);
    reached(500);

    let second = spawn(&cluster, "second", &SECOND, &second_stop);
    let mut published = 500;
    wait_until(Duration::from_secs(60), "the second lane has its share", || {
        cluster.publish(Topic::Alerts, published..published + 100);
        published += 100;
        SECOND.load(Ordering::SeqCst) > 0
    });
    reached(published);

    second_stop.stop();
    cluster.publish(Topic::Alerts, published..published + 500);
    published += 500;
    second.join().unwrap();
    reached(published);
    first_stop.stop();
    first.join().unwrap();
    assert_eq!(cluster.values(Topic::Findings), numbers(0..published));
}
