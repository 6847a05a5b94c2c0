//! A role's lane on the store: the `Log` of one process, all partitions its own.

use super::rows::{self, Cursor, OFFSETS, PROOFS};
use super::store::Store;
use super::write;
use crate::record::{Output, Record};
use crate::role::Role;
use crate::topic::Topic;
use crate::traits::{BatchLimits, Commit, Log, LogError, Polled, RestoreError};

/// Decides, by a transaction's ordinal from 1, whether it is thrown away although it could be committed.
type AbortHook = Box<dyn FnMut(u64) -> bool + Send>;

/// The embedded log as one role sees it.
pub struct Embedded {
    store: Store,
    role: Role,
    owner: u64,
    assigned: bool,
    /// How far every input has been polled; partitions come in as they are restored.
    polled: Vec<Cursor>,
    /// How far every input has been committed, in partition order.
    committed: Vec<Cursor>,
    transactions: u64,
    abort: Option<AbortHook>,
}

impl Embedded {
    /// A lane of `role`. A lane of the same role made before on this store is fenced from now on.
    pub fn lane(store: &Store, role: Role) -> Self {
        Self {
            store: store.clone(),
            role,
            owner: store.take_over(role),
            assigned: false,
            polled: Vec::new(),
            committed: Vec::new(),
            transactions: 0,
            abort: None,
        }
    }

    /// The same lane, which writes a transaction and then throws it away whenever `hook` says so: fault simulation.
    pub fn aborting(mut self, hook: impl FnMut(u64) -> bool + Send + 'static) -> Self {
        self.abort = Some(Box::new(hook));
        self
    }

    fn write(&mut self, output: &Output) -> Result<Commit, LogError> {
        if output.is_empty() && self.polled.iter().all(|cursor| self.committed.contains(cursor)) {
            return Ok(Commit::Done);
        }
        self.transactions += 1;
        let abort = self.abort.as_mut().is_some_and(|hook| hook(self.transactions));
        let (role, owner) = (self.role, self.owner);
        let moved: Vec<Cursor> = self
            .polled
            .iter()
            .filter(|c| !self.committed.contains(c))
            .copied()
            .collect();
        let frame = (self.store.partitions(), self.store.now());
        let written = self.store.write(|transaction, shapes, owners| {
            if owners.get(&role) != Some(&owner) {
                return Err(LogError::Fenced(format!(
                    "another {} has taken over in this process",
                    role.as_str()
                )));
            }
            write::outputs(transaction, shapes, &output.records, frame)?;
            write::consume(transaction, shapes, (role, &moved), &output.proofs)?;
            Ok((!abort).then_some(()))
        })?;
        Ok(written.map_or(Commit::Aborted, |()| Commit::Done))
    }

    fn inputs(&self, partition: i32) -> impl Iterator<Item = &Cursor> {
        self.polled
            .iter()
            .filter(move |cursor| cursor.partition == partition)
    }
}

impl Log for Embedded {
    fn poll(&mut self, limits: &BatchLimits) -> Result<Polled, LogError> {
        if !self.assigned {
            self.assigned = true;
            let assigned = (0..self.store.partitions()).collect();
            return Ok(Polled {
                assigned,
                ..Polled::default()
            });
        }
        self.store.sweep_if_due()?;
        let records = self.store.read(&mut self.polled, limits)?;
        // The next batch begins with another partition, so that a long one starves nobody.
        if !self.polled.is_empty() {
            self.polled.rotate_left(1);
        }
        Ok(Polled {
            records,
            ..Polled::default()
        })
    }

    fn restore(
        &mut self,
        partition: i32,
        each: &mut dyn FnMut(Record) -> Result<(), RestoreError>,
    ) -> Result<Option<String>, LogError> {
        let transaction = self.store.begin_read()?;
        if self.role.keeps_ledger() {
            let rows = transaction.open_table(rows::of(Topic::Ledger))?;
            for row in rows.range((partition, 0)..=(partition, i64::MAX))? {
                let (place, row) = row?;
                each(rows::decode(Topic::Ledger, place.value(), row.value())?)?;
            }
        }
        let offsets = transaction.open_table(OFFSETS)?;
        self.polled.retain(|cursor| cursor.partition != partition);
        self.committed.retain(|cursor| cursor.partition != partition);
        for &topic in self.role.inputs() {
            let committed = offsets.get((self.role.as_str(), topic.as_str(), partition))?;
            let position = committed.map_or(0, |committed| committed.value());
            self.polled.push(Cursor {
                topic,
                partition,
                position,
            });
            self.committed.push(Cursor {
                topic,
                partition,
                position,
            });
        }
        let proof = transaction
            .open_table(PROOFS)?
            .get((self.role.as_str(), partition))?;
        Ok(proof.map(|proof| proof.value().to_owned()))
    }

    fn commit(&mut self, output: Output) -> Result<Commit, LogError> {
        let written = self.write(&output);
        match written {
            Ok(Commit::Done) => self.committed.clone_from(&self.polled),
            Ok(Commit::Aborted | Commit::Fenced) | Err(_) => self.polled.clone_from(&self.committed),
        }
        written
    }

    fn caught_up(&self, partition: i32) -> bool {
        self.inputs(partition).all(|cursor| self.store.left(cursor) == 0)
    }

    fn lag(&self) -> Vec<(Topic, i32, i64)> {
        let lag = |cursor: &Cursor| (cursor.topic, cursor.partition, self.store.left(cursor));
        self.polled.iter().map(lag).collect()
    }

    fn partitions(&self, _: Topic) -> i32 {
        self.store.partitions()
    }

    fn joined(&self) -> bool {
        self.assigned
    }

    fn leave(self) -> Result<(), LogError> {
        Ok(())
    }
}
