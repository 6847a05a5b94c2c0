//! When which case is due.

use std::collections::{BTreeMap, BTreeSet};

use reeve_domain::key::SubjectKey;
use reeve_domain::time::Timestamp;

/// Times with keys, each key once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    by_time: BTreeSet<(Timestamp, SubjectKey)>,
    by_key: BTreeMap<SubjectKey, Timestamp>,
}

impl Agenda {
    /// Sets when `key` is due; none: never.
    pub(crate) fn set(&mut self, key: &SubjectKey, due: Option<Timestamp>) {
        if self.by_key.get(key).copied() == due {
            return;
        }
        if let Some(old) = self.by_key.remove(key) {
            self.by_time.remove(&(old, key.clone()));
        }
        if let Some(due) = due {
            self.by_key.insert(key.clone(), due);
            self.by_time.insert((due, key.clone()));
        }
    }

    /// Keys that are due at `now`, the longest first.
    pub(crate) fn due(&self, now: Timestamp) -> impl Iterator<Item = &SubjectKey> {
        self.by_time
            .iter()
            .take_while(move |(due, _)| *due <= now)
            .map(|(_, key)| key)
    }

    /// The first time that anything is due.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(due, _)| *due)
    }
}
