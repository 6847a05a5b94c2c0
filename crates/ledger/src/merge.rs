//! The side of the main key: taking facts over from an alias, counting what comes under it, and giving both back.

use std::collections::BTreeSet;
use std::sync::Arc;

use reeve_domain::event::{
    HandedTask, MergeBody, RawEvent, SightingBody, TaskEvent, TaskName, UnlinkBody, UnmergeBody, What,
};
use reeve_domain::key::SubjectKey;
use reeve_domain::observation::{Evidence, Finding, IssueType};
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::Reject;

use crate::alias::{claim, ends_a_circle, is_system, leave, unlink_event};
use crate::api::Applied;
use crate::apply::{add_piece, piece_of};
use crate::case::{Case, subject_of};
use crate::event::{unheard, unknown};
use crate::join::{facts_of, issues, rebuild};
use crate::notice::Notice;
use crate::observe::{self, News};
use crate::pass::pass_on;
use crate::permit::{denied, invalid};
use crate::refresh::{self, Mover, Now};
use crate::ties::{Name, Numbers, Share};
use crate::{join, names, receipt};

/// An alias hands over what came under it. A redirect keeps it too, and sends it on.
pub(crate) fn merge(
    case: &mut Option<Case>,
    event: &TaskEvent,
    body: &MergeBody,
    at: Now<'_>,
    out: &mut Applied,
) -> Result<Outcome, Reject> {
    only_reeve(event)?;
    if body.from == event.subject_key {
        return Ok(back_home(case, event, at, out));
    }
    let facts = join::read_facts(&body.facts).ok_or_else(|| invalid("the facts of a case"))?;
    if case.as_ref().is_some_and(|case| knows(case, body)) {
        return Ok(Outcome::EventRepeated);
    }
    let on = |case: &Case| {
        What::Merge(Box::new(MergeBody {
            through: case.key().clone(),
            generation: case.ties.generation,
            ..body.clone()
        }))
    };
    let passed = pass_through(case, event, on, at, out)?;
    let case = shared(case, event, at);
    take_over(case, body, (&facts, &event.via), at);
    if !passed {
        names::go_on(case, at, out);
        names::point(case, &body.from, out);
    }
    Ok(done(case, at, out))
}

/// Whether the linking is over, or its facts are here already.
fn knows(case: &Case, body: &MergeBody) -> bool {
    let known = |share: &Share| share.through == body.through && share.generation >= body.generation;
    case.ties.is_void(&body.through, body.generation) || case.ties.shares.get(&body.from).is_some_and(known)
}

fn take_over(case: &mut Case, body: &MergeBody, (facts, path): (&Case, &[SubjectKey]), at: Now<'_>) {
    let ids_max = at.policy.limits().event_ids_max;
    let share = Share {
        facts: Box::new(facts.clone()),
        names: body.tasks.iter().map(name_of).collect(),
        seen: Numbers::until(body.sequence),
        through: body.through.clone(),
        generation: body.generation,
        path: path.to_vec(),
    };
    if case.ties.shares.insert(body.from.clone(), share).is_some() {
        rebuild(case, ids_max);
    } else {
        join::join(case, facts, ids_max);
    }
}

/// One more observation that came under an alias.
pub(crate) fn sighting(
    case: &mut Option<Case>,
    event: &TaskEvent,
    body: &SightingBody,
    at: Now<'_>,
    out: &mut Applied,
) -> Result<Outcome, Reject> {
    only_reeve(event)?;
    let origin = &body.from;
    if *origin == event.subject_key {
        return Ok(back_home(case, event, at, out));
    }
    let counted = |case: &Case| {
        let share = case.ties.shares.get(origin);
        case.ties.is_void(&body.through, body.generation)
            || share.is_some_and(|share| share.seen.contains(body.sequence))
    };
    if case.as_ref().is_some_and(counted) {
        return Ok(Outcome::EventRepeated);
    }
    let on = |case: &Case| {
        What::Sighting(Box::new(SightingBody {
            hops: body.hops + 1,
            through: case.key().clone(),
            generation: case.ties.generation,
            ..body.clone()
        }))
    };
    let passed = pass_through(case, event, on, at, out)?;
    let case = shared(case, event, at);
    let share = Share {
        path: event.via.clone(),
        ..Share::new(origin, (&body.through, body.generation), at.now)
    };
    let share = case.ties.shares.entry(origin.clone()).or_insert(share);
    share.seen.add(body.sequence);
    if let Some(finding) = &body.finding {
        fold_finding(case, origin, finding, passed, at, out);
    }
    if let Some(evidence) = &body.evidence {
        fold_evidence(case, origin, evidence, passed, at, out);
    }
    if let Some(scan) = &body.receipt {
        let noted = receipt::note(case, origin, scan, at);
        receipt::weigh(case, noted, at, out);
    }
    Ok(done(case, at, out))
}

