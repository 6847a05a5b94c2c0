//! What time alone does to a case, and when it does it next.

use reeve_domain::observation::IssueType;
use reeve_domain::task::TaskState;
use reeve_domain::time::Timestamp;
use reeve_policy::Policy;

use crate::api::Applied;
use crate::case::{Case, Tracked};
use crate::decide::clock_of;
use crate::ladder;
use crate::refresh::{self, Mover, Now};
use crate::rules::{Spans, spans};

/// Releases what was held, ends what has expired, climbs the ladder, and lets a closed case shrink and go.
pub(crate) fn apply(slot: &mut Option<Case>, at: Now<'_>, out: &mut Applied) {
    let Some(case) = slot.as_mut() else {
        return;
    };
    let limits = spans(at.policy);
    if forget_at(case, limits).is_some_and(|due| due <= at.now) {
        *slot = None;
        out.changed = true;
        return;
    }
    if case.redirected_to().is_some() {
        return;
    }
    if moves(case, limits).is_some_and(|due| due <= at.now) {
        case.tracked
            .values_mut()
            .for_each(|tracked| last_out(tracked, limits, at.now));
        refresh::all(case, Mover::Observed, at, out);
        if case.held_until.is_some_and(|until| until <= at.now) {
            case.held_until = None;
        }
        out.changed = true;
    }
    climb(case, at, out);
    if shrink_at(case, limits).is_some_and(|due| due <= at.now) {
        crate::shrink::shrink(case, at.policy);
        out.changed = true;
    }
}

/// When the next tick has something to do for this case.
pub fn next_due(case: &Case, policy: &Policy) -> Option<Timestamp> {
    let limits = spans(policy);
    if case.redirected_to().is_some() {
        return forget_at(case, limits);
    }
    let steps = case.told().filter_map(|told| told.glance().next_escalation_at);
    let own = [
        moves(case, limits),
        shrink_at(case, limits),
        forget_at(case, limits),
    ];
    own.into_iter().flatten().chain(steps).min()
}

/// When a state changes by itself.
fn moves(case: &Case, limits: Spans) -> Option<Timestamp> {
    let held = case
        .held_until
        .filter(|_| case.tracked.values().any(|tracked| tracked.task.is_none()));
    let of_tasks = case.tracked.values().flat_map(|tracked| {
        let open = tracked
            .task
            .as_ref()
            .is_some_and(|told| told.glance().state.is_open());
        [
            tracked.cover_ends,
            tracked.pause_ends.filter(|_| open),
            sustain_at(tracked, limits),
        ]
    });
    of_tasks.flatten().chain(held).min()
}

fn sustain_at(tracked: &Tracked, limits: Spans) -> Option<Timestamp> {
    let task = tracked
        .task
        .as_ref()
        .map(|told| told.glance())
        .filter(|glance| glance.state == TaskState::Verified)?;
    task.verified_at.map(|at| at.plus_seconds(limits.sustain_after))
}

fn last_out(tracked: &mut Tracked, limits: Spans, now: Timestamp) {
    if sustain_at(tracked, limits).is_some_and(|due| due <= now) {
        tracked.sustained = tracked.task.as_ref().and_then(|told| told.glance().verified_at);
    }
}

fn climb(case: &mut Case, at: Now<'_>, out: &mut Applied) {
    for issue in case.tracked.keys().copied().collect::<Vec<_>>() {
        let due = |tracked: &Tracked| {
            let next = tracked
                .task
                .as_ref()
                .and_then(|told| told.glance().next_escalation_at);
            next.is_some_and(|due| due <= at.now)
        };
        if !case.tracked.get(&issue).is_some_and(|tracked| due(tracked)) {
            continue;
        }
        explain_again(case, issue, at, out);
        let Some(mut tracked) = case.tracked.remove(&issue) else {
            continue;
        };
        let outlook = refresh::replay(case, issue, &tracked, at.policy);
        let clock = clock_of(&tracked, &outlook);
        ladder::climb(&mut tracked, clock, at, out);
        case.tracked.insert(issue, tracked);
        out.changed = true;
    }
}

/// The ledger keeps no explanations: after a restart the decision is made again before it is told again.
fn explain_again(case: &mut Case, issue: IssueType, at: Now<'_>, out: &mut Applied) {
    let task = case.tracked.get(&issue).and_then(|tracked| tracked.task.as_ref());
    if task.is_some_and(|told| !told.is_explained()) {
        refresh::one(case, issue, Mover::Observed, at, out);
    }
}

fn is_closed(case: &Case) -> bool {
    let closed = |tracked: &Tracked| {
        let state = tracked.task.as_ref().map(|told| told.glance().state);
        matches!(
            state,
            Some(TaskState::Verified | TaskState::Sustained | TaskState::Merged)
        )
    };
    case.redirected_to().is_some() || case.tracked.values().all(|tracked| closed(tracked))
}

fn shrink_at(case: &Case, limits: Spans) -> Option<Timestamp> {
    let whole = is_closed(case) && !case.shrunk && !case.tracked.is_empty();
    whole.then(|| case.touched_at.plus_seconds(limits.stub_after))
}

fn forget_at(case: &Case, limits: Spans) -> Option<Timestamp> {
    is_closed(case).then(|| case.touched_at.plus_seconds(limits.tombstone_after))
}
