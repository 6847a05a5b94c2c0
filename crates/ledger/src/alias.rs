//! The side of an alias: claiming other keys, becoming a redirect, handing over, and standing alone again.

use std::borrow::Cow;

use reeve_domain::event::{
    ActorKind, HandedTask, LinkBody, MergeBody, RawEvent, TaskEvent, TaskName, UnlinkBody, UnmergeBody, What,
};
use reeve_domain::key::{Alias, Strength, SubjectKey};
use reeve_domain::observation::IssueType;
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::Reject;
use reeve_domain::task::{Change, Task, TaskState};
use reeve_domain::time::Timestamp;

use crate::api::Applied;
use crate::bounds::KEYS_MAX;
use crate::case::{Case, subject_of};
use crate::event::{unheard, unknown};
use crate::join::{facts_of, is_bare, issues};
use crate::pass::{HOPS_MAX, between, event_id, pass_on};
use crate::permit::denied;
use crate::refresh::{Now, publish};
use crate::rules::spans;
use crate::signs::is_place;
use crate::ties::{Name, Ties};
use crate::{fit, names};

/// Whether reeve itself says it.
pub(crate) fn is_system(event: &TaskEvent) -> bool {
    event.actor.kind == ActorKind::System
}

/// Sends a `link` to every strong alias that the case has not claimed yet, or so long ago that its redirect may be
/// forgotten.
pub(crate) fn claim(case: &mut Case, aliases: &[Alias], at: Now<'_>, out: &mut Applied) {
    let again = at.now.plus_seconds(-spans(at.policy).tombstone_after / 2);
    let due = |case: &Case, key: &SubjectKey| {
        let known = case.ties.claimed.get(key);
        known.map_or(case.ties.claimed.len() < KEYS_MAX, |claimed_at| {
            *claimed_at <= again
        })
    };
    let strong = aliases.iter().filter(|alias| alias.strength == Strength::Strong);
    // a place stands for whatever lies there: it is nobody's alias
    let keys = strong.map(|alias| &alias.key).filter(|key| !is_place(key));
    let idle = is_place(case.key()) || case.ties.main.is_some();
    if idle || !keys.clone().any(|key| due(case, key)) {
        return;
    }
    let own = case.key().clone();
    let keys: Vec<&SubjectKey> = keys.filter(|key| **key != own).collect();
    for &key in &keys {
        if !due(case, key) {
            continue;
        }
        let round = case.ties.claimed.insert(key.clone(), at.now);
        let round = round.map_or(0, |_| at.now.millis());
        let others = keys.iter().filter(|other| **other != key);
        let body = LinkBody {
            main: own.clone(),
            also: others.map(|other| (*other).clone()).collect(),
        };
        let id = event_id("link", &[own.as_str(), key.as_str(), &round.to_string()]);
        out.follow_ups
            .push(between(id, key, What::Link(body), Vec::new(), at.now));
    }
}

/// The case of an alias becomes a redirect.
pub(crate) fn link(
    case: &mut Option<Case>,
    event: &TaskEvent,
    body: &LinkBody,
    at: Now<'_>,
    out: &mut Applied,
) -> Result<Outcome, Reject> {
    let own = &event.subject_key;
    if body.main == *own || is_place(own) || is_place(&body.main) {
        return Err(denied("a key is no alias of itself, and a place is nobody's"));
    }
    let ties = case.as_ref().map(|case| &case.ties);
    let parted = ties.is_some_and(|ties| ties.apart.contains(&body.main));
    if !is_system(event) {
        if let Some(repeated) = unheard(case, event, at)? {
            return Ok(repeated);
        }
        if !at.policy.events().may_link(&event.actor) || !parted {
            return Err(denied(
                "a person joins again what a person has parted, and nothing else",
            ));
        }
    } else if parted || ties.is_some_and(|ties| is_main_of(own, &body.main, ties)) {
        return Ok(Outcome::EventRepeated);
    }
    match ties.and_then(|ties| ties.main.as_ref()) {
        Some(main) if *main == body.main => return Ok(stays(case, at, out)),
        Some(main) if body.also.contains(main) => return Ok(Outcome::EventRepeated),
        Some(_) => return Err(denied("this alias belongs to another subject")),
        None => {}
    }
    let case = case.get_or_insert_with(|| Case::new(subject_of(own), 0, at.now));
    redirect(case, &body.main, at, out);
    if !is_system(event) {
        let limit = at.policy.limits().event_ids_max;
        case.events
            .remember(&event.event_id, event.at.clamped(at.now).0, limit);
    }
    Ok(Outcome::EventApplied)
}

