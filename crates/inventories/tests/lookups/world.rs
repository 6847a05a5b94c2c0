//! Subjects, configurations and the passing of time.

use std::path::Path;
use std::time::Duration;

use reeve_domain::context::{Enrichment, EnrichmentStatus, Knowledge, SourceStatus};
use reeve_domain::key::{Case, Class, Confidence, Resolved, Subject, SubjectKey};
use reeve_domain::time::Timestamp;
use reeve_inventories::{
    Ask, ConfigFault, Freshness, Inventories, InventoryCounts, RawInventories, Surroundings,
};

/// Long enough that only a hang exceeds it.
pub(crate) const PATIENT: Duration = Duration::from_secs(10);

pub(crate) fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn key(id: &str) -> SubjectKey {
    SubjectKey::of(
        Class::Identity,
        "aws",
        "user",
        &["123456789012", id],
        Case::Sensitive,
    )
    .unwrap()
}

pub(crate) fn subject(id: &str) -> Subject {
    let resolved = Resolved::new(key(id), id, Confidence::High).with_attribute("account", "123456789012");
    resolved.subject
}

pub(crate) fn renewed(subject: &Subject) -> Ask<'_> {
    Ask {
        freshness: Freshness::Renewed,
        ..Ask::about(subject)
    }
}

pub(crate) fn raw(yaml: &str) -> RawInventories {
    serde_saphyr::from_str(yaml).unwrap()
}

pub(crate) fn compile_in(base: &Path, yaml: &str) -> Result<Inventories, Vec<ConfigFault>> {
    Inventories::compile(raw(yaml), Surroundings { env: &|_| None, base })
}

pub(crate) fn inventories(yaml: &str) -> Inventories {
    compile_in(Path::new("/"), yaml).unwrap()
}

/// The plain inventory at this URL with more lines of configuration.
pub(crate) fn plain(url: &str, more: &str) -> Inventories {
    inventories(&format!("inventories:\n{}", one("primary", url, more)))
}

/// One plain inventory; its deadline is generous, so that a busy machine is not a slow inventory.
pub(crate) fn one(name: &str, url: &str, more: &str) -> String {
    let limits = if more.contains("limits") {
        ""
    } else {
        ", limits: { deadline_ms: 10000 }"
    };
    format!(
        "  - {{ name: {name}, request: {{ url: \"{url}/v1/subjects/{{subject.key}}\" }}, absent: [404], at: /subject{more}{limits} }}\n"
    )
}

pub(crate) async fn lookup(inventories: &Inventories, id: &str) -> Knowledge {
    ask(inventories, &Ask::about(&subject(id))).await
}

/// One look-up that must be back well before anything but a hang would be.
pub(crate) async fn ask(inventories: &Inventories, ask: &Ask<'_>) -> Knowledge {
    let asks = [*ask];
    let mut known = tokio::time::timeout(PATIENT * 2, inventories.lookup(&asks, PATIENT, now()))
        .await
        .unwrap();
    known.remove(0)
}

pub(crate) fn statuses(known: &Knowledge) -> Vec<SourceStatus> {
    known.context.sources.iter().map(|source| source.status).collect()
}

pub(crate) fn resolver(known: &Knowledge) -> Option<&str> {
    known
        .owners
        .resolver
        .as_ref()
        .map(|owner| owner.reference.as_str())
}

/// No answer: said so, pending, and never ownerless.
pub(crate) fn assert_silent(known: &Knowledge, status: SourceStatus, case: &str) {
    assert_eq!(statuses(known), [status], "{case}");
    let pending = Enrichment {
        status: EnrichmentStatus::Pending,
        missing: vec!["primary".into()],
    };
    assert_eq!(known.enrichment, pending, "{case}");
    assert!(!known.is_ownerless() && resolver(known).is_none(), "{case}");
}

pub(crate) fn counts(inventories: &Inventories) -> InventoryCounts {
    let mut counts = inventories.take_counts().inventories.remove(0);
    counts.durations.clear();
    counts
}

/// Lets time pass for everybody at once, without waiting for it.
pub(crate) async fn later(seconds: f64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs_f64(seconds)).await;
    tokio::time::resume();
}

/// Waits until something is so, with a bound.
pub(crate) async fn until(what: impl Fn() -> bool) {
    let waiting = async {
        while !what() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENT, waiting).await.unwrap();
}
