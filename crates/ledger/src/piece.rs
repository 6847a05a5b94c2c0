//! A piece of evidence as the case keeps it, with the level reeve gave it.

use reeve_domain::event::{Actor, EvidenceBody};
use reeve_domain::observation::{Evidence, EvidenceLevel, EvidenceScope, IssueType, Statement};
use reeve_domain::task::EvidenceEntry;
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bounds::{EVIDENCE_MAX, TEXT_CHARS_MAX, cut};
use crate::cause::{CauseFact, report_of};

/// Stands before the hash of a scan where evidence speaks of what that scan covers.
pub(crate) const SCAN: &str = "scan:";

/// One statement about the subject or one rule of it, at one instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Piece {
    /// When it was so; first, so that pieces sort by time.
    pub(crate) at: Timestamp,
    /// Its id.
    pub(crate) id: String,
    /// What it says.
    pub(crate) statement: Statement,
    /// Of what.
    pub(crate) scope: EvidenceScope,
    /// How far it can be trusted, by reeve's own word.
    pub(crate) level: EvidenceLevel,
    /// Format or actor.
    pub(crate) source: String,
    /// The source's reference.
    pub(crate) reference: String,
    /// The source's action failed.
    pub(crate) errored: bool,
    /// The report it stood in; none for an event.
    pub(crate) report: Option<String>,
}

impl Piece {
    /// Of an observation; a level in it is not looked at.
    pub(crate) fn observed(evidence: &Evidence, level: EvidenceLevel, at: Timestamp) -> Self {
        Self {
            at,
            id: cut(&evidence.evidence_id, TEXT_CHARS_MAX),
            statement: evidence.statement,
            scope: bounded(&evidence.scope),
            level,
            source: cut(&evidence.source.format, TEXT_CHARS_MAX),
            reference: cut(&evidence.source.reference, TEXT_CHARS_MAX),
            errored: evidence.errored,
            report: Some(report_of(&evidence.provenance)),
        }
    }

    /// Of a task event; a level in it is not looked at.
    pub(crate) fn told(
        event_id: &str,
        actor: &Actor,
        body: &EvidenceBody,
        level: EvidenceLevel,
        at: Timestamp,
    ) -> Self {
        Self {
            at,
            id: cut(event_id, TEXT_CHARS_MAX),
            statement: body.statement,
            scope: bounded(&body.scope),
            level,
            source: cut(&actor.id, TEXT_CHARS_MAX),
            reference: cut(&body.reference, TEXT_CHARS_MAX),
            errored: body.errored,
            report: None,
        }
    }

    /// Whether it speaks of this cause. A scanner's word counts only for what the same scanner reported.
    pub(crate) fn covers(&self, issue: IssueType, cause: &CauseFact) -> bool {
        match &self.scope {
            // fewer rights say nothing of how it logs in, or of whom it trusts
            EvidenceScope::WholeSubject => {
                self.statement != Statement::PrivilegeReduced
                    || matches!(issue, IssueType::OverPrivileged | IssueType::PermissionUnused)
            }
            EvidenceScope::Rule(rule) => {
                if let Some(name) = rule.strip_prefix("issue:") {
                    name == issue.as_str()
                } else if let Some(scan) = rule.strip_prefix(SCAN) {
                    cause.scans.iter().any(|known| known == scan)
                } else {
                    // a place that several rules share has no rule
                    !rule.is_empty()
                        && *rule == cause.rule
                        && (self.level != EvidenceLevel::E3 || self.source == cause.format)
                }
            }
        }
    }

    /// How it stands on the task.
    pub(crate) fn shown(&self, why_not: Option<&str>) -> EvidenceEntry {
        EvidenceEntry {
            evidence_id: self.id.clone(),
            statement: self.statement,
            scope: self.scope.clone(),
            level: self.level,
            source: self.source.clone(),
            reference: self.reference.clone(),
            observed_at: self.at,
            accepted: why_not.is_none(),
            why_not: why_not.map(str::to_owned),
        }
    }
}

/// Whether a statement is a sign of life and not a proof of anything done.
pub(crate) const fn is_life(statement: Statement) -> bool {
    matches!(statement, Statement::Active | Statement::Used)
}

/// Whether a statement says that the subject cannot act any more.
pub(crate) const fn is_death(statement: Statement) -> bool {
    matches!(
        statement,
        Statement::Disabled | Statement::Deleted | Statement::Rotated | Statement::Inactive
    )
}

/// Adds `piece` to sorted `pieces`. Beyond the bound, the oldest goes that repeats its predecessor, else the oldest
/// that is no deletion, else the oldest. `None` if it was there before, else whether one that decides may be lost.
pub(crate) fn add(pieces: &mut Vec<Piece>, piece: Piece) -> Option<bool> {
    let Err(place) = pieces.binary_search(&piece) else {
        return None;
    };
    pieces.insert(place, piece);
    if pieces.len() <= EVIDENCE_MAX {
        return Some(false);
    }
    let repeat =
        (1..pieces.len() - 1).find(|&index| repeats(&pieces[index - 1], &pieces[index], &pieces[index + 1]));
    let fleeting = pieces
        .iter()
        .position(|piece| piece.statement != Statement::Deleted);
    pieces.remove(repeat.or(fleeting).unwrap_or(0));
    Some(true)
}

fn repeats(before: &Piece, middle: &Piece, after: &Piece) -> bool {
    let said = |piece: &Piece| (piece.statement, piece.level, piece.errored);
    said(before) == said(middle)
        && said(middle) == said(after)
        && before.source == middle.source
        && middle.source == after.source
        && before.scope == middle.scope
        && middle.scope == after.scope
}

fn bounded(scope: &EvidenceScope) -> EvidenceScope {
    match scope {
        EvidenceScope::WholeSubject => EvidenceScope::WholeSubject,
        EvidenceScope::Rule(rule) => EvidenceScope::Rule(cut(rule, TEXT_CHARS_MAX)),
    }
}
