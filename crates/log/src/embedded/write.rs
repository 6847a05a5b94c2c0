//! What one transaction changes: records appended, offsets and proofs moved, consumed rows dropped.

use std::collections::BTreeMap;

use redb::{Table, WriteTransaction};
use reeve_domain::time::Timestamp;

use super::rows::{self, Append, Cursor, LEDGER_KEYS, OFFSETS, PROOFS};
use super::shapes::Shapes;
use crate::partition;
use crate::record::{Outgoing, Place};
use crate::role::Role;
use crate::topic::Topic;
use crate::traits::LogError;

/// Appends `records`, in order within each topic.
pub(super) fn outputs(
    transaction: &WriteTransaction,
    shapes: &mut Shapes,
    records: &[Outgoing],
    (partitions, now): (i32, Timestamp),
) -> Result<(), LogError> {
    for topic in Topic::ALL {
        let mut of_topic = records
            .iter()
            .filter(|record| record.topic == topic)
            .map(Append::from)
            .peekable();
        if of_topic.peek().is_some() {
            append(transaction, shapes, (topic, of_topic), (partitions, now))?;
        }
    }
    Ok(())
}

/// Appends to one topic; where each record (or its first copy) came to lie.
pub(super) fn append<'a>(
    transaction: &WriteTransaction,
    shapes: &mut Shapes,
    (topic, records): (Topic, impl Iterator<Item = Append<'a>>),
    (partitions, now): (i32, Timestamp),
) -> Result<Vec<(i32, i64)>, LogError> {
    let mut table = TopicTable::open(transaction, topic)?;
    let mut places = Vec::new();
    for record in records {
        let row = rows::encode(&record, now)?;
        let chosen = choose(&record, topic, shapes, partitions)?;
        places.push((chosen.start, shapes.get(topic, chosen.start).next));
        for partition in chosen {
            table.put(shapes, partition, &record, &row)?;
        }
    }
    Ok(places)
}

/// Moves the offsets of `role` to `cursors` and its proofs; raw alerts that are read now are dropped.
pub(super) fn consume(
    transaction: &WriteTransaction,
    shapes: &mut Shapes,
    (role, cursors): (Role, &[Cursor]),
    proofs: &BTreeMap<i32, String>,
) -> Result<(), LogError> {
    let mut offsets = transaction.open_table(OFFSETS)?;
    for Cursor {
        topic,
        partition,
        position,
    } in cursors.iter().copied()
    {
        offsets.insert((role.as_str(), topic.as_str(), partition), position)?;
        if topic == Topic::Alerts {
            drop_below(transaction, shapes, topic, partition, position)?;
        }
    }
    if proofs.is_empty() {
        return Ok(());
    }
    let mut table = transaction.open_table(PROOFS)?;
    for (partition, proof) in proofs {
        table.insert((role.as_str(), *partition), proof.as_str())?;
    }
    Ok(())
}

/// Drops the rows of a partition before `cut`.
pub(super) fn drop_below(
    transaction: &WriteTransaction,
    shapes: &mut Shapes,
    topic: Topic,
    partition: i32,
    cut: i64,
) -> Result<(), LogError> {
    let mut dropped = 0;
    let mut table = transaction.open_table(rows::of(topic))?;
    table.retain_in((partition, 0)..(partition, cut), |_, row| {
        dropped += row.len() as u64;
        false
    })?;
    let shape = shapes.at(topic, partition);
    shape.bytes = shape.bytes.saturating_sub(dropped);
    Ok(())
}

fn choose(
    record: &Append<'_>,
    topic: Topic,
    shapes: &Shapes,
    partitions: i32,
) -> Result<std::ops::Range<i32>, LogError> {
    let one = match (record.place, record.key) {
        (Place::Every, _) => return Ok(0..partitions),
        (Place::Partition(partition), _) => partition,
        (Place::ByKey, Some(key)) => partition::of_key(key, partitions),
        (Place::ByKey, None) => shapes.shortest(topic),
    };
    if !(0..partitions).contains(&one) {
        return Err(LogError::Internal(format!(
            "{} has no partition {one}",
            topic.as_str()
        )));
    }
    Ok(one..one + 1)
}

/// The open table of one topic; the ledger's keeps the last value of each key only.
struct TopicTable<'t> {
    topic: Topic,
    rows: Table<'t, (i32, i64), &'static [u8]>,
    last: Option<Table<'t, (i32, &'static [u8]), i64>>,
}

impl<'t> TopicTable<'t> {
    fn open(transaction: &'t WriteTransaction, topic: Topic) -> Result<Self, LogError> {
        let last = match topic {
            Topic::Ledger => Some(transaction.open_table(LEDGER_KEYS)?),
            _ => None,
        };
        Ok(Self {
            topic,
            rows: transaction.open_table(rows::of(topic))?,
            last,
        })
    }

    fn put(
        &mut self,
        shapes: &mut Shapes,
        partition: i32,
        record: &Append<'_>,
        row: &[u8],
    ) -> Result<(), LogError> {
        let offset = shapes.get(self.topic, partition).next;
        shapes.at(self.topic, partition).next = offset + 1;
        if !self.supersede(shapes, (partition, offset), record)? {
            return Ok(());
        }
        self.rows.insert((partition, offset), row)?;
        shapes.at(self.topic, partition).bytes += row.len() as u64;
        Ok(())
    }

    /// Drops the value before this one, if only the last is kept; whether this one is to be kept.
    fn supersede(
        &mut self,
        shapes: &mut Shapes,
        (partition, offset): (i32, i64),
        record: &Append<'_>,
    ) -> Result<bool, LogError> {
        let Some(last) = &mut self.last else {
            return Ok(true);
        };
        let key = (partition, record.key.unwrap_or_default());
        let before = match record.value {
            Some(_) => last.insert(key, offset)?.map(|before| before.value()),
            None => last.remove(key)?.map(|before| before.value()),
        };
        if let Some(before) = before
            && let Some(row) = self.rows.remove((partition, before))?
        {
            let shape = shapes.at(self.topic, partition);
            shape.bytes = shape.bytes.saturating_sub(row.value().len() as u64);
        }
        Ok(record.value.is_some())
    }
}