/// The case that takes facts over: from now on its own are kept apart.
fn shared<'c>(case: &'c mut Option<Case>, event: &TaskEvent, at: Now<'_>) -> &'c mut Case {
    let key = &event.subject_key;
    let case = case.get_or_insert_with(|| Case::new(subject_of(key), 0, at.now));
    if case.ties.shares.is_empty() {
        let told = case.tracked.iter();
        let names =
            told.filter_map(|(issue, tracked)| Some((*issue, Name::of(tracked.task.as_ref()?.task()))));
        let own = Share {
            facts: Box::new(facts_of(case)),
            names: names.collect(),
            ..Share::new(key, (key, 0), at.now)
        };
        case.ties.shares.insert(key.clone(), own);
    }
    case
}

/// A redirect sends it on, unless it stands in a circle that ends here; whether it was sent on.
fn pass_through(
    case: &mut Option<Case>,
    event: &TaskEvent,
    on: impl Fn(&Case) -> What,
    at: Now<'_>,
    out: &mut Applied,
) -> Result<bool, Reject> {
    let Some(case) = case.as_mut().filter(|case| case.ties.main.is_some()) else {
        return Ok(false);
    };
    if ends_a_circle(case, event) {
        leave(case, at, out);
        return Ok(false);
    }
    pass_on(case, event, on(case), out)?;
    Ok(true)
}

/// What this key sent on has come back to it.
fn back_home(case: &mut Option<Case>, event: &TaskEvent, at: Now<'_>, out: &mut Applied) -> Outcome {
    let circle = |case: &&mut Case| ends_a_circle(case, event);
    let Some(case) = case.as_mut().filter(circle) else {
        return Outcome::EventRepeated;
    };
    leave(case, at, out);
    Outcome::EventApplied
}

fn done(case: &mut Case, at: Now<'_>, out: &mut Applied) -> Outcome {
    case.shrunk = false;
    case.touched_at = at.now.max(case.touched_at);
    out.changed = true;
    Outcome::EventApplied
}

fn fold_finding(
    case: &mut Case,
    origin: &SubjectKey,
    finding: &Finding,
    passed: bool,
    at: Now<'_>,
    out: &mut Applied,
) {
    let named_by = case.named_by;
    let ours = Finding {
        subject: case.subject.clone(),
        ..finding.clone()
    };
    let news = observe::finding(case, &ours, at.now);
    case.named_by = named_by;
    if let Some(share) = case.ties.shares.get_mut(origin) {
        observe::finding(&mut share.facts, finding, at.now);
    }
    if !passed {
        claim(case, &finding.aliases, at, out);
        if news == News::Fact {
            refresh::all(case, Mover::Observed, at, out);
        }
    }
}

fn fold_evidence(
    case: &mut Case,
    origin: &SubjectKey,
    evidence: &Evidence,
    passed: bool,
    at: Now<'_>,
    out: &mut Applied,
) {
    let Some(piece) = piece_of(evidence, at) else {
        return;
    };
    let (_, decides) = add_piece(case, &piece);
    if let Some(share) = case.ties.shares.get_mut(origin) {
        add_piece(&mut share.facts, &piece);
    }
    if decides && !passed {
        refresh::all(case, Mover::Proven, at, out);
    }
}

/// A person asks for an alias to be parted, or a redirect leaves a circle.
pub(crate) fn unmerge(
    case: &mut Option<Case>,
    event: &TaskEvent,
    body: &UnmergeBody,
    at: Now<'_>,
    out: &mut Applied,
) -> Result<Outcome, Reject> {
    if is_system(event) {
        let generation = body.generation.ok_or_else(|| invalid("a linking"))?;
        let Some(case) = case
            .as_mut()
            .filter(|case| !case.ties.is_void(&body.from, generation))
        else {
            return Ok(Outcome::EventRepeated);
        };
        return Ok(withdrawn(case, &body.from, generation, at, out));
    }
    if let Some(repeated) = unheard(case, event, at)? {
        return Ok(repeated);
    }
    if !at.policy.events().may_link(&event.actor) {
        return Err(denied("this kind of actor parts nothing"));
    }
    let case = case.as_mut().ok_or_else(unknown)?;
    if case.ties.main.is_some() {
        return pass_on(case, event, event.what.clone(), out);
    }
    let share = case.ties.shares.get(&body.from);
    if share.is_some_and(|share| share.through != body.from) {
        return Err(denied("it came through another alias: part that one"));
    }
    let Some(linking) = body.generation.or(share.map(|share| share.generation)) else {
        return ask_alias(case, event, body, out);
    };
    if case.ties.is_void(&body.from, linking) {
        return Err(unknown());
    }
    let tasks = part(case, &body.from, linking, at, out);
    out.follow_ups
        .push(unlink_event(&body.from, case.key(), linking, tasks, at.now));
    let ids_max = at.policy.limits().event_ids_max;
    case.events
        .remember(&event.event_id, event.at.clamped(at.now).0, ids_max);
    Ok(done(case, at, out))
}

