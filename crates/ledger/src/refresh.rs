//! From changed facts to a changed task: replay, decide if needed, assemble, and write what an owner would care about.

use std::sync::Arc;

use reeve_domain::observation::IssueType;
use reeve_domain::priority::Band;
use reeve_domain::task::{Change, Task, TaskState};
use reeve_domain::time::Timestamp;
use reeve_policy::{Policy, Triage};

use crate::api::{Applied, Noted};
use crate::assemble::{Parts, Standing};
use crate::case::{Case, Raised, Tracked};
use crate::change::{change_of, note};
use crate::decide::{Picture, clock_of};
use crate::ladder;
use crate::notice::Notice;
use crate::rules::hold_until;
use crate::signs::Signs;
use crate::timeline::{Facts, Outlook};
use crate::words::Told;

/// What moved a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mover {
    /// A finding, or time.
    Observed,
    /// Evidence: it may lower a band.
    Proven,
    /// The inventories: they may raise and lower a band.
    Known(Timestamp),
    /// A person or a ticket system, with the word for the record.
    Told(Change),
}

/// Who decides, and when.
#[derive(Clone, Copy)]
pub(crate) struct Now<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
}

/// Brings every task of the case to where its facts say.
pub(crate) fn all(case: &mut Case, mover: Mover, at: Now<'_>, out: &mut Applied) {
    if case.redirected_to().is_some() {
        return;
    }
    for issue in case.tracked.keys().copied().collect::<Vec<_>>() {
        one(case, issue, mover, at, out);
    }
}

/// What the facts of one task come to.
pub(crate) struct Seen<'a> {
    pub(crate) outlook: &'a Outlook,
    pub(crate) told: &'a Told,
    pub(crate) cycle: u32,
    /// The deadline's clock: the first report, and in a later cycle the sighting that reopened it.
    pub(crate) clock: Timestamp,
    /// A suspected compromise of the same subject is open since then.
    pub(crate) misuse_since: Option<Timestamp>,
}

/// Brings one task to where its facts say.
pub(crate) fn one(case: &mut Case, issue: IssueType, mover: Mover, at: Now<'_>, out: &mut Applied) {
    let misuse_since = misuse_since(case, at.policy);
    let Some(mut tracked) = case.tracked.remove(&issue) else {
        return;
    };
    out.replays += 1;
    let outlook = replay(case, issue, &tracked, at.policy);
    let cycle = count_cycles(&mut tracked, &outlook);
    let told = Told::of(&tracked.words, outlook.reopened_at);
    let clock = clock_of(&tracked, &outlook);
    let seen = Seen {
        outlook: &outlook,
        told: &told,
        cycle,
        clock,
        misuse_since,
    };
    let mut task = renewed(case, (issue, &mut tracked), &seen, mover, at);
    tracked.pause_ends = told
        .standstill(at.now, |gate| at.policy.pause_of(gate))
        .2
        .filter(|_| task.state.is_open());
    if is_newly_blocked(&tracked, &task) {
        ladder::step_up(&mut task, &mut tracked, clock, at, out);
    }
    ladder::look_ahead(&mut task, &tracked, clock, at);
    if !is_held(case, &tracked, &task, at) {
        let was = case.first_name(issue).map(|name| name.state);
        write(&mut tracked, task, (mover, was), clock, out);
    }
    case.tracked.insert(issue, tracked);
    if case.tracked.values().all(|tracked| tracked.task.is_some()) {
        case.held_until = None;
    }
}

fn is_newly_blocked(tracked: &Tracked, task: &Task) -> bool {
    tracked
        .task
        .as_ref()
        .is_some_and(|old| task.blocked.is_some() && task.blocked != old.task().blocked)
}

fn misuse_since(case: &Case, policy: &Policy) -> Option<Timestamp> {
    let issue = IssueType::SuspectedCompromise;
    let tracked = case.tracked.get(&issue)?;
    let outlook = replay(case, issue, tracked, policy);
    outlook.closed.is_none().then(|| clock_of(tracked, &outlook))
}

