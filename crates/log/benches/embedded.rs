//! Records per second through the embedded log: 1 KB alerts polled, passed on by key, committed, deleted.
//! `cargo bench -p reeve-log`; `REEVE_BENCH_RECORDS` sets how many (200 000).
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reeve_log::embedded::{Embedded, Incoming, Settings, Store};
use reeve_log::{BatchLimits, Log, Outgoing, Output, Place, Record, Role, Topic};

fn main() {
    let count = std::env::var("REEVE_BENCH_RECORDS").map_or(200_000, |count| count.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o700)).unwrap();
    for (name, batch) in [("memory", 10_000), ("memory", 1_000)] {
        measure(
            name,
            &Store::in_memory(Settings::default()).unwrap(),
            count,
            batch,
        );
    }
    let store = Store::open(directory.path(), Settings::default()).unwrap();
    for batch in [10_000, 1_000, 100] {
        measure("disk", &store, count.min(batch * 200), batch);
    }
}

fn measure(name: &str, store: &Store, count: usize, batch: usize) {
    let begun = Instant::now();
    let value = Bytes::from(vec![b'x'; 1_024]);
    for chunk in (0..count).collect::<Vec<_>>().chunks(batch) {
        let records: Vec<Incoming> = chunk.iter().map(|n| incoming(*n, &value)).collect();
        store.append(Topic::Alerts, &records).unwrap();
    }
    let appended = begun.elapsed();
    let begun = Instant::now();
    pass_through(store, count, batch);
    println!(
        "{name}, batches of {batch}: {count} records, append {:.0}/s, pass-through {:.0}/s",
        count as f64 / appended.as_secs_f64(),
        count as f64 / begun.elapsed().as_secs_f64(),
    );
}

fn pass_through(store: &Store, count: usize, batch: usize) {
    let limits = BatchLimits {
        records_max: batch,
        bytes_max: usize::MAX,
        wait: Duration::ZERO,
    };
    let mut lane = Embedded::lane(store, Role::Normalizer);
    for partition in lane.poll(&limits).unwrap().assigned {
        lane.restore(partition, &mut |_| Ok(())).unwrap();
    }
    let mut passed = 0;
    while passed < count {
        let records = lane.poll(&limits).unwrap().records;
        passed += records.len();
        let records = records.into_iter().map(outgoing).collect();
        lane.commit(Output {
            records,
            ..Output::default()
        })
        .unwrap();
    }
}

fn incoming(n: usize, value: &Bytes) -> Incoming {
    Incoming {
        key: Some(Bytes::from(format!("key-{n}"))),
        value: Some(value.clone()),
        headers: vec![],
    }
}

fn outgoing(record: Record) -> Outgoing {
    Outgoing {
        topic: Topic::Findings,
        place: Place::ByKey,
        key: record.key.unwrap_or_default(),
        value: record.value,
        headers: vec![("ce_type", Bytes::from_static(b"io.reeve.finding.v1"))],
    }
}
