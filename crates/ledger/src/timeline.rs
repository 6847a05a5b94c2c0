//! What the facts of a task say, replayed in the order in which they were so: never in the order in which they arrived.
//!
//! Everything that decides about closing and reopening is a function of a *set* of facts, each with its own time.
//! That is why the fold is confluent: whoever comes first, the same set gives the same timeline.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reeve_domain::observation::{EvidenceLevel, IssueType, Statement};
use reeve_domain::task::Closure;
use reeve_domain::time::Timestamp;
use reeve_policy::{Policy, Standing, Verdict};

use crate::case::{Causes, validity_of};
use crate::cause::{CauseFact, CauseId};
use crate::piece::{Piece, is_death};
use crate::signs::Signs;

/// The facts of one task.
pub(crate) struct Facts<'a> {
    /// What is wrong.
    pub(crate) issue: IssueType,
    /// The source findings.
    pub(crate) causes: &'a Causes,
    /// Signs of life of the subject.
    pub(crate) signs: Signs<'a>,
    /// Evidence about the subject, in order of time.
    pub(crate) pieces: &'a [Piece],
    /// Reviews with a document: when, and the event's id.
    pub(crate) attested: &'a [(Timestamp, String)],
    /// The rules.
    pub(crate) policy: &'a Policy,
}

impl Facts<'_> {
    fn cover(&self, piece: &Piece, cause: &CauseFact) -> bool {
        self.signs.cover(piece, (self.issue, self.causes), cause)
    }
}

/// Where the facts leave a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outlook {
    /// How often it was seen again after it was closed.
    pub(crate) reopenings: u32,
    /// The sighting that reopened it last.
    pub(crate) reopened_at: Option<Timestamp>,
    /// When and how it was closed; none while a cause is open.
    pub(crate) closed: Option<(Timestamp, Closure)>,
    /// What cleared each cause that is not open.
    pub(crate) cleared: BTreeMap<CauseId, String>,
    /// Per piece of evidence, why it does not count; none if it does.
    pub(crate) why_not: Vec<Option<&'static str>>,
}

impl Outlook {
    /// Replays the facts.
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let mut replay = Replay::new(facts);
        let moments = replay.moments();
        for group in moments.chunk_by(|a, b| a.0 == b.0) {
            for (at, moment) in group {
                replay.step(*at, moment);
            }
            replay.settle(group[0].0);
        }
        replay.finish()
    }
}

/// What happened at one instant; declared in the order in which things of one instant count: a sign of life first, so
/// that evidence has to be newer than it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment<'a> {
    Life(&'a str),
    Sight(usize),
    Evidence(usize),
    Attested(usize),
}

struct CauseState<'a> {
    id: &'a CauseId,
    fact: &'a Arc<CauseFact>,
    present: bool,
    closed: Option<Closing>,
    standing: Vec<usize>,
    /// The last sign of life, and the last word of death that was believed.
    lived: Option<Timestamp>,
    died: Option<Timestamp>,
}

/// How a cause was closed.
struct Closing {
    at: Timestamp,
    /// The evidence; none for a review.
    piece: Option<usize>,
    by: String,
}

struct Replay<'a> {
    facts: &'a Facts<'a>,
    causes: Vec<CauseState<'a>>,
    out: Outlook,
}

impl<'a> Replay<'a> {
    fn new(facts: &'a Facts<'a>) -> Self {
        let causes = facts.causes.iter().map(|(id, fact)| CauseState {
            id,
            fact,
            present: false,
            closed: None,
            standing: Vec::new(),
            lived: None,
            died: None,
        });
        let why_not = vec![Some("it speaks of no cause of this task"); facts.pieces.len()];
        Self {
            facts,
            causes: causes.collect(),
            out: Outlook {
                why_not,
                ..Outlook::default()
            },
        }
    }