/// Nothing has come under the alias yet, but something may be under way: the alias answers behind it.
fn ask_alias(
    case: &Case,
    event: &TaskEvent,
    body: &UnmergeBody,
    out: &mut Applied,
) -> Result<Outcome, Reject> {
    if !case.ties.claimed.contains_key(&body.from) || event.via.contains(case.key()) {
        return Err(unknown());
    }
    let mut via = event.via.clone();
    via.push(case.key().clone());
    let main = case.key().clone();
    let asked = TaskEvent {
        subject_key: body.from.clone(),
        via,
        what: What::Unlink(UnlinkBody {
            main,
            tasks: Vec::new(),
        }),
        ..event.clone()
    };
    out.follow_ups.push(RawEvent::from(asked));
    Ok(Outcome::EventApplied)
}

fn withdrawn(case: &mut Case, from: &SubjectKey, generation: u32, at: Now<'_>, out: &mut Applied) -> Outcome {
    part(case, from, generation, at, out);
    done(case, at, out)
}

/// Gives back what came through `from`; the names of the tasks that leave, as far as their records have come.
fn part(case: &mut Case, from: &SubjectKey, linking: u32, at: Now<'_>, out: &mut Applied) -> Vec<TaskName> {
    for issue in issues(case) {
        let task = case.tracked.get(&issue).and_then(|tracked| tracked.task.as_ref());
        if let Some(name) = task.map(|told| Name::of(told.task())) {
            names::put(case, issue, name);
        }
    }
    let leaving = case
        .ties
        .shares
        .iter()
        .filter(|(_, share)| share.through == *from);
    let leaving: Vec<SubjectKey> = leaving.map(|(origin, _)| origin.clone()).collect();
    let mut tasks = Vec::new();
    for origin in leaving {
        if let Some(share) = case.ties.shares.remove(&origin) {
            tasks.extend(share.names.iter().map(|(issue, name)| told(*issue, name)));
        }
    }
    case.ties.parted.insert(from.clone(), linking);
    let returned = give_names_back(case, &tasks);
    rebuild(case, at.policy.limits().event_ids_max);
    if case.ties.main.is_none() {
        tell_rest(case, &returned, at, out);
    }
    tasks
}

/// A task that goes under a name that leaves has its earlier name again; none if it never had one.
fn give_names_back(case: &mut Case, tasks: &[TaskName]) -> BTreeSet<IssueType> {
    let mut returned = BTreeSet::new();
    for left in tasks {
        let issue = left.issue_type;
        let next = case.first_name(issue);
        let steps = case
            .ties
            .shares
            .get(&case.subject.key)
            .and_then(|own| own.facts.tracked.get(&issue))
            .map(|tracked| tracked.steps.clone());
        let Some(tracked) = case.tracked.get_mut(&issue) else {
            continue;
        };
        let Some(task) = tracked.task.take_if(|told| told.task().task_id == left.task_id) else {
            continue;
        };
        tracked.task = next.map(|name| {
            Arc::new(Notice::new(names::named(
                Arc::unwrap_or_clone(task).into_task(),
                &name,
            )))
        });
        tracked.steps = steps.unwrap_or_default();
        returned.insert(issue);
    }
    returned
}

fn tell_rest(case: &mut Case, returned: &BTreeSet<IssueType>, at: Now<'_>, out: &mut Applied) {
    for issue in issues(case) {
        if returned.contains(&issue) {
            names::stand_again(case, issue, at, out);
        } else {
            refresh::one(case, issue, Mover::Proven, at, out);
        }
    }
}

fn told(issue: IssueType, name: &Name) -> TaskName {
    TaskName {
        issue_type: issue,
        task_id: name.task_id.clone(),
        opened_at: name.opened_at,
        revision: name.revision,
    }
}

fn name_of(task: &HandedTask) -> (IssueType, Name) {
    let name = Name {
        task_id: task.task_id.clone(),
        opened_at: task.opened_at,
        revision: task.revision,
        state: task.state,
        cycle: task.cycle,
        escalation: task.escalation.clone(),
    };
    (task.issue_type, name)
}

fn only_reeve(event: &TaskEvent) -> Result<(), Reject> {
    if is_system(event) {
        Ok(())
    } else {
        Err(denied("only reeve hands facts from key to key"))
    }
}
