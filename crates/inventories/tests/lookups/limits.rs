//! How hard an inventory is asked, and when it is left alone.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use reeve_domain::context::SourceStatus;
use reeve_inventories::{Ask, Inventories};
use tokio::sync::Semaphore;

use crate::stub::{Reply, Stub, owned_by, status};
use crate::world::{
    PATIENT, assert_silent, counts, later, lookup, now, plain, resolver, statuses, subject, until,
};

/// Answers, or while it is down 500.
async fn switchable(down: Arc<AtomicBool>) -> Stub {
    Stub::serving(move |_| {
        let bytes = if down.load(Ordering::SeqCst) {
            status("500 Oops", &[])
        } else {
            owned_by("payments")
        };
        Reply::Bytes(bytes)
    })
    .await
}

async fn lookup_many(inventories: &Inventories, ids: std::ops::Range<usize>) -> Vec<SourceStatus> {
    let subjects: Vec<_> = ids.map(|id| subject(&format!("user-{id}"))).collect();
    let asks: Vec<_> = subjects.iter().map(Ask::about).collect();
    let known = inventories.lookup(&asks, PATIENT, now()).await;
    known.iter().flat_map(statuses).collect()
}

#[tokio::test]
async fn no_more_requests_are_sent_than_the_rate_allows_and_the_first_asked_are_sent_first() {
    let stub = switchable(Arc::default()).await;
    let inventories = plain(
        &stub.url(),
        ", limits: { per_second: 1, burst: 5, deadline_ms: 900 }",
    );
    let statuses = lookup_many(&inventories, 0..20).await;
    assert_eq!(statuses[..5], [SourceStatus::Ok; 5]);
    assert_eq!(statuses[5..], [SourceStatus::Limited; 15]);
    assert_eq!(stub.count(), 5);
    assert_eq!(
        (counts(&inventories).limited, inventories.available()),
        (15, vec![("primary", true)])
    );
    later(3.0).await;
    assert_eq!(
        lookup_many(&inventories, 5..7).await,
        [SourceStatus::Ok; 2],
        "they are only late"
    );
}

#[tokio::test]
async fn no_more_requests_are_open_than_allowed() {
    let permits = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permits);
    let stub = Stub::serving(move |_| Reply::When(Arc::clone(&held), owned_by("payments"))).await;
    let inventories = plain(&stub.url(), ", limits: { in_flight: 3, deadline_ms: 10000 }");
    let release = async {
        until(|| stub.open_max() == 3).await;
        permits.add_permits(1_000);
    };
    let (statuses, ()) = tokio::join!(lookup_many(&inventories, 0..30), release);
    assert_eq!(statuses, [SourceStatus::Ok; 30]);
    assert_eq!((stub.count(), stub.open_max()), (30, 3));
}

#[tokio::test]
async fn a_queue_that_is_full_limits_at_once() {
    let stub = Stub::serving(|_| Reply::Hang(Vec::new())).await;
    let inventories = plain(&stub.url(), ", limits: { in_flight: 1, deadline_ms: 500 }");
    let statuses = lookup_many(&inventories, 0..1_500).await;
    assert_eq!(statuses[0], SourceStatus::Timeout);
    assert_eq!(statuses[1_024..], [SourceStatus::Limited; 476]);
}

async fn check_waits(headers: &'static [&'static str], before: f64, after: f64) {
    let first = AtomicBool::new(true);
    let stub = Stub::serving(move |_| {
        let limit = first.swap(false, Ordering::SeqCst);
        Reply::Bytes(if limit {
            status("429 Too Many Requests", headers)
        } else {
            owned_by("payments")
        })
    })
    .await;
    let inventories = plain(&stub.url(), "");
    assert_silent(
        &lookup(&inventories, "alice").await,
        SourceStatus::Limited,
        "told to wait",
    );
    later(before).await;
    for id in ["alice", "bob"] {
        assert_silent(
            &lookup(&inventories, id).await,
            SourceStatus::Limited,
            "the whole inventory waits",
        );
    }
    assert_eq!((stub.count(), inventories.recoveries()), (1, 0));
    later(after - before).await;
    assert_eq!(resolver(&lookup(&inventories, "alice").await), Some("payments"));
    assert_eq!((stub.count(), inventories.recoveries()), (2, 1));
}

#[tokio::test]
async fn retry_after_holds_for_the_whole_inventory() {
    check_waits(&["retry-after: 30"], 29.0, 31.0).await;
}

#[tokio::test]
async fn retry_after_as_a_date_is_measured_by_the_inventorys_own_clock() {
    let headers = &[
        "date: Wed, 21 Oct 2015 07:28:00 GMT",
        "retry-after: Wed, 21 Oct 2015 07:28:30 GMT",
    ];
    check_waits(headers, 29.0, 31.0).await;
    check_waits(&["retry-after: Sun, 01 Mar 2026 12:00:30 GMT"], 29.0, 31.0).await;
}