    fn moments(&mut self) -> Vec<(Timestamp, Moment<'a>)> {
        let mut moments = BTreeSet::new();
        moments.extend(self.facts.signs.all().map(|(who, at)| (at, Moment::Life(who))));
        for (index, cause) in self.causes.iter().enumerate() {
            moments.extend(cause.fact.seen.iter().map(|at| (at, Moment::Sight(index))));
        }
        for (index, piece) in self.facts.pieces.iter().enumerate() {
            match self.never_counts(piece) {
                Some(why) => self.out.why_not[index] = Some(why),
                None => {
                    moments.insert((piece.at, Moment::Evidence(index)));
                }
            }
        }
        for (index, (at, _)) in self.facts.attested.iter().enumerate() {
            moments.insert((*at, Moment::Attested(index)));
        }
        moments.into_iter().collect()
    }

    fn never_counts(&self, piece: &Piece) -> Option<&'static str> {
        if piece.errored {
            return Some("the source's action failed");
        }
        // audit events of one batch have times of their own
        let report = piece
            .report
            .as_ref()
            .filter(|_| piece.level != EvidenceLevel::E2)?;
        let fails = |cause: &CauseState<'_>| {
            matches!(
                piece.statement,
                Statement::PrivilegeReduced | Statement::RemovedFromSource
            ) && cause.fact.format == piece.source
                && self.facts.cover(piece, cause.fact)
                && cause.fact.reports.contains(report)
        };
        self.causes
            .iter()
            .any(fails)
            .then_some("the same report also fails it")
    }

    fn step(&mut self, at: Timestamp, moment: &Moment<'a>) {
        match *moment {
            Moment::Life(who) => self.is_alive(at, who),
            Moment::Sight(index) => {
                self.causes[index].is_seen(at, is_present_tense(self.facts.issue), self.facts.pieces);
                self.try_to_close(index, at);
            }
            Moment::Evidence(piece) => self.is_proven(piece, at),
            Moment::Attested(index) => self.is_attested(index, at),
        }
    }

    /// A sign of life reopens what was closed as dead before, and outdates evidence of a state. A deletion is no state:
    /// it counts whenever it happened, until what it closed shows life again.
    fn is_alive(&mut self, at: Timestamp, who: &str) {
        let facts = self.facts;
        let shown = |cause: &CauseState<'_>| facts.signs.speak_of(who, cause.fact);
        let ends = |piece: usize| ends_with_life(facts.issue, facts.pieces[piece].statement);
        let dead = |cause: &CauseState<'_>| {
            let closed = cause
                .closed
                .as_ref()
                .filter(|closed| closed.at < at && shown(cause));
            closed.and_then(|closed| closed.piece).is_some_and(ends)
        };
        let reopens = self.causes.iter().any(dead);
        for cause in self.causes.iter_mut().filter(|cause| shown(cause)) {
            cause.lived = Some(at);
            if dead(cause) {
                cause.reopen();
            }
            let counts = |piece: usize| !reopens && facts.pieces[piece].statement == Statement::Deleted;
            cause.standing.retain(|&piece| counts(piece) || !ends(piece));
        }
    }

    fn is_proven(&mut self, piece: usize, at: Timestamp) {
        let Facts { signs, pieces, .. } = *self.facts;
        let dies = signs.believe_death(&pieces[piece]);
        for index in 0..self.causes.len() {
            let covers = self.facts.cover(&pieces[piece], self.causes[index].fact);
            if dies && (covers || !signs.are_of_a_place()) {
                self.causes[index].died = Some(at);
            }
            if covers && self.causes[index].closed.is_none() {
                self.causes[index].standing.push(piece);
                self.try_to_close(index, at);
            } else if covers {
                self.out.why_not[piece] = Some("it was closed already");
            }
        }
    }

    fn is_attested(&mut self, index: usize, at: Timestamp) {
        let id = &self.facts.attested[index].1;
        for cause in self.causes.iter_mut().filter(|cause| cause.is_open()) {
            cause.closed = Some(Closing {
                at,
                piece: None,
                by: id.clone(),
            });
        }
    }

    /// Closes a cause whose standing evidence is enough.
    fn try_to_close(&mut self, index: usize, at: Timestamp) {
        let cause = &self.causes[index];
        if cause.closed.is_some() || cause.standing.is_empty() {
            return;
        }
        let standing: Vec<_> = cause.standing.iter().map(|&piece| self.standing(piece)).collect();
        // what was found later said nothing then
        let known = self
            .causes
            .iter()
            .filter(|other| other.present && (!self.facts.signs.are_of_a_place() || other.id == cause.id));
        let validity = validity_of(cause.lived, cause.died, known.map(|cause| cause.fact));
        let verdict = self
            .facts
            .policy
            .closes_given(self.facts.issue, validity, &standing);
        let last = cause.standing[cause.standing.len() - 1];
        let why = match verdict {
            Verdict::Closes if cause.present => None,
            Verdict::Closes => Some("nothing was open then"),
            Verdict::NeedsSecond => Some("a second observation must agree"),
            Verdict::No(why) => Some(why),
        };
        if why.is_none() {
            let by = self.facts.pieces[last].id.clone();
            for &piece in &self.causes[index].standing {
                self.out.why_not[piece] = None;
            }
            self.causes[index].closed = Some(Closing {
                at,
                piece: Some(last),
                by,
            });
        } else if self.out.why_not[last].is_some() {
            self.out.why_not[last] = why;
        }
    }

    fn standing(&self, piece: usize) -> Standing<'_> {
        let piece = &self.facts.pieces[piece];
        Standing {
            statement: piece.statement,
            level: piece.level,
            source: &piece.source,
            observed_at: piece.at,
            live_to_not_live: piece.statement == Statement::Inactive && self.facts.signs.is_change(piece),
        }
    }

    /// Closes or reopens the task once everything of one instant is known.
    fn settle(&mut self, at: Timestamp) {
        if !self.causes.iter().any(|cause| cause.present) {
            return;
        }
        let open = self.causes.iter().any(CauseState::is_open);
        match (self.out.closed, open) {
            (None, false) => self.out.closed = Some((at, self.closure())),
            (Some(_), true) => {
                self.out.closed = None;
                self.out.reopenings += 1;
                self.out.reopened_at = Some(at);
            }
            _ => {}
        }
    }

    fn closure(&self) -> Closure {
        let attested =
            |cause: &CauseState<'_>| cause.closed.as_ref().is_some_and(|closed| closed.piece.is_none());
        if self.causes.iter().any(attested) {
            Closure::Attested
        } else {
            Closure::Verified
        }
    }

    fn finish(mut self) -> Outlook {
        for cause in self.causes {
            if let (true, Some(closed)) = (cause.present, cause.closed) {
                self.out.cleared.insert(cause.id.clone(), closed.by);
            }
        }
        self.out
    }
}

