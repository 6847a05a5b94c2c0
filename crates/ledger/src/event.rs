//! Task events: idempotent by id, judged before they are heard, one record at most for each task.

use reeve_domain::event::{EvidenceBody, TaskEvent, What};
use reeve_domain::key::SubjectKey;
use reeve_domain::observation::IssueType;
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::{Reason, Reject};
use reeve_domain::task::{Change, ClaimEntry, Task};
use reeve_domain::time::Timestamp;

use crate::api::Applied;
use crate::apply::fold_piece;
use crate::bounds::{CLAIMS_MAX, NOTE_CHARS_MAX, TEXT_CHARS_MAX, cut};
use crate::case::{Case, Tracked, subject_of};
use crate::notice::Notice;
use crate::permit::{Court, denied};
use crate::piece::{Piece, is_life};
use crate::refresh::{self, Mover, Now};
use crate::rules::spans;
use crate::seen_events::Sight;
use crate::words::{self, Said, Told, Word};
use crate::{alias, merge, pass};

/// Applies an event, or says why not.
pub(crate) fn apply(case: &mut Option<Case>, event: &TaskEvent, at: Now<'_>, out: &mut Applied) {
    match hear(case, event, at, out) {
        Ok(outcome) => out.outcome = Some(outcome),
        Err(reject) => {
            out.outcome = Some(Outcome::Rejected);
            out.reject = Some(reject);
        }
    }
}

fn hear(
    case: &mut Option<Case>,
    event: &TaskEvent,
    at: Now<'_>,
    out: &mut Applied,
) -> Result<Outcome, Reject> {
    match &event.what {
        What::Link(body) => return alias::link(case, event, body, at, out),
        What::Unlink(body) => return alias::unlink(case, event, body, at, out),
        What::Merge(body) => return merge::merge(case, event, body, at, out),
        What::Unmerge(body) => return merge::unmerge(case, event, body, at, out),
        What::Sighting(body) => return merge::sighting(case, event, body, at, out),
        _ => {}
    }
    if let Some(repeated) = unheard(case, event, at)? {
        return Ok(repeated);
    }
    if let Some(redirect) = case.as_ref().filter(|case| case.redirected_to().is_some()) {
        return pass::pass_on(redirect, event, event.what.clone(), out);
    }
    if let What::Evidence(body) = &event.what {
        prove(case, event, body, at, out)?;
    } else {
        let case = case.as_mut().ok_or_else(unknown)?;
        tell(case, event, at, out)?;
    }
    if let Some(case) = case.as_mut() {
        let said_at = event.at.clamped(at.now).0;
        case.events
            .remember(&event.event_id, said_at, at.policy.limits().event_ids_max);
        case.events.forget_before(horizon(at));
        case.touched_at = at.now.max(case.touched_at);
        case.shrunk = false;
    }
    out.changed = true;
    Ok(Outcome::EventApplied)
}

/// Whether an event was heard before: then the outcome of a repeat.
///
/// # Errors
/// `stale_event` if it is so old that nobody can tell.
pub(crate) fn unheard(
    case: &Option<Case>,
    event: &TaskEvent,
    at: Now<'_>,
) -> Result<Option<Outcome>, Reject> {
    let said_at = event.at.clamped(at.now).0;
    let sight = case
        .as_ref()
        .map_or(Sight::New, |case| case.events.sight(&event.event_id, said_at));
    match sight {
        Sight::Repeated => Ok(Some(Outcome::EventRepeated)),
        _ if said_at < horizon(at) => Err(stale("older than events are remembered")),
        Sight::Forgotten => Err(stale("older than the events that are remembered of this subject")),
        Sight::New => Ok(None),
    }
}

fn horizon(at: Now<'_>) -> Timestamp {
    at.now.plus_seconds(-spans(at.policy).event_age_max)
}

/// A statement about the subject's state: its level is the actor's, whatever the body says.
fn prove(
    case: &mut Option<Case>,
    event: &TaskEvent,
    body: &EvidenceBody,
    at: Now<'_>,
    out: &mut Applied,
) -> Result<(), Reject> {
    if let Some(task_id) = &event.task_id
        && !is_of_subject(case.as_ref(), &event.subject_key, task_id)
    {
        return Err(unknown());
    }
    let level = at.policy.level_of_actor(&event.actor, body.statement);
    let level = level.ok_or_else(|| denied("this actor may not say that"))?;
    let so_at = body.observed_at.unwrap_or(event.at).clamped(at.now).0;
    let case = case.get_or_insert_with(|| Case::new(subject_of(&event.subject_key), 0, at.now));
    let piece = Piece::told(&event.event_id, &event.actor, body, level, so_at);
    let counts = level != reeve_domain::observation::EvidenceLevel::E4 && !body.errored;
    if counts || !is_life(body.statement) {
        fold_piece(
            case,
            piece,
            if counts { Mover::Proven } else { Mover::Observed },
            at,
            out,
        );
    }
    Ok(())
}

/// Whether the subject has, had or could have a task of that name.
fn is_of_subject(case: Option<&Case>, key: &SubjectKey, task_id: &str) -> bool {
    let mut issues = IssueType::ALL.iter();
    issues.any(|issue| {
        Task::id_of(key, *issue) == task_id || case.is_some_and(|case| case.is_called(*issue, task_id))
    })
}

