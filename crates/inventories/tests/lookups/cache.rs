//! Who asks twice, and how old an answer may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reeve_domain::context::{EnrichmentStatus, SourceStatus};
use reeve_inventories::{Ask, InventoryCounts};
use tokio::sync::Semaphore;

use crate::stub::{Reply, Stub, owned_by, status};
use crate::world::{
    PATIENT, ask, assert_silent, counts, later, lookup, now, plain, renewed, resolver, statuses, subject,
    until,
};

fn counted(wanted: InventoryCounts) -> InventoryCounts {
    InventoryCounts {
        name: "primary".into(),
        ..wanted
    }
}

/// Answers `team-1`, `team-2`, … or, while it is down, 500.
async fn numbered(down: Arc<AtomicBool>) -> Stub {
    let asked = AtomicUsize::new(0);
    Stub::serving(move |_| {
        if down.load(Ordering::SeqCst) {
            return Reply::Bytes(status("500 Internal Server Error", &[]));
        }
        Reply::Bytes(owned_by(&format!(
            "team-{}",
            asked.fetch_add(1, Ordering::SeqCst) + 1
        )))
    })
    .await
}

#[tokio::test]
async fn a_fresh_answer_is_not_asked_for_again() {
    let stub = numbered(Arc::default()).await;
    let inventories = plain(&stub.url(), "");
    for _ in 0..3 {
        let known = lookup(&inventories, "alice").await;
        assert_eq!(
            (resolver(&known), statuses(&known)),
            (Some("team-1"), vec![SourceStatus::Ok])
        );
    }
    assert_eq!(resolver(&lookup(&inventories, "bob").await), Some("team-2"));
    assert_eq!(stub.count(), 2);
    assert_eq!(
        counts(&inventories),
        counted(InventoryCounts {
            hit: 2,
            miss: 2,
            ..Default::default()
        })
    );
    assert_eq!(
        counts(&inventories),
        counted(InventoryCounts::default()),
        "taken is taken"
    );
}

#[tokio::test]
async fn however_many_want_it_one_request_is_sent() {
    let permits = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permits);
    let stub = Stub::serving(move |_| Reply::When(Arc::clone(&held), owned_by("payments"))).await;
    let inventories = plain(&stub.url(), ", limits: { deadline_ms: 10000 }");
    let alice = subject("alice");
    let asks = vec![Ask::about(&alice); 50];
    let (first, second, ()) = tokio::join!(
        inventories.lookup(&asks, PATIENT, now()),
        inventories.lookup(&asks, PATIENT, now()),
        async { permits.add_permits(2) },
    );
    assert!(
        first
            .iter()
            .chain(&second)
            .all(|known| resolver(known) == Some("payments"))
    );
    assert_eq!(stub.count(), 1);
}

#[tokio::test]
async fn a_slow_answer_is_there_the_next_time() {
    let permits = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permits);
    let stub = Stub::serving(move |_| Reply::When(Arc::clone(&held), owned_by("payments"))).await;
    let inventories = plain(&stub.url(), ", limits: { deadline_ms: 10000 }");
    let alice = subject("alice");
    let known = inventories
        .lookup(&[Ask::about(&alice)], Duration::from_millis(20), now())
        .await
        .remove(0);
    assert_silent(&known, SourceStatus::Timeout, "not yet");
    assert_eq!(inventories.recoveries(), 0);
    permits.add_permits(1);
    until(|| inventories.recoveries() == 1).await;
    assert_eq!(resolver(&lookup(&inventories, "alice").await), Some("payments"));
    assert_eq!(stub.count(), 1);
}

#[tokio::test]
async fn an_old_answer_is_used_at_once_and_renewed_behind_the_scenes() {
    let stub = numbered(Arc::default()).await;
    let inventories = plain(&stub.url(), "");
    lookup(&inventories, "alice").await;
    later(331.0).await;
    let known = lookup(&inventories, "alice").await;
    assert_eq!(
        (resolver(&known), statuses(&known)),
        (Some("team-1"), vec![SourceStatus::Stale])
    );
    assert_eq!(known.enrichment.status, EnrichmentStatus::Complete);
    let fresh = ask(&inventories, &renewed(&subject("alice"))).await;
    assert_eq!(
        (resolver(&fresh), statuses(&fresh)),
        (Some("team-2"), vec![SourceStatus::Ok])
    );
    assert_eq!(stub.count(), 2);
}

#[tokio::test]
async fn who_wants_it_renewed_waits_for_the_new_answer() {
    let stub = numbered(Arc::default()).await;
    let inventories = plain(&stub.url(), "");
    lookup(&inventories, "alice").await;
    later(331.0).await;
    assert_eq!(
        resolver(&ask(&inventories, &renewed(&subject("alice"))).await),
        Some("team-2")
    );
}

#[tokio::test]
async fn an_old_answer_stands_in_while_there_is_none_but_not_for_ever() {
    let down = Arc::new(AtomicBool::new(false));
    let stub = numbered(Arc::clone(&down)).await;
    let inventories = plain(&stub.url(), "");
    lookup(&inventories, "alice").await;
    down.store(true, Ordering::SeqCst);
    later(331.0).await;
    let known = ask(&inventories, &renewed(&subject("alice"))).await;
    assert_eq!(
        (resolver(&known), statuses(&known)),
        (Some("team-1"), vec![SourceStatus::Stale])
    );
    assert_eq!(known.owners.resolver.unwrap().as_of, Some(now()));
    later(86_400.0 * 1.1).await;
    assert_silent(
        &ask(&inventories, &renewed(&subject("alice"))).await,
        SourceStatus::Invalid,
        "too old",
    );
}

#[tokio::test]
async fn absence_is_believed_for_a_minute_and_then_asked_again() {
    let stub = Stub::serving(|_| Reply::Bytes(status("404 Not Found", &[]))).await;
    let inventories = plain(&stub.url(), "");
    for _ in 0..3 {
        assert_eq!(
            statuses(&lookup(&inventories, "alice").await),
            [SourceStatus::Absent]
        );
    }
    assert_eq!(stub.count(), 1);
    assert_eq!(
        counts(&inventories),
        counted(InventoryCounts {
            negative: 2,
            miss: 1,
            ..Default::default()
        })
    );
    later(67.0).await;
    assert_eq!(
        statuses(&lookup(&inventories, "alice").await),
        [SourceStatus::Absent]
    );
    assert_eq!(stub.count(), 2);
}

#[tokio::test]
async fn answers_fetched_together_do_not_expire_together() {
    let stub = numbered(Arc::default()).await;
    let inventories = plain(&stub.url(), ", limits: { burst: 1000, deadline_ms: 10000 }");
    let subjects: Vec<_> = (0..100).map(|id| subject(&format!("user-{id}"))).collect();
    let asks: Vec<_> = subjects.iter().map(Ask::about).collect();
    inventories.lookup(&asks, PATIENT, now()).await;
    later(300.0).await;
    let known = inventories.lookup(&asks, PATIENT, now()).await;
    let stale = known
        .iter()
        .filter(|known| statuses(known) == [SourceStatus::Stale])
        .count();
    assert!((20..=80).contains(&stale), "{stale} of 100 at the nominal end");
}

#[tokio::test]
async fn the_cache_holds_no_more_than_it_may() {
    let stub = numbered(Arc::default()).await;
    let inventories = plain(&stub.url(), ", cache: { entries_max: 1 }");
    for id in ["alice", "bob", "carol", "alice", "bob", "carol"] {
        assert!(resolver(&lookup(&inventories, id).await).is_some());
    }
    assert!(stub.count() >= 3);
}
