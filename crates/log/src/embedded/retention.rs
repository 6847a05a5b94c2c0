//! How much of a topic is kept once it has been read.

use std::time::Duration;

use redb::{ReadableTable, WriteTransaction};
use reeve_domain::time::Timestamp;

use super::rows::{self, OFFSETS};
use super::shapes::Shapes;
use super::write;
use crate::role::Role;
use crate::topic::Topic;
use crate::traits::LogError;

/// The bounds of one topic; a record goes when it is past either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Oldest record kept.
    pub age_max: Duration,
    /// Most bytes kept in all its partitions together.
    pub bytes_max: u64,
}

/// The bounds of the topics that only grow. What a role of the line has not read yet is never dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Observations.
    pub findings: Keep,
    /// Task events.
    pub task_events: Keep,
    /// Tasks: as long as the longest outage of a consumer.
    pub tasks: Keep,
    /// Dead letters.
    pub dead_letters: Keep,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MIB: u64 = 1024 * 1024;

impl Default for Retention {
    fn default() -> Self {
        let keep = |days: u32, mib: u64| Keep {
            age_max: DAY * days,
            bytes_max: mib * MIB,
        };
        Self {
            findings: keep(3, 256),
            task_events: keep(30, 256),
            tasks: keep(30, 1024),
            dead_letters: keep(30, 256),
        }
    }
}

impl Retention {
    fn bounds(&self) -> [(Topic, Keep); 4] {
        [
            (Topic::Findings, self.findings),
            (Topic::TaskEvents, self.task_events),
            (Topic::Tasks, self.tasks),
            (Topic::DeadLetters, self.dead_letters),
        ]
    }

    /// Drops what is past its bounds.
    pub(super) fn sweep(
        &self,
        transaction: &WriteTransaction,
        shapes: &mut Shapes,
        partitions: i32,
        now: Timestamp,
    ) -> Result<(), LogError> {
        for (topic, keep) in self.bounds() {
            let bytes_max = keep.bytes_max / partitions.max(1).unsigned_abs() as u64;
            let oldest_ms = now
                .millis()
                .saturating_sub(i64::try_from(keep.age_max.as_millis()).unwrap_or(i64::MAX));
            for partition in 0..partitions {
                let below = read_by_all(transaction, shapes, topic, partition)?;
                let excess = shapes.get(topic, partition).bytes.saturating_sub(bytes_max);
                let bounds = Bounds {
                    below,
                    excess,
                    oldest_ms,
                };
                let cut = first_kept(transaction, topic, partition, &bounds)?;
                write::drop_below(transaction, shapes, topic, partition, cut)?;
            }
        }
        Ok(())
    }
}

struct Bounds {
    below: i64,
    excess: u64,
    oldest_ms: i64,
}

/// The first offset that a role of the line has not read; where none reads, the end.
fn read_by_all(
    transaction: &WriteTransaction,
    shapes: &Shapes,
    topic: Topic,
    partition: i32,
) -> Result<i64, LogError> {
    let offsets = transaction.open_table(OFFSETS)?;
    let mut below = shapes.get(topic, partition).next;
    for role in Role::ALL
        .into_iter()
        .filter(|role| role.inputs().contains(&topic))
    {
        let read = offsets.get((role.as_str(), topic.as_str(), partition))?;
        below = below.min(read.map_or(0, |read| read.value()));
    }
    Ok(below)
}

fn first_kept(
    transaction: &WriteTransaction,
    topic: Topic,
    partition: i32,
    bounds: &Bounds,
) -> Result<i64, LogError> {
    let rows = transaction.open_table(rows::of(topic))?;
    let mut dropped = 0;
    for row in rows.range((partition, 0)..(partition, bounds.below))? {
        let (place, row) = row?;
        let old = rows::timestamp(topic, place.value(), row.value())?.millis() < bounds.oldest_ms;
        if !old && dropped >= bounds.excess {
            return Ok(place.value().1);
        }
        dropped += row.value().len() as u64;
    }
    Ok(bounds.below)
}