/// Whether the claimant's subject lives here: its facts have come, or, of two keys that claim each other, this one sorts
/// first.
fn is_main_of(own: &SubjectKey, claimant: &SubjectKey, ties: &Ties) -> bool {
    ties.shares.contains_key(claimant) || (ties.claimed.contains_key(claimant) && own < claimant)
}

/// The claim is known; one that comes late keeps the redirect from being forgotten.
fn stays(case: &mut Option<Case>, at: Now<'_>, out: &mut Applied) -> Outcome {
    let young = at.now.plus_seconds(-spans(at.policy).tombstone_after / 4);
    if let Some(case) = case.as_mut().filter(|case| case.touched_at < young) {
        case.touched_at = at.now;
        out.changed = true;
    }
    Outcome::EventRepeated
}

fn redirect(case: &mut Case, main: &SubjectKey, at: Now<'_>, out: &mut Applied) {
    case.ties.generation += 1;
    case.ties.apart.remove(main);
    let told = end_tasks(case, main, out);
    hand_over(case, main, told, at.now, out);
    case.ties.main = Some(main.clone());
    case.held_until = None;
    case.touched_at = at.now.max(case.touched_at);
    out.changed = true;
}

/// Tells every task's last record here; the names as they stood before it.
fn end_tasks(case: &mut Case, main: &SubjectKey, out: &mut Applied) -> Vec<(IssueType, Name)> {
    let mut told = Vec::new();
    for issue in issues(case) {
        let Some(tracked) = case.tracked.get_mut(&issue) else {
            continue;
        };
        let Some(task) = tracked.present().map(Cow::into_owned) else {
            continue;
        };
        let name = Name {
            revision: task.revision + 1,
            ..Name::of(&task)
        };
        let revision = name.revision;
        publish(
            tracked,
            merged(task, Task::id_of(main, issue)),
            revision,
            Change::Merged,
            out,
        );
        told.push((issue, name));
    }
    told
}

/// A task that another goes on for.
pub(crate) fn merged(mut task: Task, into: String) -> Task {
    task.state = TaskState::Merged;
    task.merged_into = Some(into);
    task.deadlines.next_escalation_at = None;
    task
}

/// One `merge` for each key that facts came under.
fn hand_over(
    case: &mut Case,
    main: &SubjectKey,
    told: Vec<(IssueType, Name)>,
    now: Timestamp,
    out: &mut Applied,
) {
    if case.ties.shares.is_empty() {
        if !is_bare(case) {
            let body = handed(case, (case.key(), case, case.ties.sent), &told);
            out.follow_ups.push(merge_event(body, main, Vec::new(), now));
        }
        return;
    }
    for (issue, name) in told {
        names::put(case, issue, name);
    }
    for (origin, share) in &case.ties.shares {
        let own = origin == case.key();
        let sequence = if own { case.ties.sent } else { share.seen.until };
        let names: Vec<_> = share
            .names
            .iter()
            .map(|(issue, name)| (*issue, name.clone()))
            .collect();
        let body = handed(case, (origin, &share.facts, sequence), &names);
        out.follow_ups
            .push(merge_event(body, main, share.path.clone(), now));
    }
}

