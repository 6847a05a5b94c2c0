//! Receipts of scans: what a scan showed once and an equal one no longer shows is removed from its source.
//!
//! Coverage is proven by the scans themselves: a cause remembers the scans (kind, id, rules and branch) whose report it
//! stood in, and only the receipt of an equal scan that was complete, ran later and does not show it speaks of it. A
//! record may hold several reports: a scan shows only what its own format found in its own repository.

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use reeve_domain::key::SubjectKey;
use reeve_domain::observation::{EvidenceScope, Receipt, Statement};
use reeve_domain::outcome::Outcome;
use sha2::{Digest, Sha256};

use crate::api::Applied;
use crate::apply::add_piece;
use crate::bounds::{TEXT_CHARS_MAX, cut};
use crate::case::Case;
use crate::cause::{CauseFact, CauseId, MORE, report_of};
use crate::piece::{Piece, SCAN};
use crate::refresh::{self, Mover, Now};

/// The name under which `evidence.yaml` lists what a receipt proves.
const RECEIPT: &str = "receipt";

/// What a receipt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Nothing that was not known.
    Nothing,
    /// A cause was shown by this scan.
    Shown,
    /// A cause is no longer shown.
    Proven,
}

impl Noted {
    pub(crate) fn is_news(self) -> bool {
        self != Self::Nothing
    }
}

/// Notes a receipt for the facts that came under the case's own key, and weighs what it proves.
pub(crate) fn apply(case: &mut Option<Case>, receipt: &Receipt, at: Now<'_>, out: &mut Applied) {
    out.outcome = Some(Outcome::Folded);
    let Some(case) = case.as_mut() else {
        return;
    };
    let origin = case.key().clone();
    let noted = note(case, &origin, receipt, at);
    weigh(case, noted, at, out);
}

/// Brings the tasks to where a receipt says.
pub(crate) fn weigh(case: &mut Case, noted: Noted, at: Now<'_>, out: &mut Applied) {
    if noted == Noted::Proven {
        refresh::all(case, Mover::Proven, at, out);
        case.shrunk = false;
        case.touched_at = at.now.max(case.touched_at);
    }
    out.changed |= noted.is_news();
}

/// Notes a receipt for the facts that came under `origin`.
pub(crate) fn note(case: &mut Case, origin: &SubjectKey, receipt: &Receipt, at: Now<'_>) -> Noted {
    let Some(scan) = scan_of(receipt) else {
        return Noted::Nothing;
    };
    let report = report_of(&receipt.provenance);
    let shown = mark(case, origin, receipt, (&scan, &report));
    let Some(piece) = proof(case, origin, receipt, (&scan, report), at) else {
        return if shown { Noted::Shown } else { Noted::Nothing };
    };
    if let Some(share) = case.ties.shares.get_mut(origin) {
        add_piece(&mut share.facts, &piece);
    }
    if add_piece(case, &piece).0 {
        Noted::Proven
    } else if shown {
        Noted::Shown
    } else {
        Noted::Nothing
    }
}

/// What was covered, by which rules; none if the receipt does not say enough to compare it with another.
fn scan_of(receipt: &Receipt) -> Option<String> {
    let scope = &receipt.scope;
    if scope.id.is_empty() || scope.ruleset.is_empty() {
        return None;
    }
    let parts = [
        &receipt.source.format,
        &receipt.source.tool,
        &scope.kind,
        &scope.id,
        &scope.ruleset,
        scope.reference.as_deref().unwrap_or("\u{1}"),
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    Some(BASE32_NOPAD.encode(&hash.finalize()[..10]).to_ascii_lowercase())
}

/// Causes that came under `origin`, or all where nothing is kept apart.
fn causes_under<'c>(
    case: &'c Case,
    origin: &SubjectKey,
) -> impl Iterator<Item = (&'c CauseId, &'c CauseFact)> {
    let share = case.ties.shares.get(origin);
    let tracked = share.map_or(&case.tracked, |share| &share.facts.tracked);
    let causes = tracked.values().flat_map(|tracked| &tracked.causes);
    causes.map(|(id, cause)| (id, &**cause))
}

fn mark(case: &mut Case, origin: &SubjectKey, receipt: &Receipt, (scan, report): (&str, &str)) -> bool {
    let stood = |(id, cause): (&CauseId, &CauseFact)| {
        // of those that share a place, some may lie elsewhere
        let own = cause.reference != MORE;
        let listed = own && cause.reports.iter().any(|known| known == report);
        (listed && lies_in(cause, receipt)).then(|| id.clone())
    };
    let shown: Vec<CauseId> = causes_under(case, origin).filter_map(stood).collect();
    let share = case.ties.shares.get_mut(origin);
    let kept = share
        .into_iter()
        .flat_map(|share| share.facts.tracked.values_mut());
    let mut new = false;
    for tracked in case.tracked.values_mut().chain(kept) {
        for id in &shown {
            let cause = tracked.causes.get_mut(id);
            new |= cause.is_some_and(|cause| Arc::make_mut(cause).shown_by(scan));
        }
    }
    new
}

/// Whether a scan can have shown a cause: by its format, and in its repository.
fn lies_in(cause: &CauseFact, receipt: &Receipt) -> bool {
    let plain = |text: &str| {
        let text = text.trim_end_matches('/');
        text.strip_suffix(".git").unwrap_or(text).to_lowercase()
    };
    let repository = cause.location.repository.as_deref().map(plain);
    let here = receipt.scope.kind != "repository" || repository == Some(plain(&receipt.scope.id));
    here && cause.format == receipt.source.format
}

/// A complete scan that no longer shows what an equal one showed before.
fn proof(
    case: &Case,
    origin: &SubjectKey,
    receipt: &Receipt,
    (scan, report): (&str, String),
    at: Now<'_>,
) -> Option<Piece> {
    let statement = Statement::RemovedFromSource;
    let level = at.policy.level_of_format(RECEIPT, statement)?;
    let ran_at = receipt.observed_at.clamped(at.now).0;
    let gone = |cause: &CauseFact| {
        cause.scans.iter().any(|known| known == scan)
            && !cause.reports.contains(&report)
            && cause.seen.last().is_some_and(|last| last < ran_at)
    };
    let any_gone = receipt.scope.complete && causes_under(case, origin).any(|(_, cause)| gone(cause));
    any_gone.then(|| Piece {
        at: ran_at,
        id: format!("scan-{scan}-{report}"),
        statement,
        scope: EvidenceScope::Rule(format!("{SCAN}{scan}")),
        level,
        source: cut(&receipt.source.format, TEXT_CHARS_MAX),
        reference: cut(&receipt.scope.id, TEXT_CHARS_MAX),
        errored: false,
        report: Some(report),
    })
}

/// What a receipt is matched by: the latest report of every cause, and the scans that showed it.
pub(crate) fn traces(case: &Case) -> impl Iterator<Item = &String> {
    let causes = case.tracked.values().flat_map(|tracked| tracked.causes.values());
    causes.flat_map(|cause| cause.reports.last().into_iter().chain(&cause.scans))
}

/// The traces that a receipt speaks of.
pub(crate) fn trace_of(receipt: &Receipt) -> Option<[String; 2]> {
    Some([scan_of(receipt)?, report_of(&receipt.provenance)])
}
