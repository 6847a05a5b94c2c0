//! Where a partition begins and ends, as one kind of reader sees it.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use reeve_log::LogError;

use crate::error::{self, Kind};
use crate::wait::{self, Deadline};

/// Bound of one question to the cluster.
const CALL: Duration = Duration::from_secs(5);
/// How long a partition may be without a leader that answers.
const LEADERLESS: Duration = Duration::from_secs(30);

/// Offsets of a partition.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    /// Of its first record.
    pub(crate) first: i64,
    /// Behind its last: what is open or undecided counts for a `read_uncommitted` client only.
    pub(crate) last: i64,
}

pub(crate) fn of<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
) -> Result<Ends, LogError> {
    let deadline = Deadline::within(LEADERLESS);
    loop {
        let error = match consumer.fetch_watermarks(topic, partition, CALL) {
            Ok((first, last)) => return Ok(Ends { first, last }),
            Err(error) => error,
        };
        let code = error.rdkafka_error_code();
        if deadline.passed() || code.is_none_or(|code| error::kind(code) != Kind::Passing) {
            return Err(error::of(
                &format!("asking for the ends of {topic}-{partition}"),
                &error,
            ));
        }
        wait::step(Duration::from_millis(50));
    }
}
