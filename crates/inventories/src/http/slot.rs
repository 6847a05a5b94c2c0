//! One rendered request in the cache: its answer, its last failure, and the one flight that asks it again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reeve_domain::context::SourceStatus;
use reeve_domain::time::Timestamp;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::gate::Gate;
use crate::merge::Answer;
use crate::raw::RawCache;

/// After a failure of its own a request waits this long, doubling; longer than the breaker, so that others probe first.
const PAUSE_FIRST: Duration = Duration::from_millis(1_200);
const PAUSE_MAX: Duration = Duration::from_secs(6);
const WEIGHT_BYTES: usize = 1_024;

/// An answer with its age.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) found: Found,
    pub(crate) as_of: Timestamp,
    pub(crate) landed: Instant,
    pub(crate) bytes: usize,
}

/// What an answer said.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Answer(Arc<Answer>),
    /// Several objects among which each subject has its own.
    Rows(Arc<[Value]>),
    Absent,
}

/// How a flight ended.
pub(crate) type Landing = Result<Held, SourceStatus>;
/// Where everybody who waits for a flight hears of its end.
pub(crate) type Flight = watch::Receiver<Option<Landing>>;

/// How long answers are used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetimes {
    fresh: Duration,
    stale: Duration,
    absent: Duration,
}

impl From<RawCache> for Lifetimes {
    fn from(raw: RawCache) -> Self {
        let fresh = Duration::from_secs(raw.fresh_s);
        Self {
            fresh,
            stale: Duration::from_secs(raw.stale_s).max(fresh),
            absent: Duration::from_secs(raw.absent_s),
        }
    }
}

impl Lifetimes {
    /// Jitter included; for the cache's own clock, which only throws away.
    pub(crate) fn longest(&self) -> Duration {
        self.stale.max(self.absent).mul_f64(1.1).max(PAUSE_MAX)
    }
}

/// What to do about a request.
pub(crate) enum Step {
    Fresh(Held),
    Blocked {
        status: SourceStatus,
        older: Option<Held>,
        remembered: bool,
    },
    Fly {
        older: Option<Held>,
        landing: watch::Sender<Option<Landing>>,
    },
    Join {
        older: Option<Held>,
        flight: Flight,
    },
}

/// The state of one request.
#[derive(Debug)]
pub(crate) struct Slot {
    /// 0.9–1.1, from the hash of the request, so that what was fetched together does not expire together.
    jitter: f64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    failed: Option<Failed>,
    flight: Option<Flight>,
}

#[derive(Debug)]
struct Failed {
    status: SourceStatus,
    pause: Duration,
    until: Instant,
    /// The breaker's closings at that time: after one more, the failure is forgotten.
    closings: u64,
}

impl Slot {
    pub(crate) fn new(request: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        request.hash(&mut hasher);
        let spread = (hasher.finish() % 2_001) as f64 / 10_000.0;
        Self {
            jitter: 0.9 + spread,
            state: Mutex::default(),
        }
    }

    /// Decides under the lock, so that one request is asked once however many want it.
    pub(crate) fn step(&self, lifetimes: &Lifetimes, gate: &Gate, now: Instant) -> Step {
        let mut state = self.lock();
        let older = match state
            .held
            .as_ref()
            .map(|held| (held, self.age(held, lifetimes, now)))
        {
            Some((held, Age::Fresh)) => return Step::Fresh(held.clone()),
            Some((held, Age::Stale)) => Some(held.clone()),
            Some((_, Age::Gone)) | None => None,
        };
        if let Some(flight) = state
            .flight
            .as_ref()
            .filter(|flight| flight.has_changed().is_ok())
        {
            return Step::Join {
                older,
                flight: flight.clone(),
            };
        }
        if let Some(status) = state.failed.as_ref().and_then(|failed| failed.holds(gate, now)) {
            return Step::Blocked {
                status,
                older,
                remembered: true,
            };
        }
        if let Some(status) = gate.closed_for(now) {
            return Step::Blocked {
                status,
                older,
                remembered: false,
            };
        }
        let (landing, flight) = watch::channel(None);
        state.flight = Some(flight);
        Step::Fly { older, landing }
    }

    /// The flight that `step` started, for the one who started it.
    pub(crate) fn landed(&self, held: Held) {
        *self.lock() = State {
            held: Some(held),
            failed: None,
            flight: None,
        };
    }

    /// A failure that says something of this request; an older answer stays for as long as it may.
    pub(crate) fn failed(&self, status: SourceStatus, closings: u64, now: Instant) {
        let mut state = self.lock();
        let last = state.failed.as_ref().map(|failed| failed.pause * 2);
        let pause = last.unwrap_or(PAUSE_FIRST).min(PAUSE_MAX);
        state.failed = Some(Failed {
            status,
            pause,
            until: now + pause,
            closings,
        });
        state.flight = None;
    }

    /// Not asked after all: it may be asked again at once.
    pub(crate) fn not_flown(&self) {
        self.lock().flight = None;
    }

    /// In units of 1 KiB of the answer's body.
    pub(crate) fn weight(&self) -> u32 {
        let bytes = self.lock().held.as_ref().map_or(0, |held| held.bytes);
        u32::try_from(bytes.div_ceil(WEIGHT_BYTES).max(1)).unwrap_or(u32::MAX)
    }

    fn age(&self, held: &Held, lifetimes: &Lifetimes, now: Instant) -> Age {
        let age = now.saturating_duration_since(held.landed);
        let within = |lifetime: Duration| age < lifetime.mul_f64(self.jitter);
        match held.found {
            Found::Absent if within(lifetimes.absent) => Age::Fresh,
            Found::Absent => Age::Gone,
            Found::Answer(_) | Found::Rows(_) if within(lifetimes.fresh) => Age::Fresh,
            Found::Answer(_) | Found::Rows(_) if within(lifetimes.stale) => Age::Stale,
            Found::Answer(_) | Found::Rows(_) => Age::Gone,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Age {
    Fresh,
    Stale,
    Gone,
}

impl Failed {
    fn holds(&self, gate: &Gate, now: Instant) -> Option<SourceStatus> {
        (now < self.until && self.closings == gate.closings()).then_some(self.status)
    }
}
