//! Bounded sets of instants: exact while few, and beyond that without the ones that decide nothing.

use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Most instants one set remembers.
pub(crate) const MARKS_MAX: usize = 12;

/// What became of an instant that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marked {
    /// It was there before.
    Known,
    /// It is new, nothing that decides was lost.
    Added,
    /// It is new, and an instant that separated two pieces of evidence had to go.
    Lossy,
}

/// Instants in order, each once, at most [`MARKS_MAX`]; the first and the last are never lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Marks(Vec<Timestamp>);

impl Marks {
    /// Adds `at`. Beyond the bound, one goes that has no instant of `between` (sorted) on either side within its
    /// neighbors: dropping it changes no derived state. If there is none, the second oldest goes.
    pub(crate) fn add(&mut self, at: Timestamp, between: &[Timestamp]) -> Marked {
        let Err(place) = self.0.binary_search(&at) else {
            return Marked::Known;
        };
        self.0.insert(place, at);
        if self.0.len() <= MARKS_MAX {
            return Marked::Added;
        }
        let idle =
            (1..self.0.len() - 1).find(|&index| !splits(between, self.0[index - 1], self.0[index + 1]));
        self.0.remove(idle.unwrap_or(1));
        if idle.is_some() {
            Marked::Added
        } else {
            Marked::Lossy
        }
    }

    /// Whether one more instant at `at` would say nothing that an earlier one does not say already, because no instant
    /// of `between` (sorted) lies from there to here. A later one is no help: the first of a span is what reopens.
    pub(crate) fn covers(&self, at: Timestamp, between: &[Timestamp]) -> bool {
        let place = self.0.partition_point(|mark| *mark < at);
        let before = place.checked_sub(1).and_then(|place| self.0.get(place));
        before.is_some_and(|before| !splits(between, *before, at))
    }

    /// The earliest.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.0.first().copied()
    }

    /// The latest.
    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.0.last().copied()
    }

    /// All, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Timestamp> {
        self.0.iter().copied()
    }
}

/// Whether one of `instants` (sorted) lies within the closed span.
fn splits(instants: &[Timestamp], from: Timestamp, to: Timestamp) -> bool {
    let start = instants.partition_point(|at| *at < from);
    instants.get(start).is_some_and(|at| *at <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    #[test]
    fn a_million_instants_cost_a_dozen_and_keep_both_ends() {
        let mut marks = Marks::default();
        for second in 0..1_000_000 {
            assert_eq!(marks.add(at(second), &[]), Marked::Added);
        }
        assert_eq!(marks.0.len(), MARKS_MAX);
        assert_eq!((marks.first(), marks.last()), (Some(at(0)), Some(at(999_999))));
    }

    #[test]
    fn an_instant_between_two_pieces_of_evidence_outlives_idle_ones() {
        let evidence = [at(45), at(55)];
        let mut marks = Marks::default();
        for second in (0..200).step_by(10) {
            marks.add(at(second), &evidence);
        }
        assert!(marks.iter().any(|mark| mark == at(50)));
    }

    #[test]
    fn a_loss_that_may_change_a_count_is_told() {
        let evidence: Vec<_> = (0..40).map(|n| at(n * 10 + 5)).collect();
        let mut marks = Marks::default();
        let lossy = (0..40)
            .filter(|n| marks.add(at(n * 10), &evidence) == Marked::Lossy)
            .count();
        assert_eq!(lossy, 40 - MARKS_MAX);
    }
}
