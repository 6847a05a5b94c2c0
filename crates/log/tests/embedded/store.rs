//! The store's own promises: all or nothing, private, nothing unread is dropped, nothing waits by asking again.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reeve_domain::time::Timestamp;
use reeve_log::embedded::{Embedded, Incoming, Keep, Retention, Settings, Store};
use reeve_log::{Commit, Log, LogError, Outgoing, Output, Place, Record, Role, Topic};

use crate::support::{all, limits, record, records, settings, text};

fn memory() -> Store {
    Store::in_memory(settings()).unwrap()
}

/// A lane that owns and has restored everything.
fn restored(store: &Store, role: Role) -> Embedded {
    let mut lane = Embedded::lane(store, role);
    for partition in lane.poll(&limits(1, Duration::ZERO)).unwrap().assigned {
        lane.restore(partition, &mut |_| Ok(())).unwrap();
    }
    lane
}

fn poll(lane: &mut Embedded) -> Vec<Record> {
    lane.poll(&limits(10_000, Duration::ZERO)).unwrap().records
}

fn ledger(partition: i32, key: &str, value: Option<&str>) -> Outgoing {
    Outgoing {
        topic: Topic::Ledger,
        place: Place::Partition(partition),
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
        headers: vec![],
    }
}

fn output(records: Vec<Outgoing>) -> Output {
    Output {
        records,
        ..Output::default()
    }
}

#[test]
fn a_directory_has_one_process_and_a_fixed_number_of_partitions() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let store = Store::open(directory.path(), settings()).unwrap();
    store.append(Topic::Alerts, &records(10)).unwrap();
    let second = Store::open(directory.path(), settings());
    assert!(matches!(second, Err(LogError::Setup(text)) if text.contains("another process")));
    drop(store);
    let other = Store::open(
        directory.path(),
        Settings {
            partitions: 4,
            ..settings()
        },
    );
    assert!(matches!(other, Err(LogError::Setup(text)) if text.contains("made with 3 partitions")));
    assert_eq!(
        all(&Store::open(directory.path(), settings()).unwrap(), Topic::Alerts).len(),
        10
    );
}

#[test]
fn consumed_alerts_are_deleted_by_the_transaction_that_consumes_them() {
    let store = memory();
    store.append(Topic::Alerts, &records(100)).unwrap();
    let mut lane = restored(&store, Role::Normalizer).aborting(|transaction| transaction == 1);
    assert_eq!(poll(&mut lane).len(), 100);
    assert_eq!(all(&store, Topic::Alerts).len(), 100);
    assert_eq!(lane.commit(Output::default()).unwrap(), Commit::Aborted);
    assert_eq!(all(&store, Topic::Alerts).len(), 100, "an abort deletes nothing");
    assert_eq!(poll(&mut lane).len(), 100, "and they are polled again");
    assert_eq!(lane.commit(Output::default()).unwrap(), Commit::Done);
    assert!(all(&store, Topic::Alerts).is_empty());
}

#[test]
fn of_the_ledger_the_last_value_of_each_key_is_restored_in_its_own_partition() {
    let store = memory();
    let mut lane = restored(&store, Role::Dispatcher);
    lane.commit(output(vec![
        ledger(1, "a", Some("1")),
        ledger(1, "b", Some("1")),
        ledger(2, "a", Some("x")),
    ]))
    .unwrap();
    lane.commit(output(vec![
        ledger(1, "a", Some("2")),
        ledger(1, "c", Some("1")),
        ledger(1, "b", None),
    ]))
    .unwrap();
    let restore = |partition| {
        let mut seen = Vec::new();
        let mut lane = Embedded::lane(&store, Role::Dispatcher);
        lane.restore(partition, &mut |r: Record| {
            seen.push((r.offset, text(&r.key), text(&r.value)));
            Ok(())
        })
        .unwrap();
        seen
    };
    assert_eq!(
        restore(1),
        [(2, "a".into(), "2".into()), (3, "c".into(), "1".into())]
    );
    assert_eq!(restore(2), [(0, "a".into(), "x".into())]);
    assert_eq!(
        store.ledger(b"c").unwrap().map(|r| text(&r.value)),
        Some("1".into())
    );
    assert!(store.ledger(b"b").unwrap().is_none(), "a tombstone ends a key");
}

#[test]
fn a_proof_comes_back_until_the_next_one() {
    let store = memory();
    let mut lane = restored(&store, Role::Dispatcher);
    let proof = |store: &Store, partition| {
        Embedded::lane(store, Role::Dispatcher)
            .restore(partition, &mut |_| Ok(()))
            .unwrap()
    };
    let with_proof = |text: &str| Output {
        proofs: [(1, text.to_owned())].into(),
        ..Output::default()
    };
    assert_eq!(proof(&memory(), 1), None);
    assert_eq!(lane.commit(with_proof("one")).unwrap(), Commit::Done);
    store.append(Topic::Findings, &records(20)).unwrap();
    assert_eq!(poll(&mut lane).len(), 20);
    lane.commit(Output::default()).unwrap();
    assert_eq!(proof(&store, 1).as_deref(), Some("one"));
    assert_eq!(proof(&store, 0), None);
    let mut lane = restored(&store, Role::Dispatcher);
    lane.commit(with_proof("two")).unwrap();
    assert_eq!(proof(&store, 1).as_deref(), Some("two"));
}

