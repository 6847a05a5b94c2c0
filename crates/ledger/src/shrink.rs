//! A closed case after its time, and causes that lose their own place: smaller, and still the same answer to new facts.

use std::sync::Arc;

use reeve_domain::observation::{IssueType, Validity};
use reeve_domain::task::{Cause, Task};
use reeve_domain::time::Timestamp;
use reeve_policy::Policy;

use crate::case::{Case, Tracked};
use crate::cause::{CauseFact, CauseId, MORE, width};
use crate::refresh::replay;
use crate::shown::shows;
use crate::words::Said;

/// Halvings after which no cause has a place of its own.
const FOLDS_MAX: usize = 8;

/// Shrinks a closed case to a stub: what is needed to know a repeat from a reopening and whom to send it to, and the
/// tasks' names.
pub(crate) fn shrink(case: &mut Case, policy: &Policy) {
    for issue in case.tracked.keys().copied().collect::<Vec<_>>() {
        let Some(tracked) = case.tracked.get(&issue) else {
            continue;
        };
        let small = stub_of(tracked);
        if answers_alike(case, issue, tracked, &small, policy) {
            case.tracked.insert(issue, Box::new(small));
        }
    }
    if let Some(known) = &mut case.known {
        let context = &mut Arc::make_mut(known).knowledge.context;
        context.provenance.clear();
        context.dependents.sample.clear();
    }
    case.shrunk = true;
}

fn stub_of(tracked: &Tracked) -> Tracked {
    let mut small = tracked.clone();
    small.samples.clear();
    small.claims.clear();
    small.steps.clear();
    small.words.retain(|word| {
        matches!(
            word.said,
            Said::Attested { .. } | Said::Reassigned { .. } | Said::Disowned { .. }
        )
    });
    let causes = std::mem::take(&mut small.causes);
    for cause in causes.into_values() {
        share(&mut small, Arc::unwrap_or_clone(cause));
    }
    if let Some(task) = &mut small.task {
        Arc::make_mut(task).edit(slim);
    }
    small
}

fn slim(task: &mut Task) {
    task.context = Default::default();
    task.explain = None;
    task.causes.clear();
    task.claims.clear();
    task.evidence.clear();
    task.actions.clear();
    task.evidence_required.clear();
    task.escalation.history.clear();
    task.priority.factors.clear();
    task.sightings.samples.clear();
}

/// A stub that would tell another story is not made.
fn answers_alike(case: &Case, issue: IssueType, whole: &Tracked, small: &Tracked, policy: &Policy) -> bool {
    let (before, after) = (
        replay(case, issue, whole, policy),
        replay(case, issue, small, policy),
    );
    (before.closed, before.reopenings) == (after.closed, after.reopenings)
}

/// One after the other, until the facts are small enough.
pub(crate) fn folds() -> impl Iterator<Item = fn(&mut Case)> {
    let halvings: [fn(&mut Case); FOLDS_MAX] = [fold_causes; FOLDS_MAX];
    halvings.into_iter().chain([fold_all_causes as fn(&mut Case)])
}

/// The older half of every task's causes share a place per rule.
fn fold_causes(case: &mut Case) {
    each_tracked(case, fold_older_half);
}

/// All causes of a task share one place: names that a stranger chose are in no rule's place either.
fn fold_all_causes(case: &mut Case) {
    each_tracked(case, fold_all);
}

fn each_tracked(case: &mut Case, fold: fn(&mut Tracked)) {
    let shares = case.ties.shares.values_mut();
    let apart = shares.flat_map(|share| share.facts.tracked.values_mut());
    case.tracked
        .values_mut()
        .chain(apart)
        .for_each(|tracked| fold(tracked));
}

/// Moves the older half of the causes to the places their rules share.
fn fold_older_half(tracked: &mut Tracked) {
    let mut own: Vec<_> = tracked
        .causes
        .iter()
        .filter(|(_, cause)| cause.reference != MORE)
        .collect();
    own.sort_by_key(|(id, cause)| (cause.seen.last(), (*id).clone()));
    let older: Vec<_> = own
        .iter()
        .take(own.len().div_ceil(2))
        .map(|(id, _)| (*id).clone())
        .collect();
    let older: Vec<_> = older.iter().filter_map(|id| tracked.causes.remove(id)).collect();
    if let Some(told) = &mut tracked.task {
        let moved = |shown: &Cause| older.iter().any(|fact| shows(shown, fact));
        Arc::make_mut(told).edit(|task| task.causes.retain(|shown| !moved(shown)));
    }
    for cause in older {
        share(tracked, Arc::unwrap_or_clone(cause));
    }
    tracked.forgot = true;
}

/// Moves all causes of a task to one place: no rule has one of its own any more, so that only what speaks of the whole
/// subject closes it.
fn fold_all(tracked: &mut Tracked) {
    if tracked.causes.len() <= 1 {
        return;
    }
    for cause in std::mem::take(&mut tracked.causes).into_values() {
        let of_any = CauseFact {
            rule: String::new(),
            ..Arc::unwrap_or_clone(cause)
        };
        share_at(tracked, CauseId::more("", None), of_any);
    }
    if let Some(task) = &mut tracked.task {
        Arc::make_mut(task).edit(|task| task.causes.clear());
    }
    tracked.forgot = true;
}

/// Moves one cause to the place its rule shares.
pub(crate) fn share(tracked: &mut Tracked, cause: CauseFact) {
    share_at(tracked, CauseId::more(&cause.format, Some(&cause.rule)), cause);
}

fn share_at(tracked: &mut Tracked, id: CauseId, cause: CauseFact) {
    let Some(shared) = tracked.causes.get_mut(&id) else {
        let bucket = CauseFact {
            reference: MORE.to_owned(),
            location: Default::default(),
            ..cause
        };
        tracked.causes.insert(id, Arc::new(bucket));
        return;
    };
    let shared = Arc::make_mut(shared);
    for at in cause.seen.iter() {
        tracked.forgot |= shared.seen.add(at, &[]) == crate::marks::Marked::Lossy;
    }
    shared.first_detected_at = shared.first_detected_at.min(cause.first_detected_at);
    if width(cause.exposure) > width(shared.exposure) {
        shared.exposure = cause.exposure;
    }
    shared.validity = less_dead(shared.validity, cause.validity);
    shared.honeytoken |= cause.honeytoken;
    // A scan speaks only of a place all of which it has shown.
    shared.scans.retain(|scan| cause.scans.contains(scan));
    for report in &cause.reports {
        shared.reported_in(report);
    }
}

type Validated = Option<(Timestamp, Validity)>;

/// A place is dead only if all who share it are.
fn less_dead(one: Validated, other: Validated) -> Validated {
    let dead = |word: Validated| matches!(word, Some((_, Validity::Inactive)));
    match (dead(one), dead(other)) {
        (true, false) => other,
        (false, true) => one,
        _ => one.max(other),
    }
}