/// Where the facts of a task leave it.
pub(crate) fn replay(case: &Case, issue: IssueType, tracked: &Tracked, policy: &Policy) -> Outlook {
    Outlook::of(&Facts {
        issue,
        causes: &tracked.causes,
        signs: Signs::of(case),
        pieces: &case.pieces,
        attested: &Told::attested(&tracked.words),
        policy,
    })
}

/// The cycle by the facts; where some had to be forgotten, it does not fall behind what was written.
fn count_cycles(tracked: &mut Tracked, outlook: &Outlook) -> u32 {
    let written = tracked.task.as_ref().map_or(1, |told| told.glance().cycle);
    let derived = 1 + outlook.reopenings;
    if std::mem::take(&mut tracked.forgot) {
        tracked.cycles_forgotten = tracked.cycles_forgotten.max(written.saturating_sub(derived));
    }
    tracked.cycles_forgotten + derived
}

fn renewed(
    case: &Case,
    (issue, tracked): (IssueType, &mut Tracked),
    seen: &Seen<'_>,
    mover: Mover,
    at: Now<'_>,
) -> Task {
    let old = tracked.task.clone();
    let reopened = old.as_ref().is_some_and(|old| old.glance().cycle != seen.cycle);
    if reopened {
        tracked.steps.clear();
        tracked.raised = None;
    }
    let triage = decision(case, (issue, tracked), seen, (mover, reopened), at);
    if let Some(triage) = &triage {
        tracked.due = (triage.contain_by, triage.remediate_by);
        let ownerless = triage.ownerless && case.present_knowledge().is_ownerless();
        let since = || case.known.as_ref().map_or(at.now, |known| known.at);
        tracked.ownerless_since = ownerless.then(|| tracked.ownerless_since.unwrap_or_else(since));
    }
    let standing = Standing::of(case, tracked, seen, at);
    tracked.cover_ends = standing.cover_ends;
    let parts = Parts {
        case,
        issue,
        tracked,
        seen,
        standing,
        policy: at.policy,
        now: at.now,
    };
    let mut task = match (triage, old) {
        (Some(triage), old) => parts.decided(triage, old.as_deref().map(Notice::task)),
        (None, Some(old)) => parts.filled(old.task().clone()),
        (None, None) => parts.decided(
            Picture::of(case, (issue, tracked), seen, at.policy).decide(at.policy),
            None,
        ),
    };
    if reopened {
        task.escalation.level = 0;
    }
    task
}

/// A new decision, if the facts it would be made from differ from those of the last one. Without evidence, an
/// inventory's answer or a person's word, a band does not fall.
fn decision(
    case: &Case,
    (issue, tracked): (IssueType, &mut Tracked),
    seen: &Seen<'_>,
    (mover, reopened): (Mover, bool),
    at: Now<'_>,
) -> Option<Triage> {
    let mut picture = Picture::of(case, (issue, tracked), seen, at.policy);
    let hash = picture.hash();
    let undecided = tracked.task.as_ref().is_none_or(|old| !old.is_explained());
    if !undecided && !reopened && hash == tracked.decided_from {
        return None;
    }
    let mut triage = picture.decide(at.policy);
    let mut raised = tracked.raised;
    if let Some(old) = &tracked.task {
        let by_rules = old.task().config_sha256 != at.policy.config_sha256() || picture.may_lower();
        let may_fall = reopened || by_rules || mover != Mover::Observed;
        let (band, due) = (old.glance().band, tracked.due);
        if triage.priority.band > band && !may_fall {
            tracked.decided_from = hash;
            return None;
        }
        if let (Mover::Known(since), false) = (mover, reopened) {
            if triage.priority.band < band {
                raised = Some(Raised {
                    since,
                    contain_by: due.0,
                    remediate_by: due.1,
                });
                triage = picture.raised(since).decide(at.policy);
            } else if triage.priority.band > band {
                raised = None;
                triage = picture.unraised().decide(at.policy);
            }
        }
    }
    tracked.decided_from = if raised == tracked.raised {
        hash
    } else {
        picture.hash()
    };
    tracked.raised = raised;
    if let Some(raised) = raised {
        triage.remediate_by = triage.remediate_by.min(raised.remediate_by);
        triage.contain_by = match (triage.contain_by, raised.contain_by) {
            (Some(now), Some(then)) => Some(now.min(then)),
            (now, _) => now,
        };
    }
    Some(triage)
}

