//! Event ids that were applied, in bounded space: an event that cannot be told from a repeat any more is stale.

use std::collections::BTreeMap;

use data_encoding::BASE32_NOPAD;
use reeve_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Applied events by a hash of their id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SeenEvents {
    by_hash: BTreeMap<String, Timestamp>,
    /// Events up to this time may have been forgotten.
    forgotten: Option<Timestamp>,
}

/// What is known of an event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It was never applied.
    New,
    /// It was applied.
    Repeated,
    /// Nobody can tell.
    Forgotten,
}

impl SeenEvents {
    /// Whether the event was applied.
    pub(crate) fn sight(&self, event_id: &str, at: Timestamp) -> Sight {
        if self.by_hash.contains_key(&hash(event_id)) {
            return Sight::Repeated;
        }
        match self.forgotten {
            Some(until) if at <= until => Sight::Forgotten,
            _ => Sight::New,
        }
    }

    /// Remembers it; beyond `ids_max` the oldest is forgotten.
    pub(crate) fn remember(&mut self, event_id: &str, at: Timestamp, ids_max: usize) {
        self.by_hash.insert(hash(event_id), at);
        self.keep(ids_max.max(1));
    }

    /// Keeps the youngest `ids_max`; what is as old as one that had to go can no longer be told from it.
    pub(crate) fn keep(&mut self, ids_max: usize) {
        while self.by_hash.len() > ids_max {
            let oldest = self
                .by_hash
                .iter()
                .min_by_key(|(_, at)| **at)
                .map(|(id, at)| (id.clone(), *at));
            if let Some((id, at)) = oldest {
                self.by_hash.remove(&id);
                self.forget_until(at);
            }
        }
    }

    /// Forgets what is older than `horizon`: such events are refused as stale by their age alone.
    pub(crate) fn forget_before(&mut self, horizon: Timestamp) {
        self.by_hash.retain(|_, at| *at >= horizon);
    }

    /// Remembers what another key of the same subject has seen, too.
    pub(crate) fn join(&mut self, other: &Self, ids_max: usize) {
        for (id, at) in &other.by_hash {
            self.by_hash.insert(id.clone(), *at);
        }
        self.keep(ids_max.max(1));
        if let Some(until) = other.forgotten {
            self.forget_until(until);
        }
    }

    fn forget_until(&mut self, at: Timestamp) {
        self.forgotten = Some(self.forgotten.map_or(at, |until| until.max(at)));
    }
}

fn hash(event_id: &str) -> String {
    BASE32_NOPAD
        .encode(&Sha256::digest(event_id)[..10])
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    #[test]
    fn an_event_older_than_what_is_remembered_is_not_taken_for_new() {
        let mut seen = SeenEvents::default();
        for n in 0..5 {
            seen.remember(&format!("e{n}"), at(n), 3);
        }
        assert_eq!(seen.sight("e4", at(4)), Sight::Repeated);
        assert_eq!(seen.sight("e0", at(0)), Sight::Forgotten);
        assert_eq!(seen.sight("e9", at(9)), Sight::New);
    }
}
