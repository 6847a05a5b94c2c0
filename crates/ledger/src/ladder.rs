//! The ladder: each step is taken once, missed ones collapse into one record, and a clock that stands takes none.

use std::borrow::Cow;

use reeve_domain::task::{Change, EscalationStep, Task};
use reeve_domain::time::Timestamp;
use reeve_policy::Rung;

use crate::api::{Applied, Noted};
use crate::bounds::STEPS_MAX;
use crate::case::Tracked;
use crate::refresh::{Now, publish};
use crate::rules;

/// Marks beyond which those of repeated steps that are over are dropped.
const MARKS_MAX: usize = 48;

/// The step of a resolver who cannot go on.
const BLOCKED: &str = "blocked";

/// Sets when the next step is due.
pub(crate) fn look_ahead(task: &mut Task, tracked: &Tracked, clock: Timestamp, at: Now<'_>) {
    let stands = !task.state.is_open() || task.deadlines.paused.is_some();
    let next = || {
        rungs(task, clock, at)
            .into_iter()
            .find(|rung| !tracked.steps.contains(&rung.step))
    };
    task.deadlines.next_escalation_at = if stands { None } else { next().map(|rung| rung.at) };
}

/// Takes every step that is due, in one record.
pub(crate) fn climb(tracked: &mut Tracked, clock: Timestamp, at: Now<'_>, out: &mut Applied) {
    let open = tracked.present().filter(|task| task.state.is_open());
    let Some(mut task) = open.map(Cow::into_owned) else {
        return;
    };
    if task.deadlines.paused.is_some() {
        return;
    }
    let all = rungs(&task, clock, at);
    let due = |rung: &&Rung| rung.at <= at.now && !tracked.steps.contains(&rung.step);
    let steps: Vec<_> = all
        .iter()
        .filter(due)
        .map(|rung| (rung.step.clone(), rung.to.clone(), rung.level))
        .collect();
    if steps.is_empty() {
        return;
    }
    for (step, to, level) in steps {
        take(&mut task, tracked, (step, to, level), at.now);
    }
    if tracked.steps.len() > MARKS_MAX {
        tracked
            .steps
            .retain(|step| all.iter().any(|rung| rung.step == *step));
    }
    look_ahead(&mut task, tracked, clock, at);
    out.noted.push(Noted::Escalated {
        level: task.escalation.level,
    });
    let revision = task.revision + 1;
    publish(tracked, task, revision, Change::Escalated, out);
}

/// The resolver is stuck: one level up at once, whatever the deadline says.
pub(crate) fn step_up(
    task: &mut Task,
    tracked: &mut Tracked,
    clock: Timestamp,
    at: Now<'_>,
    out: &mut Applied,
) {
    let rungs = rungs(task, clock, at);
    let level = task.escalation.level.max(1) + 1;
    let next = rungs
        .iter()
        .filter(|rung| rung.level >= level)
        .min_by_key(|rung| (rung.level, rung.step != BLOCKED));
    let Some(rung) = next.or(rungs.iter().max_by_key(|rung| rung.level)) else {
        return;
    };
    take(
        task,
        tracked,
        (BLOCKED.to_owned(), rung.to.clone(), level.min(rung.level)),
        at.now,
    );
    out.noted.push(Noted::Escalated {
        level: task.escalation.level,
    });
}

fn take(task: &mut Task, tracked: &mut Tracked, (step, to, level): (String, String, u32), at: Timestamp) {
    task.escalation.level = task.escalation.level.max(level);
    tracked.steps.insert(step.clone());
    task.escalation
        .history
        .push(EscalationStep { step, level, to, at });
    if task.escalation.history.len() > STEPS_MAX {
        task.escalation.history.remove(0);
    }
}

fn rungs(task: &Task, clock: Timestamp, at: Now<'_>) -> Vec<Rung> {
    at.policy.ladder(&rules::clocks(task, clock, at.now))
}