#[test]
fn a_lane_that_was_replaced_is_fenced() {
    let store = memory();
    let mut old = restored(&store, Role::Dispatcher);
    let mut other_role = restored(&store, Role::Normalizer);
    let mut new = restored(&store, Role::Dispatcher);
    let write = || output(vec![ledger(0, "a", Some("1"))]);
    assert!(matches!(old.commit(write()), Err(LogError::Fenced(_))));
    assert!(all(&store, Topic::Ledger).is_empty());
    assert_eq!(new.commit(write()).unwrap(), Commit::Done);
    assert_eq!(other_role.commit(write()).unwrap(), Commit::Done);
}

#[test]
fn records_are_placed_by_key_by_number_and_everywhere() {
    let store = memory();
    let mut lane = restored(&store, Role::Normalizer);
    let to = |place| Outgoing {
        topic: Topic::Findings,
        place,
        ..ledger(0, "key-1", Some("v"))
    };
    lane.commit(output(vec![
        to(Place::ByKey),
        to(Place::Partition(2)),
        to(Place::Every),
    ]))
    .unwrap();
    let mut partitions: Vec<i32> = all(&store, Topic::Findings)
        .iter()
        .map(|record| record.partition)
        .collect();
    partitions.sort_unstable();
    let mut expected = vec![reeve_log::partition::of_key(b"key-1", 3), 2, 0, 1, 2];
    expected.sort_unstable();
    assert_eq!(partitions, expected);
    assert!(matches!(
        lane.commit(output(vec![to(Place::Partition(3))])),
        Err(LogError::Internal(_))
    ));
    let keyless = Incoming {
        key: None,
        ..record("", "v")
    };
    let places = store.append(Topic::Alerts, &vec![keyless; 6]).unwrap();
    assert_eq!(places, [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]);
}

#[test]
fn nobody_outside_writes_the_ledger() {
    assert!(matches!(
        memory().append(Topic::Ledger, &records(1)),
        Err(LogError::Setup(_))
    ));
}

#[test]
fn a_batch_keeps_its_limits_and_starves_no_partition() {
    let store = memory();
    store.append(Topic::Alerts, &records(900)).unwrap();
    let mut lane = restored(&store, Role::Normalizer);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let records = lane.poll(&limits(100, Duration::ZERO)).unwrap().records;
        assert_eq!(records.len(), 100);
        seen.extend(records.iter().map(|record| record.partition));
    }
    assert_eq!(seen.len(), 3);
    let few_bytes = reeve_log::BatchLimits {
        bytes_max: 1,
        ..limits(100, Duration::ZERO)
    };
    assert_eq!(
        lane.poll(&few_bytes).unwrap().records.len(),
        1,
        "one record always fits"
    );
}

#[test]
fn an_idle_poll_waits_its_time_and_an_append_ends_it() {
    let store = memory();
    let mut lane = restored(&store, Role::Normalizer);
    let begun = Instant::now();
    assert!(
        lane.poll(&limits(10, Duration::from_millis(30)))
            .unwrap()
            .records
            .is_empty()
    );
    assert!(begun.elapsed() >= Duration::from_millis(30));
    let waiting = std::thread::spawn(move || {
        lane.poll(&limits(10, Duration::from_secs(60)))
            .unwrap()
            .records
            .len()
    });
    store.append(Topic::Alerts, &records(1)).unwrap();
    assert_eq!(waiting.join().unwrap(), 1);
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn lag_and_being_caught_up_follow_every_input() {
    let store = memory();
    let mut lane = restored(&store, Role::Dispatcher);
    assert!((0..3).all(|partition| lane.caught_up(partition)));
    let (partition, _) = store.append(Topic::TaskEvents, &[record("k", "v")]).unwrap()[0];
    assert!(!lane.caught_up(partition));
    assert!(lane.lag().contains(&(Topic::TaskEvents, partition, 1)));
    assert_eq!(poll(&mut lane).len(), 1);
    assert!(lane.caught_up(partition));
    assert!(lane.lag().iter().all(|(_, _, left)| *left == 0));
}

/// Tasks by age and bytes; findings only once the dispatcher has read them.
#[test]
fn retention_drops_what_is_old_or_too_much_and_never_what_is_unread() {
    let keep = |age_max, bytes_max| Keep { age_max, bytes_max };
    let week = Duration::from_secs(7 * 24 * 3600);
    let retention = Retention {
        findings: keep(Duration::ZERO, 0),
        tasks: keep(week, 3 * 500),
        dead_letters: keep(week, u64::MAX),
        ..Retention::default()
    };
    let store = Store::in_memory(Settings {
        retention,
        ..settings()
    })
    .unwrap();
    for topic in [Topic::Findings, Topic::Tasks, Topic::DeadLetters] {
        store.append(topic, &records(300)).unwrap();
    }
    let soon = Timestamp::from_millis(1_700_000_100_000);
    store.sweep(soon).unwrap();
    assert_eq!(all(&store, Topic::Findings).len(), 300, "unread");
    assert_eq!(all(&store, Topic::DeadLetters).len(), 300, "young");
    let tasks = all(&store, Topic::Tasks);
    assert!((20..100).contains(&tasks.len()), "{}", tasks.len());
    assert!(
        tasks.iter().any(|record| text(&record.value) == "299"),
        "the newest are kept"
    );
    let mut lane = restored(&store, Role::Dispatcher);
    assert_eq!(poll(&mut lane).len(), 300);
    lane.commit(Output::default()).unwrap();
    store
        .sweep(soon + jiff::SignedDuration::from_hours(24 * 8))
        .unwrap();
    for topic in [Topic::Findings, Topic::Tasks, Topic::DeadLetters] {
        assert!(all(&store, topic).is_empty(), "{topic:?}");
    }
    let (partition, offset) = store.append(Topic::Tasks, &[record("key-0", "v")]).unwrap()[0];
    assert!(offset > 0, "offsets go on in partition {partition}");
}
