//! Waiting for records without asking again and again.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::rows::Cursor;
use crate::topic::Topic;

type Ends = BTreeMap<(Topic, i32), i64>;

/// The committed end of every partition, and who waits for more.
pub(super) struct Arrivals {
    ends: Mutex<Ends>,
    moved: Condvar,
}

impl Arrivals {
    /// Starts from `ends`.
    pub(super) fn new(ends: Ends) -> Self {
        Self {
            ends: Mutex::new(ends),
            moved: Condvar::new(),
        }
    }

    /// Takes over the ends of a finished commit and wakes everybody.
    pub(super) fn publish(&self, ends: Ends) {
        *self.lock() = ends;
        self.moved.notify_all();
    }

    /// Waits, at most `wait`, until there is a record at one of `cursors`; whether there is.
    pub(super) fn wait(&self, cursors: &[Cursor], wait: Duration) -> bool {
        let nothing = |ends: &mut Ends| cursors.iter().all(|cursor| left(ends, cursor) == 0);
        let waited = self.moved.wait_timeout_while(self.lock(), wait, nothing);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Records from the cursor to the end.
    pub(super) fn left(&self, cursor: &Cursor) -> i64 {
        left(&self.lock(), cursor)
    }

    fn lock(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn left(ends: &Ends, cursor: &Cursor) -> i64 {
    let end = ends.get(&(cursor.topic, cursor.partition)).copied().unwrap_or(0);
    (end - cursor.position).max(0)
}