/// A new task waits for its context, unless a rule already makes it the most urgent.
fn is_held(case: &mut Case, tracked: &Tracked, task: &Task, at: Now<'_>) -> bool {
    // one that takes a task over that was told of under an alias is not new
    let written = tracked.task.is_some()
        || task.revision > 0
        || case.tracked.values().any(|other| other.task.is_some());
    if written || case.is_enriched() {
        return false;
    }
    let by_rule = task.priority.band == Band::P1 && !task.priority.rules_fired.is_empty();
    let until = *case.held_until.get_or_insert(hold_until(at.policy, at.now));
    !by_rule && at.now < until
}

fn write(
    tracked: &mut Tracked,
    task: Task,
    (mover, was): (Mover, Option<TaskState>),
    clock: Timestamp,
    out: &mut Applied,
) {
    let Some(old) = tracked.task.take() else {
        open(tracked, task, was, clock, out);
        return;
    };
    let old = old.task();
    let change = change_of(old, &task, mover);
    match change {
        Some(change) => {
            note(old, &task, (change, clock), out);
            publish(tracked, task, old.revision + 1, change, out);
        }
        None => {
            tracked.task = Some(Arc::new(Notice::new(Task {
                revision: old.revision,
                change: old.change,
                idempotency_key: old.idempotency_key.clone(),
                ..task
            })));
        }
    }
}

/// A task that is closed at birth (its subject was deleted before it was reported) is told in two records; one that
/// goes on under the name it had elsewhere is compared with how it stood there.
fn open(tracked: &mut Tracked, task: Task, was: Option<TaskState>, clock: Timestamp, out: &mut Applied) {
    if task.revision > 0 {
        let revision = task.revision + 1;
        let is_news = was.is_some_and(TaskState::is_open) && task.state == TaskState::Verified;
        let change = if is_news {
            Change::Verified
        } else {
            Change::Updated
        };
        note(&unproven(&task), &task, (change, clock), out);
        return publish(tracked, task, revision, change, out);
    }
    out.noted.push(Noted::Opened {
        band: task.priority.band,
        route: task.route.rule.clone(),
    });
    if task.state != TaskState::Verified {
        publish(tracked, task, 1, Change::Opened, out);
        return;
    }
    let born = unproven(&task);
    publish(tracked, born.clone(), 1, Change::Opened, out);
    note(&born, &task, (Change::Verified, clock), out);
    publish(tracked, task, 2, Change::Verified, out);
}

/// The same before anything was proven.
fn unproven(task: &Task) -> Task {
    let mut open = Task {
        state: TaskState::Open,
        closure: None,
        verified_at: None,
        evidence: Vec::new(),
        ..task.clone()
    };
    open.causes.iter_mut().for_each(|cause| cause.cleared_by = None);
    open
}

/// Writes the next record of a task.
pub(crate) fn publish(tracked: &mut Tracked, task: Task, revision: u64, change: Change, out: &mut Applied) {
    let task = Arc::new(Notice::new(revised(task, revision, change)));
    out.tasks.push(Arc::clone(&task));
    tracked.task = Some(task);
}

/// The record of a task that says `change`.
pub(crate) fn revised(task: Task, revision: u64, change: Change) -> Task {
    Task {
        revision,
        change,
        idempotency_key: format!("{}:{revision}", task.task_id),
        ..task
    }
}
