//! Where each partition ends and how much it keeps.

use std::collections::BTreeMap;

use redb::{ReadableTable, WriteTransaction};

use super::rows::SHAPES;
use crate::topic::Topic;
use crate::traits::LogError;

/// One partition of one topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// The offset of the next record.
    pub(super) next: i64,
    /// Bytes of the rows that are kept.
    pub(super) bytes: u64,
}

/// Every partition of every topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shapes(BTreeMap<(Topic, i32), Shape>);

impl Shapes {
    /// All of them, as the table has them.
    pub(super) fn load(
        table: &impl ReadableTable<(&'static str, i32), (i64, u64)>,
        partitions: i32,
    ) -> Result<Self, LogError> {
        let mut shapes = BTreeMap::new();
        for topic in Topic::ALL {
            for partition in 0..partitions {
                let kept = table.get((topic.as_str(), partition))?;
                let (next, bytes) = kept.map_or((0, 0), |kept| kept.value());
                shapes.insert((topic, partition), Shape { next, bytes });
            }
        }
        Ok(Self(shapes))
    }

    /// Writes what differs from `before`.
    pub(super) fn save(&self, before: &Self, transaction: &WriteTransaction) -> Result<(), LogError> {
        let mut table = transaction.open_table(SHAPES)?;
        for (place, shape) in &self.0 {
            if before.0.get(place) != Some(shape) {
                table.insert((place.0.as_str(), place.1), (shape.next, shape.bytes))?;
            }
        }
        Ok(())
    }

    /// The partition's shape; nothing has ever been written to one that does not exist.
    pub(super) fn get(&self, topic: Topic, partition: i32) -> Shape {
        self.0.get(&(topic, partition)).copied().unwrap_or_default()
    }

    /// The partition's shape, to be changed.
    pub(super) fn at(&mut self, topic: Topic, partition: i32) -> &mut Shape {
        self.0.entry((topic, partition)).or_default()
    }

    /// The partition of `topic` that has had the fewest records.
    pub(super) fn shortest(&self, topic: Topic) -> i32 {
        let of_topic = self.0.range((topic, 0)..=(topic, i32::MAX));
        of_topic
            .min_by_key(|(_, shape)| shape.next)
            .map_or(0, |((_, partition), _)| *partition)
    }

    /// Bytes that came on top of `before`, where any did.
    pub(super) fn grown_since(&self, before: &Self) -> u64 {
        let grown = |(place, shape): (&(Topic, i32), &Shape)| {
            shape.bytes.saturating_sub(before.get(place.0, place.1).bytes)
        };
        self.0.iter().map(grown).sum()
    }

    /// Offsets that will come next, per (topic, partition).
    pub(super) fn ends(&self) -> BTreeMap<(Topic, i32), i64> {
        self.0.iter().map(|(place, shape)| (*place, shape.next)).collect()
    }
}
