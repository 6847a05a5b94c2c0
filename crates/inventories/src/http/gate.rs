//! Whether an inventory may be asked now: its breaker, and what its `Retry-After` said.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reeve_domain::context::SourceStatus;
use tokio::time::Instant;
use tracing::{info, warn};

/// The breaker tries again after this long, doubling up to the maximum.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Failures in a row that open it; no connection at all opens it at once.
const FAILURES_MAX: u32 = 3;
/// Requests let through when it tries again: one that always fails cannot keep all others out.
const PROBES: u32 = 4;
/// `Retry-After` is believed up to this long.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// Everything that decides whether a request may be sent, whatever it asks.
#[derive(Debug)]
pub(crate) struct Gate {
    inventory: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    failures: u32,
    open: Option<Open>,
    blocked_until: Option<Instant>,
    openings: u64,
    closings: u64,
    owed: bool,
    recoveries: u64,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    status: SourceStatus,
    pause: Duration,
    until: Instant,
    probes: u32,
}

/// Leave to send one request; it remembers how often the breaker had opened by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    openings: u64,
}

impl Gate {
    pub(crate) fn new(inventory: &str) -> Self {
        let state = State {
            failures: 0,
            open: None,
            blocked_until: None,
            openings: 0,
            closings: 0,
            owed: false,
            recoveries: 0,
        };
        Self {
            inventory: inventory.to_owned(),
            state: Mutex::new(state),
        }
    }

    /// Why nothing may be sent now, without taking a probe.
    pub(crate) fn closed_for(&self, now: Instant) -> Option<SourceStatus> {
        self.lock().closed_for(now)
    }

    /// Leave to send one request now, or why not.
    pub(crate) fn leave(&self, now: Instant) -> Result<Leave, SourceStatus> {
        let mut state = self.lock();
        if let Some(status) = state.closed_for(now) {
            return Err(status);
        }
        if let Some(open) = &mut state.open {
            open.probe(now);
        }
        Ok(Leave {
            openings: state.openings,
        })
    }

    /// An answer came: the breaker closes.
    pub(crate) fn answered(&self) {
        let mut state = self.lock();
        state.failures = 0;
        if state.open.take().is_some() {
            state.closings += 1;
            info!(inventory = %self.inventory, "inventory answers again");
        }
        if std::mem::take(&mut state.owed) {
            state.recoveries += 1;
        }
    }

    /// No answer came to a request that had leave.
    pub(crate) fn failed(&self, status: SourceStatus, leave: Leave, now: Instant) {
        let mut state = self.lock();
        state.owed = true;
        state.failures = state.failures.saturating_add(1);
        let at_once = matches!(status, SourceStatus::Unreachable | SourceStatus::Limited);
        let late = leave.openings < state.openings;
        if late || !(at_once || state.open.is_some() || state.failures >= FAILURES_MAX) {
            return;
        }
        if state.open.is_none() {
            warn!(inventory = %self.inventory, %status, "inventory does not answer, contexts are unknown");
        }
        let pause = state
            .open
            .map_or(PAUSE_FIRST, |open| (open.pause * 2).min(PAUSE_MAX));
        state.open = Some(Open {
            status,
            pause,
            until: now + pause,
            probes: 0,
        });
        state.openings += 1;
    }

    /// It said when it wants to be asked again.
    pub(crate) fn retry_after(&self, wait: Duration, now: Instant) {
        let mut state = self.lock();
        let wait = wait.clamp(PAUSE_FIRST, RETRY_AFTER_MAX);
        let until = now + wait;
        state.owed = true;
        state.blocked_until = Some(state.blocked_until.map_or(until, |earlier| earlier.max(until)));
        warn!(inventory = %self.inventory, seconds = wait.as_secs(), "inventory limits us");
    }

    /// Somebody went without an answer: the next one is a recovery.
    pub(crate) fn owe(&self) {
        self.lock().owed = true;
    }

    pub(crate) fn is_available(&self) -> bool {
        self.lock().open.is_none()
    }

    /// How often the breaker has closed again.
    pub(crate) fn closings(&self) -> u64 {
        self.lock().closings
    }

    pub(crate) fn recoveries(&self) -> u64 {
        self.lock().recoveries
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn closed_for(&self, now: Instant) -> Option<SourceStatus> {
        if self.blocked_until.is_some_and(|until| now < until) {
            return Some(SourceStatus::Limited);
        }
        let shut = |open: &Open| now < open.until && open.probes == 0;
        self.open
            .as_ref()
            .filter(|open| shut(open))
            .map(|open| open.status)
    }
}

impl Open {
    /// Takes one of the probes; the first one after the pause starts the next window, so that lost probes cannot block it.
    fn probe(&mut self, now: Instant) {
        if now >= self.until {
            self.until = now + self.pause;
            self.probes = PROBES;
        }
        self.probes = self.probes.saturating_sub(1);
    }
}
