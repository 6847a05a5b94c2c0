//! Waiting for a condition, in small steps and never without a bound.

use std::time::{Duration, Instant};

/// A moment after which waiting has an end.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn within(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    pub(crate) fn passed(self) -> bool {
        self.left().is_zero()
    }
}

/// One step of waiting; the caller looks at its condition and its deadline between two of them.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that sleeps, a step of a bounded wait"
)]
pub(crate) fn step(span: Duration) {
    std::thread::sleep(span);
}