#[tokio::test]
async fn retry_after_is_believed_for_five_minutes_at_most() {
    check_waits(&["retry-after: 99999999"], 299.0, 301.0).await;
}

#[tokio::test]
async fn after_failures_it_is_left_alone_for_a_second_doubling_to_five() {
    let down = Arc::new(AtomicBool::new(true));
    let stub = switchable(Arc::clone(&down)).await;
    let inventories = plain(&stub.url(), "");
    lookup_many(&inventories, 0..2).await;
    assert_eq!(
        inventories.available(),
        [("primary", true)],
        "two failures may be two bad subjects"
    );
    lookup_many(&inventories, 2..3).await;
    assert_eq!(inventories.available(), [("primary", false)]);
    for (round, pause) in [1.0, 2.0, 4.0, 5.0, 5.0].into_iter().enumerate() {
        let (asked, id) = (stub.count(), 10 + round * 10);
        later(pause - 0.2).await;
        assert_eq!(
            lookup_many(&inventories, id..id + 1).await,
            [SourceStatus::Invalid]
        );
        assert_eq!(stub.count(), asked, "not before {pause} s");
        later(0.3).await;
        assert_eq!(
            lookup_many(&inventories, id + 1..id + 2).await,
            [SourceStatus::Invalid]
        );
        assert_eq!(stub.count(), asked + 1, "again after {pause} s");
    }
}

#[tokio::test]
async fn a_dead_inventory_is_probed_by_few_and_asked_by_all_after_its_first_answer() {
    let down = Arc::new(AtomicBool::new(true));
    let stub = switchable(Arc::clone(&down)).await;
    let inventories = plain(&stub.url(), ", limits: { in_flight: 1, deadline_ms: 10000 }");
    lookup_many(&inventories, 0..50).await;
    assert_eq!((stub.count(), inventories.recoveries()), (3, 0));
    later(1.1).await;
    lookup_many(&inventories, 0..50).await;
    assert_eq!(stub.count(), 4, "the breaker opened again at the first probe");
    down.store(false, Ordering::SeqCst);
    later(2.1).await;
    let first = lookup_many(&inventories, 49..50).await;
    assert_eq!((first, inventories.recoveries()), (vec![SourceStatus::Ok], 1));
    assert_eq!(inventories.available(), [("primary", true)]);
    assert_eq!(
        lookup_many(&inventories, 0..50).await,
        [SourceStatus::Ok; 50],
        "the failures are forgotten"
    );
}

#[tokio::test]
async fn one_subject_that_always_fails_does_not_keep_the_others_out() {
    let asked = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&asked);
    let stub = Stub::serving(move |head| {
        seen.lock()
            .unwrap()
            .insert(head.lines().next().unwrap().to_owned());
        Reply::Bytes(if head.contains("poison") {
            status("500 Oops", &[])
        } else {
            owned_by("payments")
        })
    })
    .await;
    let inventories = plain(&stub.url(), "");
    for round in 0..10 {
        lookup(&inventories, "poison").await;
        assert_eq!(
            resolver(&lookup(&inventories, &format!("user-{round}")).await),
            Some("payments")
        );
    }
    assert_eq!(asked.lock().unwrap().len(), 11);
    assert_eq!(stub.count(), 11, "its failure is remembered for a while");
}

#[tokio::test]
async fn every_request_that_was_sent_is_measured_and_no_other() {
    let stub = switchable(Arc::default()).await;
    let inventories = plain(
        &stub.url(),
        ", limits: { per_second: 1, burst: 2, deadline_ms: 900 }",
    );
    lookup_many(&inventories, 0..5).await;
    lookup_many(&inventories, 0..1).await;
    let taken = inventories.take_counts().inventories.remove(0);
    assert_eq!(
        (taken.hit, taken.miss, taken.limited, taken.durations.len()),
        (1, 2, 3, 2)
    );
}

#[tokio::test]
async fn a_subject_that_failed_long_is_asked_again_at_once_when_the_inventory_is_back() {
    let down = Arc::new(AtomicBool::new(true));
    let stub = switchable(Arc::clone(&down)).await;
    let inventories = plain(&stub.url(), "");
    for pause in [0.0, 1.3, 2.5, 4.9] {
        later(pause).await;
        assert_eq!(lookup_many(&inventories, 0..1).await, [SourceStatus::Invalid]);
    }
    assert_eq!(stub.count(), 4);
    down.store(false, Ordering::SeqCst);
    later(2.1).await;
    assert_eq!(
        lookup_many(&inventories, 0..1).await,
        [SourceStatus::Invalid],
        "its own failure is still remembered"
    );
    assert_eq!(stub.count(), 4);
    assert_eq!(
        lookup_many(&inventories, 1..2).await,
        [SourceStatus::Ok],
        "another may try"
    );
    assert_eq!(inventories.recoveries(), 1);
    assert_eq!(lookup_many(&inventories, 0..1).await, [SourceStatus::Ok]);
}
