//! Our own limits: how many requests wait, how many are open, how many are sent per second.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

use crate::raw::RawLimits;

/// Requests that may wait for their turn; one more is limited at once.
const WAITING_MAX: usize = 1_024;

/// tokio's clock, so that the limiter keeps the same time as every deadline.
#[derive(Clone, Copy, Debug, Default)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = std::time::Instant;

    fn now(&self) -> Self::Instant {
        Instant::now().into_std()
    }
}

type Limiter =
    RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<<TokioClock as Clock>::Instant>>;

/// The queue in front of one inventory, first come first served.
pub(crate) struct Turns {
    waiting: Arc<Semaphore>,
    in_flight: Semaphore,
    limiter: Limiter,
}

impl Turns {
    pub(crate) fn new(limits: &RawLimits) -> Self {
        let at_least_one = |count: u32| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_second(at_least_one(limits.per_second)).allow_burst(at_least_one(limits.burst));
        Self {
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            in_flight: Semaphore::new(limits.in_flight as usize),
            limiter: RateLimiter::direct_with_clock(quota, TokioClock),
        }
    }

    /// A place in the queue; none if it is full.
    pub(crate) fn queue(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.waiting).try_acquire_owned().ok()
    }

    /// Waits until one more request may be open and be sent.
    pub(crate) async fn wait(&self) -> SemaphorePermit<'_> {
        let open = self
            .in_flight
            .acquire()
            .await
            .expect("never closed while it is owned here");
        self.another().await;
        open
    }

    /// Waits until one more request may be sent by who has one open.
    pub(crate) async fn another(&self) {
        while let Err(not_yet) = self.limiter.check() {
            sleep(not_yet.wait_time_from(TokioClock.now())).await;
        }
    }
}

impl std::fmt::Debug for Turns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turns").finish_non_exhaustive()
    }
}
