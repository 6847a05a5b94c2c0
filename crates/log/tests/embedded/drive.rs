//! The loop on the embedded log: aborts, restarts and failing disks leave what an undisturbed run leaves.

use std::time::Duration;

use reeve_domain::time::Timestamp;
use reeve_log::drive::Pace;
use reeve_log::embedded::{Embedded, Store};
use reeve_log::{Log, LogError, Output, Record, RestoreError, Role, Segment, Stop, Topic};

use crate::disk::Disk;
use crate::support::{Left, all, clock, limits, records, run, settings};
use crate::toy::Toy;

/// A store with `count` findings and a few events to be read.
fn filled(store: Store, count: usize) -> Store {
    store.append(Topic::Findings, &records(count)).unwrap();
    store.append(Topic::TaskEvents, &records(count / 10)).unwrap();
    store
}

fn undisturbed(count: usize) -> Left {
    let store = filled(Store::in_memory(settings()).unwrap(), count);
    run(Embedded::lane(&store, Role::Dispatcher), &mut Toy::default(), 50).unwrap();
    Left::by(&store)
}

fn with_every_third_aborted(count: usize, toy: &mut Toy) -> (Left, usize) {
    let store = filled(Store::in_memory(settings()).unwrap(), count);
    let lane = Embedded::lane(&store, Role::Dispatcher).aborting(|transaction| transaction % 3 == 0);
    let until = run(lane, toy, 50).unwrap();
    (Left::by(&store), until.aborted)
}

#[test]
fn every_record_is_counted_once() {
    let left = undisturbed(1_000);
    let counted: u64 = left
        .ledger
        .values()
        .map(|count| count.parse::<u64>().unwrap())
        .sum();
    assert_eq!(counted, 1_100);
    for (key, revisions) in left.tasks {
        let expected: Vec<String> = (1..=revisions.len()).map(|n| n.to_string()).collect();
        assert_eq!(revisions, expected, "{key}");
    }
}

#[test]
fn aborting_every_third_transaction_changes_nothing() {
    let (left, aborted) = with_every_third_aborted(1_000, &mut Toy::default());
    assert!(aborted >= 10, "{aborted}");
    assert_eq!(left, undisturbed(1_000));
}

/// The negative control of the test above.
#[test]
fn a_segment_deaf_to_aborts_is_found_out() {
    let mut deaf = Toy::deaf();
    let (left, _) = with_every_third_aborted(1_000, &mut deaf);
    assert_ne!(left, undisturbed(1_000));
}

#[test]
fn a_restart_goes_on_where_the_last_commit_was() {
    let store = filled(Store::in_memory(settings()).unwrap(), 500);
    for _ in 0..3 {
        run(Embedded::lane(&store, Role::Dispatcher), &mut Toy::default(), 50).unwrap();
    }
    store.append(Topic::Findings, &records(500)).unwrap();
    let until = run(Embedded::lane(&store, Role::Dispatcher), &mut Toy::default(), 50).unwrap();
    assert_eq!(until.committed, 10, "only what is new is read");
    let counted: u64 = Left::by(&store)
        .ledger
        .values()
        .map(|count| count.parse::<u64>().unwrap())
        .sum();
    assert_eq!(counted, 1_050);
}

#[test]
fn a_ledger_that_has_lost_a_record_is_refused() {
    let store = filled(Store::in_memory(settings()).unwrap(), 500);
    run(Embedded::lane(&store, Role::Dispatcher), &mut Toy::default(), 50).unwrap();
    let mut forgetful = Forgetful {
        toy: Toy::default(),
        forgotten: false,
    };
    let lane = Embedded::lane(&store, Role::Dispatcher);
    let stop = Stop::default();
    let pace = Pace::default();
    let refused = reeve_log::drive(lane, &mut forgetful, &mut (), &clock(), &pace, &stop);
    assert!(
        matches!(refused, Err(LogError::Restore(RestoreError::Lost { .. }))),
        "{refused:?}"
    );
}

/// Wherever the disk fails and whatever half of the unsynced writes survives: after the repair the run ends as if
/// nothing had happened, and the failure was named.
#[test]
fn a_disk_that_fails_anywhere_loses_and_doubles_nothing() {
    let expected = undisturbed(200);
    let mut failures = 0;
    for n in (1..).step_by(3) {
        let disk = Disk::default();
        let store = filled(Store::on(disk.clone(), settings()).unwrap(), 200);
        disk.fails_at(n);
        let failed = run(Embedded::lane(&store, Role::Dispatcher), &mut Toy::default(), 50);
        let Err(error) = failed else { break };
        assert!(
            matches!(&error, LogError::Unavailable(text) if text.contains("disk")),
            "{n}: {error}"
        );
        drop(store);
        failures += 1;
        let repaired = Store::on(disk.loses_power(n), settings()).unwrap();
        run(
            Embedded::lane(&repaired, Role::Dispatcher),
            &mut Toy::default(),
            50,
        )
        .unwrap();
        assert_eq!(Left::by(&repaired), expected, "failed at change {n}");
    }
    assert!(failures > 10, "{failures}");
}

#[test]
fn a_lane_that_is_dropped_before_its_commit_has_done_nothing() {
    let store = filled(Store::in_memory(settings()).unwrap(), 100);
    let mut lane = Embedded::lane(&store, Role::Dispatcher);
    let mut toy = Toy::default();
    for partition in lane.poll(&limits(50, Duration::ZERO)).unwrap().assigned {
        lane.restore(partition, &mut |_| Ok(())).unwrap();
    }
    let polled = lane.poll(&limits(50, Duration::ZERO)).unwrap();
    assert!(!toy.run(polled.records, Timestamp::EPOCH).is_empty());
    drop(lane);
    assert!(all(&store, Topic::Tasks).is_empty());
    run(Embedded::lane(&store, Role::Dispatcher), &mut Toy::default(), 50).unwrap();
    assert_eq!(Left::by(&store), undisturbed(100));
}

/// A toy that overlooks one ledger record.
struct Forgetful {
    toy: Toy,
    forgotten: bool,
}

impl Segment for Forgetful {
    fn begin_restore(&mut self, partition: i32) {
        self.toy.begin_restore(partition);
    }
    fn restore(&mut self, record: Record) -> Result<(), RestoreError> {
        match std::mem::replace(&mut self.forgotten, true) {
            true => self.toy.restore(record),
            false => Ok(()),
        }
    }
    fn end_restore(&mut self, partition: i32, proof: Option<&str>) -> Result<(), RestoreError> {
        self.toy.end_restore(partition, proof)
    }
    fn revoke(&mut self, partition: i32) {
        self.toy.revoke(partition);
    }
    fn run(&mut self, records: Vec<Record>, now: Timestamp) -> Output {
        self.toy.run(records, now)
    }
    fn tick(&mut self, partition: i32, now: Timestamp) -> Output {
        self.toy.tick(partition, now)
    }
    fn committed(&mut self, now: Timestamp) {
        self.toy.committed(now);
    }
    fn aborted(&mut self) {
        self.toy.aborted();
    }
}
