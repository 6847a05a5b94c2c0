//! Which of several tasks of one issue lives on: the one that was opened first; the others end as merged into it.

use std::borrow::Cow;
use std::sync::Arc;

use reeve_domain::event::TaskName;
use reeve_domain::key::SubjectKey;
use reeve_domain::observation::IssueType;
use reeve_domain::task::{Change, Task};

use crate::alias::merged;
use crate::api::{Applied, Noted};
use crate::case::Case;
use crate::join::issues;
use crate::notice::Notice;
use crate::refresh::{self, Mover, Now, publish, revised};
use crate::ties::Name;

/// Remembers a name where it came from; one that nobody had is the case's own.
pub(crate) fn put(case: &mut Case, issue: IssueType, name: Name) {
    let own = case.key().clone();
    let is_of = |known: Option<&Name>| known.is_some_and(|known| known.task_id == name.task_id);
    let shares = &mut case.ties.shares;
    let origin = shares
        .iter()
        .find(|(_, share)| is_of(share.names.get(&issue)))
        .map_or(own, |(origin, _)| origin.clone());
    if let Some(share) = shares.get_mut(&origin) {
        share.names.insert(issue, name);
    }
}

/// How far the records of the tasks have come elsewhere.
pub(crate) fn catch_up(case: &mut Case, tasks: &[TaskName]) {
    for told in tasks {
        let named = case
            .tracked
            .get_mut(&told.issue_type)
            .and_then(|tracked| tracked.task.as_mut());
        if let Some(known) = named.filter(|known| known.task().task_id == told.task_id) {
            Arc::make_mut(known).edit(|task| task.revision = task.revision.max(told.revision));
        }
        for share in case.ties.shares.values_mut() {
            let known = share.names.get_mut(&told.issue_type);
            if let Some(name) = known.filter(|name| name.task_id == told.task_id) {
                name.revision = name.revision.max(told.revision);
            }
        }
    }
}

/// After facts came: brings every task to where they say, under the name that was opened first. A task that takes
/// another name is told even if nothing else changed.
pub(crate) fn go_on(case: &mut Case, at: Now<'_>, out: &mut Applied) {
    for issue in issues(case) {
        let renamed = rename(case, issue, out);
        let before = revision_of(case, issue);
        let mut told = Applied::default();
        refresh::one(case, issue, Mover::Proven, at, &mut told);
        out.replays += told.replays;
        // the same acknowledgement was counted when it was told under the other name
        let news = |noted: &Noted| !matches!(noted, Noted::Acknowledged(_) | Noted::Claimed(_));
        out.noted.extend(told.noted.into_iter().filter(news));
        let silent = told.tasks.is_empty();
        out.tasks.extend(told.tasks);
        if silent && renamed {
            retell(case, issue, (before, Change::Updated), out);
        }
    }
}

/// A task that was merged into one that was never told points to the one that lives.
pub(crate) fn point(case: &mut Case, from: &SubjectKey, out: &mut Applied) {
    for issue in issues(case) {
        let tracked = case.tracked.get(&issue);
        let task = tracked.and_then(|tracked| tracked.present()).map(Cow::into_owned);
        let name = case
            .ties
            .shares
            .get(from)
            .and_then(|share| share.names.get(&issue).cloned());
        let (Some(task), Some(name)) = (task, name) else {
            continue;
        };
        let told = case.is_called(issue, &Task::id_of(case.key(), issue));
        if told || name.task_id == task.task_id {
            continue;
        }
        let ended = Name {
            revision: name.revision + 1,
            ..name
        };
        let into = task.task_id.clone();
        let task = merged(named(task, &ended), into);
        let told = Notice::new(revised(task, ended.revision, Change::Merged));
        out.tasks.push(Arc::new(told));
        put(case, issue, ended);
    }
}

/// After facts left: a task that was merged is one of its own again, and told so.
pub(crate) fn stand_again(case: &mut Case, issue: IssueType, at: Now<'_>, out: &mut Applied) {
    rename(case, issue, out);
    let before = revision_of(case, issue);
    if before.is_none() {
        refresh::one(case, issue, Mover::Proven, at, out);
        return;
    }
    let mut told = Applied::default();
    refresh::one(case, issue, Mover::Proven, at, &mut told);
    out.replays += told.replays;
    retell(case, issue, (before, Change::Unmerged), out);
}

fn revision_of(case: &Case, issue: IssueType) -> Option<u64> {
    let task = case.tracked.get(&issue)?.task.as_ref()?;
    Some(task.glance().revision)
}

/// One record that says `change`, in place of whatever the look at the facts would have said.
fn retell(case: &mut Case, issue: IssueType, (before, change): (Option<u64>, Change), out: &mut Applied) {
    let Some(tracked) = case.tracked.get_mut(&issue) else {
        return;
    };
    if let (Some(task), Some(before)) = (tracked.present().map(Cow::into_owned), before) {
        publish(tracked, task, before + 1, change, out);
    }
}

/// Gives the task the name that was opened first; the other one is told for the last time.
fn rename(case: &mut Case, issue: IssueType, out: &mut Applied) -> bool {
    let Some(first) = case.first_name(issue) else {
        return false;
    };
    let tracked = case.tracked.get(&issue);
    let Some(task) = tracked.and_then(|tracked| tracked.present()).map(Cow::into_owned) else {
        return false;
    };
    let own = Name::of(&task);
    if own.task_id == first.task_id || (own.opened_at, &own.task_id) < (first.opened_at, &first.task_id) {
        put(case, issue, own);
        return false;
    }
    let ended = Name {
        revision: own.revision + 1,
        ..own
    };
    let Some(tracked) = case.tracked.get_mut(&issue) else {
        return false;
    };
    publish(
        tracked,
        merged(task.clone(), first.task_id.clone()),
        ended.revision,
        Change::Merged,
        out,
    );
    tracked.task = Some(Arc::new(Notice::new(named(task, &first))));
    put(case, issue, ended);
    true
}

/// The same task under another name, as it stood under that one.
pub(crate) fn named(task: Task, name: &Name) -> Task {
    Task {
        task_id: name.task_id.clone(),
        dedup_key: format!("reeve:{}", name.task_id),
        opened_at: name.opened_at,
        revision: name.revision,
        state: name.state,
        cycle: name.cycle,
        escalation: name.escalation.clone(),
        merged_into: None,
        ..task
    }
}
