//! From what lanes and segments did to metrics and health.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reeve_dispatcher::{Counts, Observe, State};
use reeve_domain::secret::HmacKeys;
use reeve_inventories::InventoryCounts;
use reeve_ledger::{Age, Noted};
use reeve_log::drive::{Observer, TransactionResult};
use reeve_log::{Role, Topic, TopicNames};
use reeve_telemetry::{HashKey, LaneHealth, LedgerSnapshot, Metrics, TaskCounts};

/// Reports of the normalizer.
pub fn normalizer(metrics: Metrics, names: TopicNames) -> impl FnMut(&reeve_normalizer::Counts) + Send {
    move |counts| {
        let topic = names.name(Topic::Alerts);
        metrics.consumed(topic, counts.consumed);
        for (outcome, count) in &counts.outcomes {
            metrics.outcome(topic, *outcome, *count);
        }
        for ((format, outcome), count) in &counts.alerts {
            metrics.alerts(format, outcome.as_str(), *count);
        }
        for (reason, count) in &counts.dropped {
            metrics.dropped(*reason, *count);
        }
        for (reason, count) in &counts.rejects {
            metrics.rejects(*reason, *count);
        }
    }
}

/// Reports of the dispatcher.
pub struct Dispatched {
    /// Where they go.
    pub metrics: Metrics,
    /// What the topics are called.
    pub names: TopicNames,
    /// The keys of the keyed hashes.
    pub keys: Arc<HmacKeys>,
}

impl Observe for Dispatched {
    fn counts(&mut self, counts: &Counts) {
        for ((topic, outcome), count) in &counts.outcomes {
            let topic = self.names.name(*topic);
            self.metrics.consumed(topic, *count);
            self.metrics.outcome(topic, *outcome, *count);
        }
        for (reason, count) in &counts.rejects {
            self.metrics.rejects(*reason, *count);
        }
        counts.noted.iter().for_each(|noted| note(&self.metrics, noted));
        counts
            .inventories
            .iter()
            .for_each(|inventory| looked_up(&self.metrics, inventory));
        for (inventory, available) in &counts.available {
            self.metrics.inventory_available(inventory, *available);
        }
    }

    fn state(&mut self, partition: i32, state: Option<State<'_>>) {
        match state {
            Some(state) => self.metrics.set_gauges(partition, snapshot(&state, &self.keys)),
            None => self.metrics.withdraw(partition),
        }
    }
}

fn note(metrics: &Metrics, noted: &Noted) {
    match noted {
        Noted::Opened { band, route } => metrics.opened(*band, route),
        Noted::Reopened { band, route } => metrics.reopened(*band, route),
        Noted::Acknowledged(Age {
            band,
            identity_class,
            seconds,
        }) => {
            metrics.acknowledged(*band, *identity_class, *seconds);
        }
        Noted::Claimed(Age {
            band,
            identity_class,
            seconds,
        }) => {
            metrics.claimed(*band, *identity_class, *seconds);
        }
        Noted::Verified {
            closure,
            issue_type,
            age,
        } => {
            metrics.verified((age.band, age.identity_class), *closure, *issue_type, age.seconds);
        }
        Noted::Escalated { level } => metrics.escalated(*level),
    }
}

fn looked_up(metrics: &Metrics, counts: &InventoryCounts) {
    let results = [
        ("hit", counts.hit),
        ("stale", counts.stale),
        ("miss", counts.miss),
        ("negative", counts.negative),
        ("error", counts.error),
        ("limited", counts.limited),
    ];
    for (result, count) in results {
        metrics.lookups(&counts.name, result, count);
    }
    metrics.lookup_durations(&counts.name, &counts.durations);
}

fn snapshot(state: &State<'_>, keys: &HmacKeys) -> LedgerSnapshot {
    let gauges = state.gauges;
    let mut snapshot = LedgerSnapshot {
        cases: state.cases as u64,
        pending_enrichment: gauges.pending.clone(),
        oldest_open: gauges.oldest.clone(),
        ..LedgerSnapshot::default()
    };
    for (ids, count) in &gauges.cases {
        *snapshot.open_cases.entry(hash_key(ids, keys)).or_default() += count;
    }
    let mut fill = |from: &reeve_ledger::ByRoute, set: fn(&mut TaskCounts, u64)| {
        for (label, count) in from {
            set(snapshot.tasks.entry(label.clone()).or_default(), *count);
        }
    };
    fill(&gauges.open, |counts, count| counts.open = count);
    fill(&gauges.overdue, |counts, count| counts.overdue = count);
    fill(&gauges.ownerless, |counts, count| counts.ownerless = count);
    fill(&gauges.blocked, |counts, count| counts.blocked = count);
    snapshot
}

/// The best of the keys that a subject is named with.
fn hash_key(ids: &BTreeSet<String>, keys: &HmacKeys) -> HashKey {
    if ids.is_empty() {
        HashKey::None
    } else if ids.contains(keys.key_id()) {
        HashKey::Current
    } else if keys.previous_key_id().is_some_and(|id| ids.contains(id)) {
        HashKey::Previous
    } else {
        HashKey::Other
    }
}

/// What one lane tells.
pub struct Lane {
    /// Where it goes.
    pub metrics: Metrics,
    /// Liveness and readiness of this lane.
    pub health: LaneHealth,
    /// Its role.
    pub role: Role,
    /// Its name among the lanes of the process.
    pub name: String,
    /// What the topics are called.
    pub names: TopicNames,
    /// Partitions that all lanes of the role own together.
    pub owned: Arc<AtomicI64>,
    /// Those of this lane among them.
    pub mine: i64,
}

impl Observer for Lane {
    fn transaction(&mut self, result: TransactionResult, took: Duration) {
        let result = match result {
            TransactionResult::Committed => "committed",
            TransactionResult::Aborted => "aborted",
            TransactionResult::Fenced => "fenced",
        };
        self.metrics.transaction(self.role.as_str(), result, took);
    }

    fn owned(&mut self, partitions: usize) {
        let now = i64::try_from(partitions).unwrap_or(i64::MAX);
        let change = now - std::mem::replace(&mut self.mine, now);
        let all = self.owned.fetch_add(change, Ordering::Relaxed) + change;
        self.metrics.partitions_owned(self.role.as_str(), all);
    }

    fn restored(&mut self, partition: i32, took: Duration) {
        if self.role.keeps_ledger() {
            tracing::info!(%partition, ?took, "restored");
            self.metrics.restored(took);
        }
    }

    fn lag(&mut self, lag: &[(Topic, i32, i64)]) {
        let lag = lag
            .iter()
            .map(|(topic, partition, left)| (self.names.name(*topic).to_string(), *partition, *left));
        self.metrics.lag(&self.name, lag.collect());
    }

    fn ready(&mut self, ready: bool) {
        self.health.ready(ready);
    }
}
