//! One input onto one case: skip what was seen, fold the fact, and bring the tasks to where the facts say.

use std::sync::Arc;

use reeve_domain::context::{EnrichmentStatus, Knowledge, OwnerConfidence};
use reeve_domain::observation::{Evidence, EvidenceScope, Finding, IssueType, Statement};
use reeve_domain::outcome::Outcome;
use reeve_domain::task::TaskState;
use reeve_domain::time::Timestamp;
use reeve_policy::Policy;

use crate::api::{Applied, Input, InputTopic, Position};
use crate::bounds::{TEXT_CHARS_MAX, cut};
use crate::case::{Case, Known, Tracked};
use crate::observe::{self, News};
use crate::piece::{self, Piece, is_life};
use crate::refresh::{self, Mover, Now};
use crate::signs::called;
use crate::{alias, event, pass, receipt, tick};

/// The name under which `evidence.yaml` lists what reeve itself reads in an inventory.
const INVENTORY: &str = "inventory";

/// Applies one input. A case may come into being (findings, evidence) or end (a tick after the last day of a closed
/// one). Deterministic: the same case, input, policy and time give the same answer.
pub fn apply(
    case: &mut Option<Case>,
    input: Input<'_>,
    position: Option<Position>,
    policy: &Policy,
    now: Timestamp,
) -> Applied {
    let mut out = Applied::default();
    let at = Now { policy, now };
    if let (Some(case), Some(position)) = (case.as_ref(), position)
        && was_applied(case, position)
    {
        out.outcome = Some(repeated(input));
        return out;
    }
    match input {
        Input::Finding(finding) | Input::KnownFinding { finding, .. } if is_redirect(case) => {
            if let Some(case) = case {
                pass::pass_finding(case, finding, at, &mut out);
            }
        }
        Input::Evidence(evidence) if is_redirect(case) => {
            if let Some(case) = case {
                pass::pass_evidence(case, evidence, at, &mut out);
            }
        }
        Input::Receipt(scan) if is_redirect(case) => {
            if let Some(case) = case {
                pass::pass_receipt(case, scan, at, &mut out);
            }
        }
        Input::Knowledge { .. } if is_redirect(case) => {}
        Input::Finding(finding) => apply_finding(case, finding, at, &mut out),
        Input::KnownFinding {
            finding,
            knowledge,
            at: since,
        } => {
            apply_known_finding(case, finding, (knowledge, since), at, &mut out);
        }
        Input::Evidence(evidence) => apply_evidence(case, evidence, at, &mut out),
        Input::Receipt(scan) => receipt::apply(case, scan, at, &mut out),
        Input::Event(told) => event::apply(case, told, at, &mut out),
        Input::Knowledge { knowledge, at: since } => apply_knowledge(case, knowledge, since, at, &mut out),
        Input::Tick => tick::apply(case, at, &mut out),
    }
    if let Some(case) = case.as_mut().filter(|_| out.changed) {
        case.revision += 1;
        if let Some(position) = position {
            advance(case, position);
        }
    }
    out
}

/// Whether the inventories should be asked: nobody has answered yet, or the answer is stale, and a task is open.
pub fn wants_lookup(case: &Case, policy: &Policy, now: Timestamp) -> bool {
    lookup_due(case, policy).is_some_and(|due| due <= now)
}

/// When the inventories should be asked next; none if no task needs it.
pub fn lookup_due(case: &Case, policy: &Policy) -> Option<Timestamp> {
    if case.ties.main.is_some() {
        return None;
    }
    let open = |tracked: &Tracked| {
        tracked
            .task
            .as_ref()
            .is_none_or(|told| told.glance().state.is_open())
    };
    if !case.tracked.values().any(|tracked| open(tracked)) {
        return None;
    }
    let spans = crate::rules::spans(policy);
    Some(match &case.known {
        None => case.touched_at,
        Some(known) if known.knowledge.enrichment.status != EnrichmentStatus::Complete => {
            known.at.plus_seconds(spans.context_retry)
        }
        Some(known) => known
            .at
            .plus_seconds(spans.context_fresh + jitter(case, spans.context_fresh)),
    })
}

