//! What a redirect sends on: observations that came under its key, and what people say to it.

use data_encoding::BASE32_NOPAD;
use reeve_domain::event::{Actor, ActorKind, RawEvent, SightingBody, TaskEvent, What};
use reeve_domain::key::SubjectKey;
use reeve_domain::observation::{Evidence, Finding, Receipt};
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::Reject;
use reeve_domain::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::api::Applied;
use crate::apply::{add_piece, piece_of};
use crate::case::Case;
use crate::event::unknown;
use crate::permit::denied;
use crate::refresh::Now;
use crate::{observe, receipt};

/// How often anything is sent on.
pub(crate) const HOPS_MAX: usize = 3;

/// Who speaks between partitions.
const REEVE: &str = "reeve";

/// What a redirect has to send on.
pub(crate) enum Observed<'a> {
    Finding(&'a Finding),
    Evidence(&'a Evidence),
    Receipt(&'a Receipt),
}

/// Sends an observation that came under this alias to where its subject lives; here it is kept for an un-merge.
pub(crate) fn pass_finding(case: &mut Case, finding: &Finding, at: Now<'_>, out: &mut Applied) {
    observe::finding(case, finding, at.now);
    if let Some(own) = case.own_share() {
        observe::finding(&mut own.facts, finding, at.now);
    }
    pass_observation(case, &Observed::Finding(finding), at, out);
}

/// The same for evidence; what was known is not sent again.
pub(crate) fn pass_evidence(case: &mut Case, evidence: &Evidence, at: Now<'_>, out: &mut Applied) {
    out.outcome = Some(Outcome::Folded);
    let Some(piece) = piece_of(evidence, at) else {
        return;
    };
    if !add_piece(case, &piece).0 {
        return;
    }
    if let Some(own) = case.own_share() {
        add_piece(&mut own.facts, &piece);
    }
    pass_observation(case, &Observed::Evidence(evidence), at, out);
}

/// The same for the receipt of a scan that showed, or no longer shows, what came under this alias.
pub(crate) fn pass_receipt(case: &mut Case, receipt: &Receipt, at: Now<'_>, out: &mut Applied) {
    out.outcome = Some(Outcome::Folded);
    let origin = case.key().clone();
    if receipt::note(case, &origin, receipt, at).is_news() {
        pass_observation(case, &Observed::Receipt(receipt), at, out);
    }
}

fn pass_observation(case: &mut Case, observed: &Observed<'_>, at: Now<'_>, out: &mut Applied) {
    let Some(main) = case.ties.main.clone() else {
        return;
    };
    case.ties.sent += 1;
    let mut body = SightingBody {
        from: case.key().clone(),
        hops: 1,
        through: case.key().clone(),
        generation: case.ties.generation,
        sequence: case.ties.sent,
        finding: None,
        evidence: None,
        receipt: None,
    };
    match *observed {
        Observed::Finding(finding) => body.finding = Some(Box::new(finding.clone())),
        Observed::Evidence(evidence) => body.evidence = Some(Box::new(evidence.clone())),
        Observed::Receipt(receipt) => body.receipt = Some(Box::new(receipt.clone())),
    }
    let id = event_id("sighting", &[case.key().as_str(), &body.sequence.to_string()]);
    let via = vec![case.key().clone()];
    out.follow_ups
        .push(between(id, &main, What::Sighting(Box::new(body)), via, at.now));
    case.shrunk = false;
    case.touched_at = at.now.max(case.touched_at);
    out.changed = true;
    out.outcome = Some(Outcome::Folded);
}

/// Sends an event on to where the subject lives, with the same id, unless it has come too far.
pub(crate) fn pass_on(
    case: &Case,
    event: &TaskEvent,
    what: What,
    out: &mut Applied,
) -> Result<Outcome, Reject> {
    let Some(main) = case.ties.main.as_ref() else {
        return Err(unknown());
    };
    if event.via.len() >= HOPS_MAX {
        return Err(denied(
            "sent on too often: these aliases belong to each other in a circle",
        ));
    }
    let mut via = event.via.clone();
    via.push(case.key().clone());
    let passed = TaskEvent {
        subject_key: main.clone(),
        via,
        what,
        ..event.clone()
    };
    out.follow_ups.push(RawEvent::from(passed));
    Ok(Outcome::EventApplied)
}

/// The same parts give the same id, so that a second delivery is a repeat.
pub(crate) fn event_id(kind: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    let hash = BASE32_NOPAD.encode(&hash.finalize()[..16]).to_ascii_lowercase();
    format!("{kind}-{hash}")
}

pub(crate) fn between(
    event_id: String,
    to: &SubjectKey,
    what: What,
    via: Vec<SubjectKey>,
    now: Timestamp,
) -> RawEvent {
    RawEvent::from(TaskEvent {
        event_id,
        subject_key: to.clone(),
        task_id: None,
        actor: Actor {
            id: REEVE.to_owned(),
            kind: ActorKind::System,
        },
        at: now,
        external: None,
        via,
        what,
    })
}
