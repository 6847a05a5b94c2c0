//! One request under way: it waits for its turn, asks, settles the cache and the breaker, and tells who waits.

use std::sync::Arc;

use reeve_domain::context::SourceStatus;
use reeve_domain::time::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use super::HttpInventory;
use super::exchange::Failure;
use super::gate::Leave;
use super::request::Rendered;
use super::slot::{Flight, Held, Landing, Slot};
use crate::counts::Lookup;
use crate::merge::Reply;

/// Somebody who waits for a flight.
pub(crate) struct Waiting {
    pub(crate) inventory: Arc<HttpInventory>,
    pub(crate) flight: Flight,
    pub(crate) older: Option<Held>,
    pub(crate) rendered: Rendered,
}

impl Waiting {
    /// The answer, or what there is instead of it when the time is up; the flight goes on without us.
    pub(crate) async fn finish(mut self, until: Instant) -> Reply {
        let landing = self.landing(until).await;
        match landing {
            Ok(held) => self.inventory.settled(&held, &self.rendered, Lookup::Miss),
            Err(status) => self
                .inventory
                .older_or_nothing(self.older.as_ref(), status, &self.rendered),
        }
    }

    async fn landing(&mut self, until: Instant) -> Landing {
        // Looked at first: past the deadline a timer may win against what has landed long ago.
        let landed = self.flight.borrow().clone();
        if let Some(landing) = landed {
            return landing;
        }
        match timeout_at(until, self.flight.wait_for(Option::is_some)).await {
            Ok(Ok(landing)) => landing.clone().unwrap_or(Err(SourceStatus::Timeout)),
            Ok(Err(_gone)) => Err(SourceStatus::Unreachable),
            Err(_elapsed) => {
                self.inventory.gate.owe();
                Err(SourceStatus::Timeout)
            }
        }
    }
}

/// Why there is no answer: what to say, and whose doing it is.
enum Lost {
    /// It was never sent: a limit, a full queue, or the breaker opened meanwhile.
    NotSent(SourceStatus),
    /// It was sent.
    Sent(Failure, Leave),
}

impl HttpInventory {
    /// Starts the flight as a task of its own, which ends by the inventory's deadline at the latest.
    pub(super) fn take_off(
        self: &Arc<Self>,
        rendered: Rendered,
        slot: Arc<Slot>,
        landing: watch::Sender<Option<Landing>>,
        now: Timestamp,
    ) -> Flight {
        let flight = landing.subscribe();
        let Some(place) = self.turns.queue() else {
            slot.not_flown();
            self.gate.owe();
            landing.send_replace(Some(Err(SourceStatus::Limited)));
            return flight;
        };
        let inventory = Arc::clone(self);
        tokio::spawn(async move {
            let landed = inventory.fly(&rendered, &slot, now).await;
            drop(place);
            landing.send_replace(Some(landed));
        });
        flight
    }

    async fn fly(&self, rendered: &Rendered, slot: &Arc<Slot>, now: Timestamp) -> Landing {
        let began = Instant::now();
        let outcome = self.ask(rendered, began + self.deadline, now).await;
        if !matches!(outcome, Err(Lost::NotSent(_))) {
            self.tally.took(began.elapsed());
        }
        match outcome {
            Ok(held) => {
                self.gate.answered();
                slot.landed(held.clone());
                // The cache weighs what is inserted, and only then.
                self.cache.insert(rendered.cache_key.clone(), Arc::clone(slot));
                Ok(held)
            }
            Err(lost) => Err(self.settle(lost, slot)),
        }
    }

    fn settle(&self, lost: Lost, slot: &Slot) -> SourceStatus {
        let now = Instant::now();
        match lost {
            Lost::NotSent(status) => {
                self.gate.owe();
                slot.not_flown();
                status
            }
            Lost::Sent(failure, leave) => {
                debug!(status = %failure.status, reason = failure.reason, "no answer");
                match failure.retry_after {
                    Some(wait) => {
                        self.gate.retry_after(wait, now);
                        slot.not_flown();
                    }
                    None => {
                        self.gate.failed(failure.status, leave, now);
                        slot.failed(failure.status, self.gate.closings(), now);
                    }
                }
                failure.status
            }
        }
    }

    async fn ask(&self, rendered: &Rendered, until: Instant, now: Timestamp) -> Result<Held, Lost> {
        let limited = |_| Lost::NotSent(SourceStatus::Limited);
        let _open = timeout_at(until, self.turns.wait()).await.map_err(limited)?;
        let leave = self.gate.leave(Instant::now()).map_err(Lost::NotSent)?;
        let exchange = self.exchange.run(&self.template, rendered, &self.turns, now);
        match timeout_at(until, exchange).await {
            Ok(Ok(held)) => Ok(held),
            Ok(Err(failure)) => Err(Lost::Sent(failure, leave)),
            Err(_elapsed) => Err(Lost::Sent(Failure::new(SourceStatus::Timeout, "deadline"), leave)),
        }
    }
}
