//! Several inventories, one knowledge.

use reeve_domain::context::{Criticality, EnrichmentStatus, Environment, SourceStatus};
use reeve_domain::key::{Link, Rel};
use reeve_inventories::{Ask, Inventories};
use tokio::runtime::Runtime;

use crate::stub::{Reply, Stub, json, owned_by, status};
use crate::world::{PATIENT, ask, inventories, key, lookup, now, one, resolver, statuses, subject};

async fn answering(bytes: Vec<u8>) -> Stub {
    Stub::serving(move |_| Reply::Bytes(bytes.clone())).await
}

fn both(first: &Stub, second: &Stub) -> Inventories {
    inventories(&format!(
        "inventories:\n{}{}",
        one("cmdb", &first.url(), ""),
        one("cloud", &second.url(), "")
    ))
}

#[tokio::test]
async fn field_by_field_the_first_inventory_that_knows_wins_and_is_named() {
    let first = json(r#"{"subject": {"application": "shop", "environment": "PRD", "criticality": null}}"#);
    let second = json(
        r#"{"subject": {"application": "other", "environment": "dev", "criticality": "Tier-1",
            "owners": {"resolver": {"type": "team", "ref": "payments"}}, "tags": {"team": "x"}}}"#,
    );
    let known = lookup(&both(&answering(first).await, &answering(second).await), "alice").await;
    assert_eq!(known.context.application.as_deref(), Some("shop"));
    assert_eq!(known.context.environment, Some(Environment::Production));
    assert_eq!(known.context.criticality, Some(Criticality::Tier1));
    let sources: Vec<(&str, &str)> = known
        .context
        .provenance
        .iter()
        .map(|(field, source)| (field.as_str(), source.source.as_str()))
        .collect();
    let wanted = [
        ("application", "cmdb"),
        ("criticality", "cloud"),
        ("environment", "cmdb"),
        ("owners.resolver", "cloud"),
        ("tags.team", "cloud"),
    ];
    assert_eq!(sources, wanted);
    assert!(
        known
            .context
            .provenance
            .values()
            .all(|source| source.as_of == now())
    );
    let owner = known.owners.resolver.unwrap();
    assert_eq!(
        (owner.source.as_str(), owner.rule.as_str()),
        ("cloud", "owners.resolver")
    );
}

#[tokio::test]
async fn only_if_all_have_answered_is_a_subject_ownerless() {
    let absent = || answering(status("404 Not Found", &[]));
    let known = lookup(&both(&absent().await, &absent().await), "alice").await;
    assert_eq!(known.enrichment.status, EnrichmentStatus::Complete);
    assert!(known.is_ownerless());

    let down = answering(status("500 Oops", &[])).await;
    let known = lookup(&both(&absent().await, &down), "alice").await;
    assert_eq!(statuses(&known), [SourceStatus::Absent, SourceStatus::Invalid]);
    assert_eq!(
        (known.enrichment.status, known.is_ownerless()),
        (EnrichmentStatus::Partial, false)
    );
    assert_eq!(known.enrichment.missing, ["cloud"]);

    let known = lookup(&both(&down, &down), "alice").await;
    assert_eq!(
        (known.enrichment.status, known.is_ownerless()),
        (EnrichmentStatus::Pending, false)
    );
}

#[tokio::test]
async fn what_no_inventory_covers_is_complete_and_not_ownerless() {
    let stub = answering(owned_by("payments")).await;
    for covers in [
        ", covers: { classes: [secret] }",
        ", covers: { providers: [github] }",
    ] {
        let known = lookup(
            &inventories(&format!("inventories:\n{}", one("cmdb", &stub.url(), covers))),
            "alice",
        )
        .await;
        assert_eq!(
            (known.enrichment.status, known.is_ownerless()),
            (EnrichmentStatus::Complete, false)
        );
    }
    assert_eq!(stub.count(), 0);
    assert!(!lookup(&Inventories::none(), "alice").await.is_ownerless());
}

#[tokio::test]
async fn a_secret_that_is_not_known_is_looked_up_as_the_identity_it_authenticates() {
    let stub = Stub::serving(|head| {
        Reply::Bytes(if head.contains("robot") {
            owned_by("payments")
        } else {
            status("404 Not Found", &[])
        })
    })
    .await;
    let keys = ", keys: [subject, aliases, authenticates]";
    let with_links = inventories(&format!("inventories:\n{}", one("cmdb", &stub.url(), keys)));
    let (secret, links) = (
        subject("some-key"),
        [Link {
            rel: Rel::Authenticates,
            key: key("robot"),
        }],
    );
    let asked = Ask {
        links: &links,
        ..Ask::about(&secret)
    };
    assert_eq!(resolver(&ask(&with_links, &asked).await), Some("payments"));
    assert_eq!(stub.count(), 2);
    let without = inventories(&format!("inventories:\n{}", one("cmdb", &stub.url(), "")));
    assert!(ask(&without, &asked).await.is_ownerless());
}

#[test]
fn a_thread_of_its_own_looks_up_by_blocking() {
    let runtime = Runtime::new().unwrap();
    let stub = runtime.block_on(answering(owned_by("payments")));
    let inventories = inventories(&format!("inventories:\n{}", one("cmdb", &stub.url(), "")));
    let handle = runtime.handle().clone();
    let known = std::thread::spawn(move || {
        let alice = subject("alice");
        inventories.lookup_blocking(&handle, &[Ask::about(&alice)], PATIENT, now())
    });
    assert_eq!(resolver(&known.join().unwrap()[0]), Some("payments"));
}

#[tokio::test]
async fn one_look_up_of_ten_thousand_subjects_that_share_an_answer_asks_once() {
    let stub = answering(json(r#"{"owners": {"resolver": "payments"}}"#)).await;
    let inventories = inventories(&format!(
        "inventories: [{{ name: accounts, request: {{ url: \"{}/accounts/{{subject.attributes.account}}\" }} }}]",
        stub.url()
    ));
    let subjects: Vec<_> = (0..10_000).map(|id| subject(&format!("user-{id}"))).collect();
    let asks: Vec<_> = subjects.iter().map(Ask::about).collect();
    let known = inventories.lookup(&asks, PATIENT, now()).await;
    assert!(known.iter().all(|known| resolver(known) == Some("payments")));
    assert_eq!(stub.count(), 1);
}
