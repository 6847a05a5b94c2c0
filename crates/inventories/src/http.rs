//! JSON over HTTP as an inventory: one configured GET, an answer cut out by JSON pointers, cached and limited.

pub(crate) mod address;
mod body;
mod exchange;
mod flight;
mod gate;
mod judge;
mod request;
mod secrets;
mod slot;
#[cfg(test)]
mod tests;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use reeve_domain::context::SourceStatus;
use reeve_domain::key::SubjectKey;
use reeve_domain::time::Timestamp;
use tokio::time::Instant;

use crate::ask::{Ask, Freshness};
use crate::counts::{Lookup, Tally};
use crate::merge::Reply;
pub(crate) use exchange::{Exchange, client};
pub(crate) use flight::Waiting;
use gate::Gate;
pub(crate) use judge::Judge;
use request::Rendered;
pub(crate) use request::{HttpParts, RequestTemplate};
pub(crate) use secrets::Headers;
use slot::{Held, Lifetimes, Slot, Step};
use turns::Turns;

/// One HTTP inventory: its request, its cache, its limits and whether it answers.
#[derive(Debug)]
pub(crate) struct HttpInventory {
    template: RequestTemplate,
    exchange: Exchange,
    cache: Cache<String, Arc<Slot>>,
    lifetimes: Lifetimes,
    gate: Gate,
    turns: Turns,
    deadline: Duration,
    tally: Tally,
}

/// What beginning to ask comes to.
pub(crate) enum Begun {
    /// The request has a placeholder without a value: this inventory cannot be asked about that.
    NotAsked,
    /// Known, or known not to be had now.
    Settled(Reply),
    /// Somebody is asking: wait.
    Waiting(Waiting),
}

impl HttpInventory {
    pub(crate) fn new(name: &str, parts: HttpParts) -> Self {
        let lifetimes = Lifetimes::from(parts.cache);
        let cache = Cache::builder()
            .max_capacity(parts.cache.entries_max)
            .weigher(|_: &String, slot: &Arc<Slot>| slot.weight())
            .time_to_live(lifetimes.longest())
            .build();
        Self {
            template: parts.template,
            exchange: parts.exchange,
            cache,
            lifetimes,
            gate: Gate::new(name),
            turns: Turns::new(&parts.limits),
            deadline: Duration::from_millis(parts.limits.deadline_ms),
            tally: Tally::default(),
        }
    }

    /// Answers from the cache, or sends a request that outlives this look-up, so that a slow answer is there next time.
    pub(crate) fn begin(self: &Arc<Self>, ask: &Ask<'_>, key: &SubjectKey, now: Timestamp) -> Begun {
        let Some(rendered) = self.template.render(ask, key) else {
            return Begun::NotAsked;
        };
        let slot = self.cache.get_with(rendered.cache_key.clone(), || {
            Arc::new(Slot::new(&rendered.cache_key))
        });
        let step = slot.step(&self.lifetimes, &self.gate, Instant::now());
        match step {
            Step::Fresh(held) => Begun::Settled(self.settled(&held, &rendered, Lookup::Hit)),
            Step::Blocked {
                status,
                older,
                remembered,
            } => {
                if !remembered {
                    self.gate.owe();
                }
                Begun::Settled(self.older_or_nothing(older.as_ref(), status, &rendered))
            }
            Step::Fly { older, landing } => {
                let flight = self.take_off(rendered.clone(), slot, landing, now);
                self.on_board(flight, older, rendered, ask.freshness)
            }
            Step::Join { older, flight } => self.on_board(flight, older, rendered, ask.freshness),
        }
    }

    /// Whether it is being asked at all: false while the breaker is open.
    pub(crate) fn is_available(&self) -> bool {
        self.gate.is_available()
    }

    /// How often an answer has come that somebody had gone without.
    pub(crate) fn recoveries(&self) -> u64 {
        self.gate.recoveries()
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    fn on_board(
        self: &Arc<Self>,
        flight: slot::Flight,
        older: Option<Held>,
        rendered: Rendered,
        freshness: Freshness,
    ) -> Begun {
        match older {
            Some(older) if freshness == Freshness::Known => {
                Begun::Settled(self.settled(&older, &rendered, Lookup::Stale))
            }
            older => Begun::Waiting(Waiting {
                inventory: Arc::clone(self),
                flight,
                older,
                rendered,
            }),
        }
    }

    /// The reply a held answer gives to this request.
    fn settled(&self, held: &Held, rendered: &Rendered, lookup: Lookup) -> Reply {
        let reply = self.template.reply(held, rendered);
        let (reply, lookup) = match (lookup, reply.status) {
            (Lookup::Stale, SourceStatus::Ok) => (
                Reply {
                    status: SourceStatus::Stale,
                    ..reply
                },
                lookup,
            ),
            (Lookup::Hit, SourceStatus::Absent) => (reply, Lookup::Negative),
            _ => (reply, lookup),
        };
        self.tally.count(lookup);
        reply
    }

    fn older_or_nothing(&self, older: Option<&Held>, status: SourceStatus, rendered: &Rendered) -> Reply {
        if let Some(older) = older {
            return self.settled(older, rendered, Lookup::Stale);
        }
        let limited = status == SourceStatus::Limited;
        self.tally
            .count(if limited { Lookup::Limited } else { Lookup::Error });
        Reply::nothing(status)
    }
}
