//! Plain counts of look-ups and requests, taken by the service once per batch.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Durations kept between two takings, at most; what comes beyond is not measured.
const DURATIONS_MAX: usize = 65_536;

/// What happened since the last taking, by inventory, in the order of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// One entry per inventory, also if nothing happened.
    pub inventories: Vec<InventoryCounts>,
}

/// Look-ups of one inventory by result, and how long its requests took. The results add up to the look-ups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InventoryCounts {
    /// Its configured name.
    pub name: String,
    /// Answered from the cache (or the file) without asking.
    pub hit: u64,
    /// Answered by an older answer.
    pub stale: u64,
    /// Asked, and answered: found or absent.
    pub miss: u64,
    /// Known not to be there, without asking.
    pub negative: u64,
    /// No answer: timeout, unreachable, refused or invalid.
    pub error: u64,
    /// Not asked, because a limit forbids it: ours or its own.
    pub limited: u64,
    /// From the first wait for a limit to the last byte, one per request that was sent.
    pub durations: Vec<Duration>,
}

/// How a look-up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    Hit,
    Stale,
    Miss,
    Negative,
    Error,
    Limited,
}

/// The running counts of one inventory.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    results: [AtomicU64; 6],
    durations: Mutex<Vec<Duration>>,
}

impl Tally {
    pub(crate) fn count(&self, lookup: Lookup) {
        self.results[lookup as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn took(&self, duration: Duration) {
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        if durations.len() < DURATIONS_MAX {
            durations.push(duration);
        }
    }

    pub(crate) fn take(&self, name: &str) -> InventoryCounts {
        let taken = |lookup: Lookup| self.results[lookup as usize].swap(0, Ordering::Relaxed);
        InventoryCounts {
            name: name.to_owned(),
            hit: taken(Lookup::Hit),
            stale: taken(Lookup::Stale),
            miss: taken(Lookup::Miss),
            negative: taken(Lookup::Negative),
            error: taken(Lookup::Error),
            limited: taken(Lookup::Limited),
            durations: std::mem::take(&mut *self.durations.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}