/// Up to a tenth of the span, fixed by the key: a restart causes no stampede.
fn jitter(case: &Case, span: i64) -> i64 {
    let hash = case
        .key()
        .as_str()
        .bytes()
        .fold(0_i64, |hash, byte| (hash * 31 + i64::from(byte)) % 1_009);
    span / 10 * hash / 1_009
}

fn apply_finding(case: &mut Option<Case>, finding: &Finding, at: Now<'_>, out: &mut Applied) {
    let case = case.get_or_insert_with(|| Case::new(finding.subject.clone(), 2, at.now));
    revive(case);
    let hidden = case
        .tracked
        .get(&finding.issue_type)
        .and_then(|tracked| tracked.task.as_ref())
        .map(|told| told.glance().state);
    let news = observe::finding(case, finding, at.now);
    if let Some(own) = case.own_share() {
        observe::finding(&mut own.facts, finding, at.now);
    }
    alias::claim(case, &finding.aliases, at, out);
    if news == News::Fact {
        refresh::all(case, Mover::Observed, at, out);
    }
    case.touched_at = at.now.max(case.touched_at);
    out.changed = true;
    let state = case
        .tracked
        .get(&finding.issue_type)
        .and_then(|tracked| tracked.task.as_ref())
        .map(|told| told.glance().state);
    let covered =
        |state: Option<TaskState>| matches!(state, Some(TaskState::Excepted | TaskState::FalsePositive));
    out.outcome = Some(if covered(hidden) && covered(state) {
        Outcome::Suppressed
    } else {
        Outcome::Folded
    });
}

/// A new case has its context before its first task is told; an older one is amended.
fn apply_known_finding(
    case: &mut Option<Case>,
    finding: &Finding,
    (knowledge, since): (&Knowledge, Timestamp),
    at: Now<'_>,
    out: &mut Applied,
) {
    let new = case.as_ref().is_none_or(|case| case.tracked.is_empty());
    if new {
        let case = case.get_or_insert_with(|| Case::new(finding.subject.clone(), 2, at.now));
        case.known = known(knowledge, since);
    }
    apply_finding(case, finding, at, out);
    if !new || finding.issue_type == IssueType::IdentityOrphaned {
        apply_knowledge(case, knowledge, since, at, out);
    }
}

fn apply_evidence(case: &mut Option<Case>, evidence: &Evidence, at: Now<'_>, out: &mut Applied) {
    out.outcome = Some(Outcome::Folded);
    let Some(piece) = piece_of(evidence, at) else {
        return;
    };
    out.changed = case.is_none();
    let case = case.get_or_insert_with(|| Case::new(evidence.subject.clone(), 1, at.now));
    out.changed |= observe::is_named(case, &evidence.subject, 1, &evidence.aliases, &[]);
    alias::claim(case, &evidence.aliases, at, out);
    out.changed |= !out.follow_ups.is_empty();
    fold_piece(case, piece, Mover::Proven, at, out);
}

/// What evidence says, with the level reeve gives it; none if its format may not say so, or if it says nothing.
pub(crate) fn piece_of(evidence: &Evidence, at: Now<'_>) -> Option<Piece> {
    let level = at
        .policy
        .level_of_format(&evidence.source.format, evidence.statement)?;
    let so_at = evidence.observed_at.clamped(at.now).0;
    let idle = evidence.errored && is_life(evidence.statement);
    (!idle).then(|| Piece::observed(evidence, level, so_at))
}

/// Adds a piece of evidence, or a sign of life, and weighs it. One that is known changes nothing.
pub(crate) fn fold_piece(case: &mut Case, piece: Piece, mover: Mover, at: Now<'_>, out: &mut Applied) {
    let (added, decides) = add_piece(case, &piece);
    if let Some(own) = case.own_share() {
        add_piece(&mut own.facts, &piece);
    }
    if decides {
        refresh::all(case, mover, at, out);
    }
    if added {
        revive(case);
        case.touched_at = at.now.max(case.touched_at);
        out.changed = true;
    }
}

