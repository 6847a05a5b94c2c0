//! How far each owned partition was read, and where its uncommitted part begins.

use std::collections::{BTreeMap, BTreeSet};

use reeve_log::Topic;

/// A partition of an input.
pub(crate) type Input = (Topic, i32);

/// Offsets of one partition.
#[derive(Clone, Copy)]
struct Position {
    /// The next record to be delivered.
    next: i64,
    /// The first record that is not committed.
    committed: i64,
    /// The furthest `next` there ever was: behind it, records are delivered again.
    furthest: i64,
}

/// All owned partitions.
#[derive(Default)]
pub(crate) struct Positions(BTreeMap<Input, Position>);

impl Positions {
    pub(crate) fn begin(&mut self, input: Input, offset: i64) {
        let position = Position {
            next: offset,
            committed: offset,
            furthest: offset,
        };
        self.0.insert(input, position);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Notes a delivery; false if the record is not ours or was delivered before.
    pub(crate) fn advance(&mut self, input: Input, offset: i64) -> bool {
        let Some(position) = self.0.get_mut(&input).filter(|position| offset >= position.next) else {
            return false;
        };
        position.next = offset + 1;
        position.furthest = position.furthest.max(position.next);
        true
    }

    /// What a commit must send: every partition that moved, and all inputs of `partitions` even where they did not.
    pub(crate) fn to_commit(&self, partitions: &BTreeSet<i32>) -> Vec<(Input, i64)> {
        let wanted = |input: &Input, position: &Position| {
            position.next != position.committed || partitions.contains(&input.1)
        };
        let positions = self.0.iter().filter(|(input, position)| wanted(input, position));
        positions
            .map(|(input, position)| (*input, position.next))
            .collect()
    }

    pub(crate) fn committed(&mut self) {
        for position in self.0.values_mut() {
            position.committed = position.next;
        }
    }

    /// Goes back to what is committed; gives the partitions that moved.
    pub(crate) fn rewind(&mut self) -> Vec<(Input, i64)> {
        let mut moved = Vec::new();
        for (input, position) in &mut self.0 {
            if position.next != position.committed {
                position.next = position.committed;
                moved.push((*input, position.next));
            }
        }
        moved
    }

    /// The next offset, and whether everything before it was delivered only once so far.
    pub(crate) fn get(&self, input: Input) -> Option<(i64, bool)> {
        let position = self.0.get(&input)?;
        Some((position.next, position.next == position.furthest))
    }

    pub(crate) fn inputs(&self) -> impl Iterator<Item = Input> {
        self.0.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDINGS: Input = (Topic::Findings, 0);
    const EVENTS: Input = (Topic::TaskEvents, 0);

    fn two_inputs() -> Positions {
        let mut positions = Positions::default();
        positions.begin(FINDINGS, 10);
        positions.begin(EVENTS, 5);
        positions
    }

    #[test]
    fn a_changed_partition_sends_the_unchanged_offset_of_its_other_input_too() {
        let mut positions = two_inputs();
        assert!(positions.advance(FINDINGS, 10));
        assert_eq!(positions.to_commit(&BTreeSet::new()), [(FINDINGS, 11)]);
        assert_eq!(
            positions.to_commit(&BTreeSet::from([0])),
            [(FINDINGS, 11), (EVENTS, 5)]
        );
    }

    #[test]
    fn an_abort_goes_back_to_the_start_of_the_batch() {
        let mut positions = two_inputs();
        assert!(positions.advance(FINDINGS, 10) && positions.advance(FINDINGS, 14));
        assert_eq!(positions.rewind(), [(FINDINGS, 10)]);
        assert_eq!(positions.get(FINDINGS), Some((10, false)));
        assert!(positions.advance(FINDINGS, 10) && positions.advance(FINDINGS, 14));
        assert_eq!(positions.get(FINDINGS), Some((15, true)));
    }

    #[test]
    fn records_of_before_and_of_others_are_not_delivered() {
        let mut positions = two_inputs();
        assert!(!positions.advance(FINDINGS, 9));
        assert!(!positions.advance((Topic::Findings, 1), 0));
        positions.clear();
        assert!(!positions.advance(FINDINGS, 10));
    }
}
