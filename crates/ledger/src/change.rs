//! What a record on `tasks` says it changed, whether anything changed that an owner would care about, and what is
//! counted of it.

use std::collections::BTreeSet;

use reeve_domain::context::Context;
use reeve_domain::task::{Cause, Change, EvidenceEntry, Task, TaskState};
use reeve_domain::time::Timestamp;

use crate::api::{Age, Applied, Noted};
use crate::refresh::Mover;

/// The word for the record; none if nothing changed that an owner would care about.
pub(crate) fn change_of(old: &Task, new: &Task, mover: Mover) -> Option<Change> {
    let closed = |task: &Task| matches!(task.state, TaskState::Verified | TaskState::Sustained);
    match (closed(old), closed(new)) {
        (false, true) => return Some(Change::Verified),
        (true, false) => return Some(Change::Reopened),
        (false, false) if new.cycle > old.cycle => return Some(Change::Reopened),
        (true, true) if new.state != old.state => {
            return Some(if new.state == TaskState::Sustained {
                Change::Sustained
            } else {
                Change::Updated
            });
        }
        _ => {}
    }
    let turned = |state: TaskState| new.state == state && old.state != state;
    if turned(TaskState::Excepted) {
        return Some(Change::Excepted);
    }
    if turned(TaskState::FalsePositive) {
        return Some(Change::FalsePositive);
    }
    if !matters(old, new) {
        return None;
    }
    match mover {
        Mover::Told(change) if new.state.is_open() => Some(change),
        _ => Some(Change::Updated),
    }
}

/// Whether two tasks differ in what an owner would care about: not in counts, times of sightings or scores.
fn matters(old: &Task, new: &Task) -> bool {
    work_of(old) != work_of(new)
        || decision_of(old) != decision_of(new)
        || told_by_inventories(&old.context) != told_by_inventories(&new.context)
        || causes_of(old) != causes_of(new)
        || evidence_of(old) != evidence_of(new)
}

/// Where the work stands.
fn work_of(task: &Task) -> impl PartialEq {
    let due = &task.deadlines;
    (
        (
            task.state,
            task.cycle,
            task.closure,
            task.exception.clone(),
            task.blocked.clone(),
        ),
        (due.contain_by, due.remediate_by, due.paused.clone()),
        (task.path.clone(), task.actions.clone(), task.claims.clone()),
    )
}

/// How urgent it is, who answers for it, and where it goes.
fn decision_of(task: &Task) -> impl PartialEq {
    let owners = &task.owners;
    let people = [
        &owners.business,
        &owners.resolver,
        &owners.exception,
        &owners.executive,
        &owners.can_revoke,
    ];
    let people = people.map(|owner| {
        owner
            .as_ref()
            .map(|owner| (owner.reference.clone(), owner.contact.clone()))
    });
    let validity = task
        .priority
        .factors
        .iter()
        .find(|factor| factor.factor == "validity");
    (
        (task.priority.band, validity.map(|factor| factor.value.clone())),
        (people, task.ownerless, task.route.clone()),
        (task.enrichment.status, task.related.clone()),
    )
}

fn causes_of(task: &Task) -> BTreeSet<impl Ord> {
    let part = |cause: &Cause| {
        let named = (cause.format.clone(), cause.rule.clone(), cause.reference.clone());
        (named, cause.location.clone(), cause.cleared_by.is_some())
    };
    task.causes.iter().map(part).collect()
}

fn evidence_of(task: &Task) -> BTreeSet<impl Ord> {
    let part = |entry: &EvidenceEntry| (entry.source.clone(), entry.statement, entry.level, entry.accepted);
    task.evidence.iter().map(part).collect()
}

/// The context without ages and provenance.
fn told_by_inventories(context: &Context) -> Context {
    Context {
        provenance: Default::default(),
        sources: Vec::new(),
        last_used_at: None,
        ..context.clone()
    }
}

pub(crate) fn note(old: &Task, new: &Task, (change, clock): (Change, Timestamp), out: &mut Applied) {
    let age = |at: Timestamp| Age {
        band: new.priority.band,
        identity_class: new.path.class,
        seconds: at.seconds_since(clock).max(0),
    };
    if change == Change::Reopened {
        out.noted.push(Noted::Reopened {
            band: new.priority.band,
            route: new.route.rule.clone(),
        });
    }
    if let (None, Some(at)) = (old.acknowledged_at, new.acknowledged_at) {
        out.noted.push(Noted::Acknowledged(age(at)));
    }
    if let (None, Some(at)) = (old.claimed_at, new.claimed_at) {
        out.noted.push(Noted::Claimed(age(at)));
    }
    if let (Change::Verified, Some(closure), Some(at)) = (change, new.closure, new.verified_at) {
        out.noted.push(Noted::Verified {
            closure,
            issue_type: new.issue_type,
            age: age(at),
        });
    }
}
