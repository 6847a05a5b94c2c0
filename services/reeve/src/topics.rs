//! `reeve topics`: make them, check them, say who needs which right.

use std::io::{self, Write};

use crate::cli::TopicsWhat;
use crate::config::Config;
use crate::exit::{Failure, Outcome};
use crate::kafka;
use crate::normalize::{broken, note};
use reeve_kafka::topics::{self, Created};

/// Creates, verifies or prints rights.
///
/// # Errors
/// 1 if `verify` finds something that is not tolerable, 70 if the cluster refuses.
pub fn run(config: &Config, what: TopicsWhat) -> Outcome {
    if config.log.brokers.is_none() {
        note("REEVE_KAFKA_BROKERS is not set: the embedded log makes its topics itself");
        return Ok(());
    }
    match what {
        TopicsWhat::Create => create(config),
        TopicsWhat::Verify => verify(config),
        TopicsWhat::Acls => acls(config),
    }
}

fn create(config: &Config) -> Outcome {
    let mut out = io::stdout().lock();
    for (topic, created) in topics::create(&kafka::connection(&config.log), &kafka::layout(&config.log))? {
        let word = if created == Created::New {
            "created"
        } else {
            "existed"
        };
        writeln!(out, "{topic} {word}").map_err(broken)?;
    }
    Ok(())
}

fn verify(config: &Config) -> Outcome {
    let found = topics::verify(&kafka::connection(&config.log), &kafka::layout(&config.log))?;
    let mut out = io::stdout().lock();
    for mismatch in &found {
        let weight = if mismatch.tolerable { "warning" } else { "error" };
        writeln!(
            out,
            "{weight}: {}: {}: expected {}, found {}",
            mismatch.topic, mismatch.what, mismatch.expected, mismatch.found
        )
        .map_err(broken)?;
    }
    match found.iter().filter(|mismatch| !mismatch.tolerable).count() {
        0 => writeln!(out, "topics fit").map_err(broken),
        count => Err(Failure::Findings(format!(
            "{count} things are not as they must be"
        ))),
    }
}

fn acls(config: &Config) -> Outcome {
    let mut out = io::stdout().lock();
    for acl in topics::acls(&config.log.names, &config.log.prefix, "reeve") {
        writeln!(out, "{acl}").map_err(broken)?;
    }
    Ok(())
}
