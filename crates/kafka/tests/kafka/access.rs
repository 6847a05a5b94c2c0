//! What the commands do with topics.

use std::ops::ControlFlow;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use reeve_kafka::KafkaLane;
use reeve_log::{Log, Outgoing, Place, Stop, Topic, partition};

use crate::cluster::{Cluster, PARTITIONS, copies, first_records, outgoing};

#[test]
fn a_key_lies_where_every_keyed_writer_looks_for_it_and_its_headers_with_it() {
    let cluster = Cluster::new();
    let record = Outgoing {
        headers: vec![("ce_type", Bytes::from_static(b"x"))],
        ..outgoing(Topic::TaskEvents, Place::ByKey, "subject")
    };
    assert_eq!(cluster.access().write([record], &mut |_| {}).unwrap(), 1);
    let expected = partition::of_key(b"subject", PARTITIONS);
    let record = cluster
        .access()
        .fetch(Topic::TaskEvents, expected, 0)
        .unwrap()
        .expect("it is there");
    assert_eq!(record.headers, [("ce_type".to_owned(), b"x".to_vec())]);
    assert_eq!(record.key.as_deref(), Some(&b"subject"[..]));
}

#[test]
fn a_record_of_no_key_has_none() {
    let cluster = Cluster::new();
    let record = Outgoing {
        key: Bytes::new(),
        ..outgoing(Topic::Alerts, Place::ByKey, "alert")
    };
    cluster.access().write([record], &mut |_| {}).unwrap();
    let scanned = cluster.access().scan(Topic::Alerts, &mut |record| {
        assert_eq!(record.key, None);
        ControlFlow::Continue(())
    });
    scanned.unwrap();
    assert_eq!(cluster.count(Topic::Alerts), 1);
}

#[test]
fn coordinates_without_a_record_are_gone() {
    let cluster = Cluster::new();
    let access = cluster.access();
    access
        .write(
            [outgoing(Topic::DeadLetters, Place::Partition(0), "x")],
            &mut |_| {},
        )
        .unwrap();
    for (partition, offset) in [(0, 1), (0, -1), (1, 0), (PARTITIONS, 0), (-1, 0)] {
        let fetched = access.fetch(Topic::DeadLetters, partition, offset).unwrap();
        assert!(fetched.is_none(), "{partition} {offset}");
    }
    assert!(access.fetch(Topic::DeadLetters, 0, 0).unwrap().is_some());
}

#[test]
fn a_scan_sees_neither_aborted_nor_open_records() {
    let cluster = Cluster::new();
    cluster.publish(Topic::Alerts, 0..10);
    let mut config = cluster.normalizer();
    config.failpoints.abort_every = Some(1);
    let mut lane = KafkaLane::open(config).unwrap();
    let records = first_records(&mut lane);
    lane.commit(copies(&records, Topic::Findings)).unwrap();
    assert_eq!(cluster.count(Topic::Findings), 0);
}

#[test]
fn a_follower_hears_what_comes_and_stops() {
    let cluster = Cluster::new();
    let (access, stop) = (cluster.access(), Stop::default());
    let (heard, hears) = channel();
    let stopped = stop.clone();
    let following = thread::spawn(move || {
        access.follow(Topic::Tasks, &stopped, &mut |record| {
            heard.send(record.offset).unwrap();
            ControlFlow::Continue(())
        })
    });
    // Whatever stands before it began is not followed, so the record is written until it is heard.
    let mut offset = None;
    while offset.is_none() {
        cluster
            .access()
            .write([outgoing(Topic::Tasks, Place::Partition(0), "task")], &mut |_| {})
            .unwrap();
        offset = hears.recv_timeout(Duration::from_millis(200)).ok();
        assert!(!following.is_finished());
    }
    stop.stop();
    following.join().unwrap().unwrap();
}
