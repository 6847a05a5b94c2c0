//! Task events: idempotent by id, judged before they are heard, one record at most for each task.

use reeve_domain::event::{EventType, EvidenceBody, TaskEvent, What};
use reeve_domain::observation::IssueType;
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::{Reason, Reject};
use reeve_domain::task::{Change, ClaimEntry, Task};
use reeve_domain::time::Timestamp;

use crate::api::Applied;
use crate::apply::fold_piece;
use crate::bounds::{CLAIMS_MAX, NOTE_CHARS_MAX, TEXT_CHARS_MAX, cut};
use crate::case::{Case, Tracked, subject_of};
use crate::permit::{Court, denied};
use crate::piece::{Piece, is_life};
use crate::refresh::{self, Mover, Now};
use crate::rules::spans;
use crate::seen_events::Sight;
use crate::words::{self, Said, Told, Word};

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
    let said_at = event.at.clamped(at.now).0;
    let sight = case
        .as_ref()
        .map_or(Sight::New, |case| case.events.sight(&event.event_id, said_at));
    let horizon = at.now.plus_seconds(-spans(at.policy).event_age_max);
    match sight {
        Sight::Repeated => return Ok(Outcome::EventRepeated),
        _ if said_at < horizon => return Err(stale("older than events are remembered")),
        Sight::Forgotten => return Err(stale("older than the events that are remembered of this subject")),
        Sight::New => {}
    }
    if let What::Evidence(body) = &event.what {
        prove(case, event, body, at, out)?;
    } else {
        let case = case.as_mut().ok_or_else(unknown)?;
        tell(case, event, at, out)?;
    }
    if let Some(case) = case.as_mut() {
        case.events
            .remember(&event.event_id, said_at, at.policy.limits().event_ids_max);
        case.events.forget_before(horizon);
        case.touched_at = at.now.max(case.touched_at);
        case.shrunk = false;
    }
    out.changed = true;
    Ok(Outcome::EventApplied)
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
        && !IssueType::ALL
            .iter()
            .any(|issue| Task::id_of(&event.subject_key, *issue) == *task_id)
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
        record(tracked, event, (said, cycle_from), at);
        refresh::one(case, issue, Mover::Told(change_of(event)), at, out);
    }
    Ok(())
}

/// The word it gives, and since when the present cycle runs.
type Judged = (Option<Said>, Option<Timestamp>);

fn judge(case: &Case, issue: IssueType, event: &TaskEvent, at: Now<'_>) -> Result<Judged, Reject> {
    let tracked = case.tracked.get(&issue).ok_or_else(unknown)?;
    let task = tracked.task.as_ref().ok_or_else(unknown)?;
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
            .is_none_or(|task_id| task.task_id == *task_id)
    };
    let tasks: Vec<_> = case.tasks().filter(named).collect();
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
        kind: kind_of(&event.what).as_str().to_owned(),
        actor: actor.clone(),
        at: said_at,
        note: note_of(&event.what).map(|note| cut(note, NOTE_CHARS_MAX)),
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

fn kind_of(what: &What) -> EventType {
    match what {
        What::Acknowledged => EventType::Acknowledged,
        What::Claimed(_) => EventType::Claimed,
        What::Disowned(_) => EventType::Disowned,
        What::Reassigned(_) => EventType::Reassigned,
        What::Blocked(_) => EventType::Blocked,
        What::ApprovalRequested(_) => EventType::ApprovalRequested,
        What::Approved(_) => EventType::Approved,
        What::Denied(_) => EventType::Denied,
        What::ExceptionRequested(_) => EventType::ExceptionRequested,
        What::ExceptionApproved(_) => EventType::ExceptionApproved,
        What::ExceptionRevoked(_) => EventType::ExceptionRevoked,
        What::Evidence(_) => EventType::Evidence,
        What::Attestation(_) => EventType::Attestation,
        What::Note(_) => EventType::Note,
        What::FalsePositive(_) => EventType::FalsePositive,
        What::PreCheck(_) => EventType::PreCheck,
        What::Link(_) => EventType::Link,
        What::Unlink(_) => EventType::Unlink,
        What::Merge(_) => EventType::Merge,
        What::Unmerge(_) => EventType::Unmerge,
        What::Sighting(_) => EventType::Sighting,
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

fn unknown() -> Reject {
    Reject::document(Reason::UnknownTask, "no task of this subject is meant")
}

fn stale(detail: &str) -> Reject {
    Reject::document(Reason::StaleEvent, detail)
}
