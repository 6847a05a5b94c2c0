//! Commands beside a running reeve: the same answers through the socket as from the store itself.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reeve_log::embedded::{Access, Embedded, Server, Settings, Store};
use reeve_log::{Log, LogError, Outgoing, Output, Place, Record, Role, Topic};
use tempfile::TempDir;

use crate::support::{limits, record, records, settings, text};

fn private() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o700)).unwrap();
    directory
}

fn running(directory: &Path) -> (Store, Server) {
    let store = Store::open(directory, settings()).unwrap();
    let server = Server::start(&store, directory).unwrap();
    (store, server)
}

fn scan(access: &Access, topic: Topic) -> Vec<Record> {
    let mut cursors = access.start(topic);
    let mut records = Vec::new();
    loop {
        let more = access.scan(&mut cursors, Duration::ZERO).unwrap();
        if more.is_empty() {
            return records;
        }
        records.extend(more);
    }
}

fn seen(records: &[Record]) -> Vec<(i32, i64, i64, String, String, usize)> {
    let of = |r: &Record| {
        (
            r.partition,
            r.offset,
            r.timestamp.millis(),
            text(&r.key),
            text(&r.value),
            r.headers.len(),
        )
    };
    records.iter().map(of).collect()
}

#[test]
fn a_command_works_while_another_process_holds_the_store() {
    let directory = private();
    let (store, server) = running(directory.path());
    let access = Access::open(directory.path(), settings()).unwrap();
    assert!(matches!(access, Access::Remote(_)));
    assert_eq!(access.partitions(), 3);
    let places = access.append(Topic::Alerts, &records(12_000)).unwrap();
    assert_eq!(places.len(), 12_000);
    let direct = Access::Direct(store.clone());
    assert_eq!(
        seen(&scan(&access, Topic::Alerts)),
        seen(&scan(&direct, Topic::Alerts))
    );
    assert_eq!(scan(&access, Topic::Alerts).len(), 12_000);
    drop((server, direct, store));
    assert!(matches!(
        access.append(Topic::Alerts, &records(1)),
        Err(LogError::Unavailable(_))
    ));
    assert!(matches!(
        Access::open(directory.path(), settings()).unwrap(),
        Access::Direct(_)
    ));
}

#[test]
fn a_socket_left_by_a_killed_process_stops_nobody() {
    let directory = private();
    drop(std::os::unix::net::UnixListener::bind(directory.path().join("reeve.sock")).unwrap());
    assert!(matches!(
        Access::open(directory.path(), settings()).unwrap(),
        Access::Direct(_)
    ));
    let (_store, _server) = running(directory.path());
    assert!(matches!(
        Access::open(directory.path(), settings()).unwrap(),
        Access::Remote(_)
    ));
}

#[test]
fn ledger_refusals_and_partition_counts_come_through() {
    let directory = private();
    let (store, _server) = running(directory.path());
    let mut lane = Embedded::lane(&store, Role::Dispatcher);
    let case = Outgoing {
        topic: Topic::Ledger,
        place: Place::Partition(2),
        key: Bytes::from("k"),
        value: Some(Bytes::from("case")),
        headers: vec![],
    };
    lane.commit(Output {
        records: vec![case],
        ..Output::default()
    })
    .unwrap();
    let access = Access::open(directory.path(), settings()).unwrap();
    assert_eq!(
        access
            .ledger(b"k")
            .unwrap()
            .map(|r| (r.partition, text(&r.value))),
        Some((2, "case".into()))
    );
    assert!(access.ledger(b"unknown").unwrap().is_none());
    assert!(matches!(
        access.append(Topic::Ledger, &records(1)),
        Err(LogError::Setup(_))
    ));
    let huge = record("k", &"x".repeat(17 * 1024 * 1024));
    assert!(matches!(
        access.append(Topic::Alerts, &[huge]),
        Err(LogError::Setup(_))
    ));
    let other = Access::open(
        directory.path(),
        Settings {
            partitions: 9,
            ..settings()
        },
    );
    assert!(matches!(other, Err(LogError::Setup(text)) if text.contains("3 partitions")));
}

#[test]
fn following_waits_for_the_next_record_and_what_was_published_wakes_the_lane() {
    let directory = private();
    let (store, _server) = running(directory.path());
    let access = Access::open(directory.path(), settings()).unwrap();
    let mut lane = Embedded::lane(&store, Role::Normalizer);
    for partition in lane.poll(&limits(1, Duration::ZERO)).unwrap().assigned {
        lane.restore(partition, &mut |_| Ok(())).unwrap();
    }
    let begun = Instant::now();
    let waiting = std::thread::spawn(move || {
        lane.poll(&limits(10, Duration::from_secs(60)))
            .unwrap()
            .records
            .len()
    });
    let following = std::thread::spawn({
        let access = access.clone();
        move || {
            let mut cursors = access.start(Topic::Alerts);
            std::iter::repeat_with(|| access.scan(&mut cursors, Duration::from_secs(1)).unwrap())
                .take(30)
                .find_map(|records| records.first().map(|record| text(&record.value)))
        }
    });
    access.append(Topic::Alerts, &[record("k", "hello")]).unwrap();
    assert_eq!(waiting.join().unwrap(), 1);
    assert_eq!(following.join().unwrap().as_deref(), Some("hello"));
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn senseless_clients_hold_up_neither_others_nor_the_end() {
    let directory = private();
    let (store, server) = running(directory.path());
    let socket = directory.path().join("reeve.sock");
    assert_eq!(
        std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for bytes in [
        &b"\xff\xff\xff\xff"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00\x00\x00",
    ] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // Closed without an answer, or reset: both are an end.
        drop(stream.read_to_end(&mut answer));
        assert!(answer.is_empty());
    }
    let silent = [
        UnixStream::connect(&socket).unwrap(),
        UnixStream::connect(&socket).unwrap(),
    ];
    let access = Access::open(directory.path(), settings()).unwrap();
    assert_eq!(access.append(Topic::Alerts, &records(1)).unwrap().len(), 1);
    let begun = Instant::now();
    drop(server);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    drop((silent, store));
    assert!(!socket.exists());
}