/// Adds a piece of evidence, or a sign of life: whether it is new, and whether it may decide.
pub(crate) fn add_piece(case: &mut Case, piece: &Piece) -> (bool, bool) {
    if is_life(piece.statement) {
        let between = case.evidence_times();
        let lived = observe::lives(case, (&piece.source, called(piece)), piece.at, &between);
        return (lived.added, lived.decides);
    }
    let lost = piece::add(&mut case.pieces, piece.clone());
    if lost == Some(true) {
        case.tracked
            .values_mut()
            .for_each(|tracked| tracked.forgot = true);
    }
    (lost.is_some(), lost.is_some())
}

fn apply_knowledge(
    case: &mut Option<Case>,
    knowledge: &Knowledge,
    since: Timestamp,
    at: Now<'_>,
    out: &mut Applied,
) {
    let Some(case) = case.as_mut() else {
        return;
    };
    if case.tracked.is_empty() || !is_better(case, knowledge) {
        return;
    }
    let before = case
        .known
        .as_ref()
        .and_then(|known| known.knowledge.owners.resolver.as_ref());
    let after = knowledge.owners.resolver.as_ref();
    let renamed = after.is_some_and(|after| before.is_some_and(|before| before.reference != after.reference));
    if renamed {
        case.tracked
            .values_mut()
            .for_each(|tracked| tracked.renamed_at = Some(since));
    }
    case.known = known(knowledge, since);
    prove_owner(case, since, at.policy);
    refresh::all(case, Mover::Known(since), at, out);
    out.changed = true;
}

fn known(knowledge: &Knowledge, at: Timestamp) -> Option<Arc<Known>> {
    let knowledge = knowledge.clone();
    Some(Arc::new(Known { knowledge, at }))
}

/// An owner that an inventory names is proof for an identity that had none.
fn prove_owner(case: &mut Case, since: Timestamp, policy: &Policy) {
    let statement = Statement::OwnerAssigned;
    let level = policy.level_of_format(INVENTORY, statement);
    let owner = case
        .known
        .as_ref()
        .and_then(|known| known.knowledge.owners.resolver.as_ref());
    let sure = owner.filter(|owner| owner.confidence <= OwnerConfidence::Medium);
    let (Some(level), Some(owner)) = (level, sure) else {
        return;
    };
    let Some(orphaned) = case.tracked.get(&IssueType::IdentityOrphaned) else {
        return;
    };
    let seen_since = |known: &Piece| orphaned.last > known.at;
    let piece = Piece {
        at: since,
        id: cut(&format!("inventory:{}", owner.reference), TEXT_CHARS_MAX),
        statement,
        scope: EvidenceScope::WholeSubject,
        level,
        source: INVENTORY.to_owned(),
        reference: cut(&owner.source, TEXT_CHARS_MAX),
        errored: false,
        report: None,
    };
    let again = case.pieces.iter().rev().find(|known| known.source == INVENTORY);
    if again.is_none_or(|known| known.id != piece.id || seen_since(known)) {
        piece::add(&mut case.pieces, piece);
    }
}

/// An answer of fewer inventories never replaces one of more; a repeated silence changes nothing.
fn is_better(case: &Case, knowledge: &Knowledge) -> bool {
    let rank = |status: EnrichmentStatus| match status {
        EnrichmentStatus::Complete => 2,
        EnrichmentStatus::Partial => 1,
        EnrichmentStatus::Pending => 0,
    };
    let Some(known) = &case.known else {
        return true;
    };
    let (old, new) = (
        rank(known.knowledge.enrichment.status),
        rank(knowledge.enrichment.status),
    );
    new > old || (new == old && new > 0)
}

fn is_redirect(case: &Option<Case>) -> bool {
    case.as_ref().is_some_and(|case| case.ties.main.is_some())
}

/// A case that had shrunk is whole again with the next fact.
fn revive(case: &mut Case) {
    case.shrunk = false;
}

fn was_applied(case: &Case, position: Position) -> bool {
    let last = case.applied.of(position.topic);
    last.is_some_and(|last| position.offset <= last)
}

fn advance(case: &mut Case, position: Position) {
    match position.topic {
        InputTopic::Findings => case.applied.findings = Some(position.offset),
        InputTopic::TaskEvents => case.applied.task_events = Some(position.offset),
    }
}

fn repeated(input: Input<'_>) -> Outcome {
    match input {
        Input::Event(_) => Outcome::EventRepeated,
        _ => Outcome::Folded,
    }
}