fn handed(
    case: &Case,
    (from, facts, sequence): (&SubjectKey, &Case, u64),
    names: &[(IssueType, Name)],
) -> MergeBody {
    let task = |(issue, name): &(IssueType, Name)| {
        let tracked = facts.tracked.get(issue)?;
        let first = tracked.causes.values().map(|cause| cause.first_detected_at).min();
        Some(HandedTask {
            issue_type: *issue,
            task_id: name.task_id.clone(),
            opened_at: name.opened_at,
            revision: name.revision,
            state: name.state,
            cycle: name.cycle,
            escalation: name.escalation.clone(),
            first_detected_at: first.unwrap_or(tracked.first),
            sightings: tracked.count,
            last_seen: tracked.last,
        })
    };
    MergeBody {
        from: from.clone(),
        through: case.key().clone(),
        generation: case.ties.generation,
        sequence,
        tasks: names.iter().filter_map(task).collect(),
        facts: fit::handed(facts_of(facts)),
    }
}

fn merge_event(body: MergeBody, main: &SubjectKey, mut via: Vec<SubjectKey>, now: Timestamp) -> RawEvent {
    let linking = body.generation.to_string();
    let parts = [body.from.as_str(), body.through.as_str(), main.as_str(), &linking];
    let id = event_id("merge", &parts);
    via.push(body.through.clone());
    between(id, main, What::Merge(Box::new(body)), via, now)
}

/// Of the keys of a circle, the one that sorts first stands for all: whether that is this one.
pub(crate) fn ends_a_circle(case: &Case, event: &TaskEvent) -> bool {
    let came_back = event.via.len() >= HOPS_MAX || event.via.contains(case.key());
    case.ties.main.is_some() && came_back && event.via.iter().all(|key| case.key() <= key)
}

/// A person asks to part an alias, or its main case has parted it.
pub(crate) fn unlink(
    case: &mut Option<Case>,
    event: &TaskEvent,
    body: &UnlinkBody,
    at: Now<'_>,
    out: &mut Applied,
) -> Result<Outcome, Reject> {
    let belongs = |case: &&mut Case| case.ties.main.as_ref() == Some(&body.main);
    if is_system(event) {
        let Some(case) = case.as_mut().filter(belongs) else {
            return Ok(Outcome::EventRepeated);
        };
        names::catch_up(case, &body.tasks);
        stand(case, at, out);
        return Ok(Outcome::EventApplied);
    }
    if let Some(repeated) = unheard(case, event, at)? {
        return Ok(repeated);
    }
    if !at.policy.events().may_link(&event.actor) {
        return Err(denied("this kind of actor parts nothing"));
    }
    let case = case.as_mut().filter(belongs).ok_or_else(unknown)?;
    // behind everything that was sent on before, so that the main case has it
    let what = What::Unmerge(UnmergeBody {
        from: case.key().clone(),
        generation: Some(case.ties.generation),
    });
    pass_on(case, event, what, out)
}

/// A redirect is a case of its own again, with everything that came under its key meanwhile.
pub(crate) fn stand(case: &mut Case, at: Now<'_>, out: &mut Applied) {
    if let Some(main) = case.ties.main.take() {
        case.ties.apart.insert(main);
    }
    for issue in issues(case) {
        names::stand_again(case, issue, at, out);
    }
    case.shrunk = false;
    case.touched_at = at.now.max(case.touched_at);
    out.changed = true;
}

/// Leaves a circle: whoever has its facts forgets them.
pub(crate) fn leave(case: &mut Case, at: Now<'_>, out: &mut Applied) {
    let (own, generation) = (case.key().clone(), case.ties.generation);
    if let Some(main) = &case.ties.main {
        let id = event_id("unmerge", &[own.as_str(), main.as_str(), &generation.to_string()]);
        let body = UnmergeBody {
            from: own.clone(),
            generation: Some(generation),
        };
        out.follow_ups
            .push(between(id, main, What::Unmerge(body), vec![own], at.now));
    }
    stand(case, at, out);
}

/// The event by which a case that gives facts back tells the redirect they came through.
pub(crate) fn unlink_event(
    alias: &SubjectKey,
    main: &SubjectKey,
    linking: u32,
    tasks: Vec<TaskName>,
    now: Timestamp,
) -> RawEvent {
    let id = event_id("unlink", &[alias.as_str(), main.as_str(), &linking.to_string()]);
    let body = UnlinkBody {
        main: main.clone(),
        tasks,
    };
    between(id, alias, What::Unlink(body), Vec::new(), now)
}
