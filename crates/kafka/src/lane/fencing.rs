//! Fenced once, a lane claims its identity back; fenced again within a minute it ends, since two replicas share it.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use reeve_log::{LogError, Polled};

use super::{KafkaLane, consumer, give_back, subscribe};
use crate::error::{self, Kind};
use crate::writer::Writer;

/// A second fencing within this time is a replica of the same name, which claims the identity back as we do.
const RIVAL: Duration = Duration::from_secs(60);

impl KafkaLane {
    /// A coordinator that moved, or that ended a transaction for its age, fences a lane that nobody else claims. So the
    /// first time the lane goes on with a new consumer and a new producer, and owns nothing until it is assigned again.
    ///
    /// # Errors
    /// `error` itself unless it says fenced for the first time in a minute; else what a lane fails to open with.
    pub(super) fn claim_again(&mut self, error: LogError) -> Result<(), LogError> {
        let why = self.fencing(error)?;
        let before = self.fenced.replace(Instant::now());
        if before.is_some_and(|before| before.elapsed() < RIVAL) {
            return Err(LogError::Fenced(why));
        }
        tracing::warn!(%why, "fenced: the lane claims its identity again");
        give_back(&self.consumer);
        self.forget();
        self.joined = false;
        self.unreachable_since = None;
        self.lost.append(&mut self.owned);
        self.writer = Writer::open(&self.config, self.counts)?;
        // Made before the old one is dropped, a member only after it.
        self.consumer = consumer(&self.config)?;
        subscribe(&self.consumer, &self.config)
    }

    /// What was lost by a fencing; the caller has to forget it before anything is assigned again.
    pub(super) fn tell_lost(&mut self) -> Polled {
        Polled {
            revoked: std::mem::take(&mut self.lost).into_iter().collect(),
            ..Polled::default()
        }
    }

    /// Why the lane is fenced, which the consumer may know even if the call that failed does not say so.
    fn fencing(&self, error: LogError) -> Result<String, LogError> {
        let cause = self.consumer.client().fatal_error();
        match (error, cause) {
            (LogError::Fenced(why), _) => Ok(why),
            (_, Some((code, _))) if error::kind(code) == Kind::Fenced => {
                match error::fatal("reading", code) {
                    LogError::Fenced(why) => Ok(why),
                    other => Err(other),
                }
            }
            (error, _) => Err(error),
        }
    }
}