/// What people say: judged for every task it is about, then heard by all of them or by none.
fn tell(case: &mut Case, event: &TaskEvent, at: Now<'_>, out: &mut Applied) -> Result<(), Reject> {
    let mut judged = Vec::new();
    for issue in addressed(case, event)? {
        judged.push((issue, judge(case, issue, event, at)?));
    }
    for (issue, (said, cycle_from)) in judged {
        let Some(tracked) = case.tracked.get_mut(&issue) else {
            continue;
        };
        record(tracked, event, (said.clone(), cycle_from), at);
        let own = case.own_share().and_then(|own| own.facts.tracked.get_mut(&issue));
        if let Some(tracked) = own {
            record(tracked, event, (said, cycle_from), at);
        }
        refresh::one(case, issue, Mover::Told(change_of(event)), at, out);
    }
    Ok(())
}

/// The word it gives, and since when the present cycle runs.
type Judged = (Option<Said>, Option<Timestamp>);

fn judge(case: &Case, issue: IssueType, event: &TaskEvent, at: Now<'_>) -> Result<Judged, Reject> {
    let tracked = case.tracked.get(&issue).ok_or_else(unknown)?;
    let task = tracked.task.as_ref().ok_or_else(unknown)?.task();
    let outlook = refresh::replay(case, issue, tracked, at.policy);
    let told = Told::of(&tracked.words, outlook.reopened_at);
    let validity = case.validity(&tracked.causes);
    let said = Court {
        task,
        told: &told,
        validity,
        policy: at.policy,
        now: at.now,
    }
    .judge(event)?;
    Ok((said, outlook.reopened_at))
}

/// The named task, or every open one; where none is open (the proof was faster than the ticket), every task.
fn addressed(case: &Case, event: &TaskEvent) -> Result<Vec<IssueType>, Reject> {
    let named = |task: &&Task| {
        event
            .task_id
            .as_ref()
            .is_none_or(|task_id| case.is_called(task.issue_type, task_id))
    };
    let tasks: Vec<_> = case.told().map(Notice::task).filter(named).collect();
    if tasks.is_empty() {
        return Err(unknown());
    }
    let waits = |task: &Task| task.state.is_open() || task.exception.is_some();
    let all = event.task_id.is_some() || !tasks.iter().any(|task| waits(task));
    let meant = tasks.into_iter().filter(|task| all || waits(task));
    Ok(meant.map(|task| task.issue_type).collect())
}

fn record(tracked: &mut Tracked, event: &TaskEvent, (said, cycle_from): Judged, at: Now<'_>) {
    let said_at = event.at.clamped(at.now).0;
    let event_id = cut(&event.event_id, TEXT_CHARS_MAX);
    let mut actor = event.actor.clone();
    actor.id = cut(&actor.id, TEXT_CHARS_MAX);
    let entry = ClaimEntry {
        event_id: event_id.clone(),
        kind: event.what.event_type().as_str().to_owned(),
        actor: actor.clone(),
        at: said_at,
        note: note_of(&event.what).map(|note| cut(note, NOTE_CHARS_MAX)),
        second: second_of(&event.what).map(|second| cut(second, TEXT_CHARS_MAX)),
    };
    let place = tracked
        .claims
        .partition_point(|known| (known.at, &known.event_id) < (said_at, &event_id));
    tracked.claims.insert(place, entry);
    if tracked.claims.len() > CLAIMS_MAX {
        tracked.claims.remove(0);
    }
    if let Some(said) = said {
        words::add(
            &mut tracked.words,
            Word {
                at: said_at,
                event_id,
                actor,
                said,
            },
            cycle_from,
        );
    }
}

fn change_of(event: &TaskEvent) -> Change {
    match event.what {
        What::Acknowledged => Change::Acknowledged,
        What::Claimed(_) => Change::Claimed,
        What::Disowned(_) | What::Reassigned(_) => Change::Reassigned,
        What::Blocked(_) => Change::Escalated,
        _ => Change::Updated,
    }
}

fn second_of(what: &What) -> Option<&str> {
    match what {
        What::Attestation(body) => body.reviewer.as_deref(),
        What::FalsePositive(body) => body.second.as_deref(),
        What::ExceptionRequested(body) | What::ExceptionApproved(body) => body.requester.as_deref(),
        _ => None,
    }
}

fn note_of(what: &What) -> Option<&str> {
    match what {
        What::Claimed(body) | What::Note(body) => body.note.as_deref(),
        What::Disowned(body) => body.note.as_deref(),
        What::Reassigned(body) => body.note.as_deref(),
        What::Blocked(body) => body.note.as_deref(),
        What::ApprovalRequested(body) | What::Approved(body) | What::Denied(body) => body.note.as_deref(),
        What::Attestation(body) => body.note.as_deref().or(Some(&body.document)),
        What::FalsePositive(body) => Some(&body.reason),
        What::ExceptionRequested(body) | What::ExceptionApproved(body) | What::ExceptionRevoked(body) => {
            body.reason.as_deref()
        }
        _ => None,
    }
}

pub(crate) fn unknown() -> Reject {
    Reject::document(Reason::UnknownTask, "no task of this subject is meant")
}

fn stale(detail: &str) -> Reject {
    Reject::document(Reason::StaleEvent, detail)
}