impl CauseState<'_> {
    fn is_open(&self) -> bool {
        self.present && self.closed.is_none()
    }

    fn reopen(&mut self) {
        self.closed = None;
        self.standing.clear();
    }

    fn is_seen(&mut self, at: Timestamp, present_tense: bool, pieces: &[Piece]) {
        if self.present && present_tense && self.closed.as_ref().is_some_and(|closed| closed.at < at) {
            self.reopen();
        }
        if self.closed.is_none() && (present_tense || !self.present) {
            self.standing
                .retain(|&piece| !ends_with_a_sighting(pieces[piece].statement));
        }
        self.present = true;
    }
}

/// Whether a finding of this type speaks of the present, so that seeing it again is a reopening. A leaked secret stays
/// in the history it leaked into: only a sign of life reopens it.
pub(crate) const fn is_present_tense(issue: IssueType) -> bool {
    !matches!(issue, IssueType::SecretExposed)
}

/// Whether a later sign of life outdates the statement. A rotation ends the life of a leaked value, not of a credential
/// that was merely old; a removal closes only what is dead.
const fn ends_with_life(issue: IssueType, statement: Statement) -> bool {
    match statement {
        Statement::Rotated | Statement::RemovedFromSource => matches!(issue, IssueType::SecretExposed),
        _ => is_death(statement),
    }
}

/// Whether a later sighting of the problem outdates the statement.
const fn ends_with_a_sighting(statement: Statement) -> bool {
    matches!(
        statement,
        Statement::PrivilegeReduced | Statement::RemovedFromSource | Statement::OwnerAssigned
    )
}
