//! Signs of life of a subject, and whom a sign and a word of death speak of.
//!
//! A place stands for whatever secrets lie there. What a source says of one of them is said of what the source calls by
//! that name, and of nothing beside it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use reeve_domain::key::SubjectKey;
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, Statement, Validity};
use reeve_domain::time::Timestamp;

use crate::bounds::{TEXT_CHARS_MAX, cut};
use crate::case::{Case, Causes, validity_of};
use crate::cause::{CauseFact, MORE};
use crate::marks::Marks;
use crate::piece::{Piece, SCAN, is_death};

/// Whether the key names a place, and no value.
pub(crate) fn is_place(key: &SubjectKey) -> bool {
    key.provider() == "location"
}

/// Under which name a sign of life of `source` is remembered.
pub(crate) fn witness<'a>(key: &SubjectKey, source: &'a str, reference: &str) -> Cow<'a, str> {
    name(is_place(key), source, reference)
}

fn name<'a>(place: bool, source: &'a str, reference: &str) -> Cow<'a, str> {
    match place {
        true => Cow::Owned(cut(&[source, " ", reference].concat(), TEXT_CHARS_MAX)),
        false => Cow::Borrowed(source),
    }
}

/// The signs of life of one subject, by who saw them.
#[derive(Clone, Copy)]
pub(crate) struct Signs<'a> {
    seen: &'a BTreeMap<String, Marks>,
    place: bool,
}

impl<'a> Signs<'a> {
    /// Of a case.
    pub(crate) fn of(case: &'a Case) -> Self {
        Self {
            seen: &case.life,
            place: is_place(case.key()),
        }
    }

    /// Every sign, with its place among those who saw any.
    pub(crate) fn all(self) -> impl Iterator<Item = (usize, Timestamp)> + 'a {
        let seen = self.seen.values().enumerate();
        seen.flat_map(|(who, marks)| marks.iter().map(move |at| (who, at)))
    }

    /// Whether what `who` saw is a sign of this cause.
    pub(crate) fn speak_of(self, who: usize, cause: &CauseFact) -> bool {
        !self.place
            || self
                .seen
                .keys()
                .nth(who)
                .is_some_and(|seen| seen == MORE || *seen == name(true, &cause.format, &cause.reference))
    }

    /// Whether the same source saw life before.
    pub(crate) fn is_change(self, piece: &Piece) -> bool {
        self.seen
            .get(name(self.place, &piece.source, &piece.reference).as_ref())
            .and_then(Marks::first)
            .is_some_and(|first| first < piece.at)
    }

    /// Whether a piece is believed when it says that the subject cannot act any more: by its level, or because the same
    /// source saw life before.
    pub(crate) fn believe_death(self, piece: &Piece) -> bool {
        let by_level = match piece.level {
            EvidenceLevel::E1 | EvidenceLevel::E2 => true,
            EvidenceLevel::E3 => piece.statement == Statement::Inactive && self.is_change(piece),
            EvidenceLevel::E4 => false,
        };
        !piece.errored && is_death(piece.statement) && by_level
    }

    /// Whether evidence speaks of this cause.
    pub(crate) fn cover(self, piece: &Piece, issue: IssueType, cause: &CauseFact) -> bool {
        piece.covers(issue, cause) && (!self.place || speaks_of_the_place(piece) || is_namesake(piece, cause))
    }

    /// Whether anything there works, by what was said of each.
    pub(crate) fn validity_there(
        self,
        causes: &Causes,
        pieces: &[Piece],
        until: Option<Timestamp>,
    ) -> Validity {
        let each = causes.values().map(|cause| {
            let lived = self.all().filter(|(who, _)| self.speak_of(*who, cause));
            let died = pieces.iter().filter(|piece| {
                until.is_none_or(|until| piece.at < until)
                    && self.believe_death(piece)
                    && (speaks_of_the_place(piece) || is_namesake(piece, cause))
            });
            validity_of(
                lived.map(|(_, at)| at).max(),
                died.map(|piece| piece.at).max(),
                std::iter::once(cause),
            )
        });
        let mut all = Validity::Inactive;
        for validity in each {
            match validity {
                Validity::Active => return Validity::Active,
                Validity::Unknown => all = Validity::Unknown,
                Validity::Inactive => {}
            }
        }
        all
    }

    /// Whether the subject is a place.
    pub(crate) const fn are_of_a_place(self) -> bool {
        self.place
    }
}

/// A scanner says of one secret that it is dead or gone; a scan, a provider's event or a person speak of the place.
fn speaks_of_the_place(piece: &Piece) -> bool {
    let of_a_scan = matches!(&piece.scope, EvidenceScope::Rule(rule) if rule.starts_with(SCAN));
    let of_one = is_death(piece.statement) || piece.statement == Statement::RemovedFromSource;
    piece.level != EvidenceLevel::E3 || !of_one || of_a_scan
}

fn is_namesake(piece: &Piece, cause: &CauseFact) -> bool {
    !piece.reference.is_empty() && piece.reference == cause.reference && piece.source == cause.format
}
