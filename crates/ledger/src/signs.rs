//! Signs of life of a subject, and whom a sign and a word of death speak of.
//!
//! A place stands for whatever secrets lie there. What a source says of one of them is said of what the source calls by
//! that name, and of nothing beside it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use reeve_domain::key::SubjectKey;
use reeve_domain::observation::{EvidenceLevel, EvidenceScope, IssueType, Statement, Validity};
use reeve_domain::time::Timestamp;

use crate::bounds::{CAUSES_MAX, TEXT_CHARS_MAX, cut};
use crate::case::{Case, Causes, validity_of};
use crate::cause::{CauseFact, MORE};
use crate::marks::Marks;
use crate::piece::{Piece, SCAN, is_death};

/// Whether the key names a place, and no value.
pub(crate) fn is_place(key: &SubjectKey) -> bool {
    key.provider() == "location"
}

/// Most names of one place; of any other subject its sources are few.
pub(crate) const WITNESSES_MAX: usize = CAUSES_MAX;

/// Between a source and what it calls one of several secrets: no id has it.
const OF: char = '⊢';

/// Under which name a sign of life of `source` is remembered.
pub(crate) fn witness<'a>(key: &SubjectKey, source: &'a str, reference: &str) -> Cow<'a, str> {
    name(is_place(key), source, reference)
}

/// What a piece of evidence calls the one it speaks of; nothing where it speaks of the place.
pub(crate) fn called(piece: &Piece) -> &str {
    match piece.level {
        EvidenceLevel::E3 => &piece.reference,
        _ => "",
    }
}

fn name<'a>(place: bool, source: &'a str, reference: &str) -> Cow<'a, str> {
    match place && !reference.is_empty() {
        true => Cow::Owned(cut(&format!("{source}{OF}{reference}"), TEXT_CHARS_MAX)),
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

    /// Every sign, with the name of who saw it.
    pub(crate) fn all(self) -> impl Iterator<Item = (&'a str, Timestamp)> {
        let seen = self.seen.iter();
        seen.flat_map(|(who, marks)| marks.iter().map(move |at| (who.as_str(), at)))
    }

    /// Whether what `who` saw is a sign of this cause: of a place, a name with a reference speaks of its namesakes, and
    /// of what a bucket may hold; any other of everything there.
    pub(crate) fn speak_of(self, who: &str, cause: &CauseFact) -> bool {
        match who.split_once(OF).filter(|_| self.place) {
            None => true,
            Some((format, _)) if cause.reference == MORE => format == cause.format,
            Some(_) => who == name(true, &cause.format, &cause.reference),
        }
    }

    /// Whether the same source saw life before.
    pub(crate) fn is_change(self, piece: &Piece) -> bool {
        let named = name(self.place, &piece.source, called(piece));
        let seen = self
            .seen
            .get(named.as_ref())
            .or_else(|| self.seen.get(&piece.source));
        seen.and_then(Marks::first).is_some_and(|first| first < piece.at)
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
    pub(crate) fn cover(
        self,
        piece: &Piece,
        (issue, causes): (IssueType, &Causes),
        cause: &CauseFact,
    ) -> bool {
        piece.covers(issue, cause) && (!self.place || speaks_there_of(piece, cause, causes))
    }

    /// Whether anything there works, by what was said of each.
    pub(crate) fn validity_there(
        self,
        causes: &Causes,
        pieces: &[Piece],
        until: Option<Timestamp>,
    ) -> Validity {
        let each = causes.values().map(|cause| {
            let lived = self.all().filter(|(who, _)| self.speak_of(who, cause));
            let died = pieces.iter().filter(|piece| {
                until.is_none_or(|until| piece.at < until)
                    && self.believe_death(piece)
                    && speaks_there_of(piece, cause, causes)
            });
            validity_of(
                lived.map(|(_, at)| at).max(),
                died.map(|piece| piece.at).max(),
                std::iter::once(cause),
            )
        });
        let all = each.reduce(|all, one| match (all, one) {
            (Validity::Active, _) | (_, Validity::Active) => Validity::Active,
            (Validity::Inactive, Validity::Inactive) => Validity::Inactive,
            _ => Validity::Unknown,
        });
        all.unwrap_or(Validity::Unknown)
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

/// Whether a piece speaks of this cause of a place. Where a source calls its secrets nothing, it speaks of the only one
/// that it has there.
fn speaks_there_of(piece: &Piece, cause: &CauseFact, causes: &Causes) -> bool {
    let is_namesake = || piece.reference == cause.reference && piece.source == cause.format;
    let is_only = || {
        causes
            .values()
            .filter(|other| other.format == cause.format)
            .count()
            == 1
    };
    speaks_of_the_place(piece) || (is_namesake() && (!piece.reference.is_empty() || is_only()))
}
