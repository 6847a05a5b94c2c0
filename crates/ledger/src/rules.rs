//! The rules of the ledger's own: what of the policy it reads, in one place.

use jiff::SignedDuration;
use reeve_domain::task::{Task, TaskState};
use reeve_domain::time::Timestamp;
use reeve_policy::{Clocks, Policy};

/// How long a new case waits for its context.
pub(crate) fn hold_until(policy: &Policy, now: Timestamp) -> Timestamp {
    let ms = i64::try_from(policy.limits().hold_ms).unwrap_or(i64::MAX);
    now + SignedDuration::from_millis(ms)
}

/// The clocks of a task, as the ladder reads them.
pub(crate) fn clocks(task: &Task, clock: Timestamp, now: Timestamp) -> Clocks {
    Clocks {
        band: task.priority.band,
        first_detected_at: clock,
        opened_at: if task.cycle > 1 {
            clock.max(task.opened_at)
        } else {
            task.opened_at
        },
        contain_by: task.deadlines.contain_by,
        remediate_by: task.deadlines.remediate_by,
        ownerless_since: task.ownerless_since,
        claimed_at: task.claimed_at.filter(|_| task.state == TaskState::Claimed),
        blocked_since: task.blocked.as_ref().map(|blocked| blocked.since),
        now,
    }
}

/// Seconds after which a limit of the ledger strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spans {
    /// An older event is stale.
    pub(crate) event_age_max: i64,
    /// A closed case shrinks.
    pub(crate) stub_after: i64,
    /// A closed case is forgotten.
    pub(crate) tombstone_after: i64,
    /// A closing has lasted.
    pub(crate) sustain_after: i64,
    /// An inventory's answer is stale.
    pub(crate) context_fresh: i64,
    /// An inventory that did not answer is asked again.
    pub(crate) context_retry: i64,
}

/// The spans of the policy.
pub(crate) fn spans(policy: &Policy) -> Spans {
    let limits = policy.limits();
    Spans {
        event_age_max: limits.event_age_max_s,
        stub_after: limits.stub_after_s,
        tombstone_after: limits.tombstone_after_s,
        sustain_after: limits.sustain_after_s,
        context_fresh: limits.context_fresh_s,
        context_retry: limits.context_retry_s,
    }
}
