//! `reeve check` and `reeve test`: the configuration, all of it at once.

use reeve_policy::ConfigError;

use crate::config::Config;
use crate::exit::{Failure, Outcome};
use crate::normalize::note;
use crate::{kafka, line};

/// Everything that is wrong with the configuration, its own tests included; with `online` also what it points to.
///
/// # Errors
/// 78 for errors, 1 for failing tests or for what is not there.
pub fn check(config: Result<Config, Vec<ConfigError>>, online: bool) -> Outcome {
    let config = config.map_err(Failure::Config)?;
    let mut errors = line::inventories(&config).err().unwrap_or_default();
    errors.extend(config.hmac_key.read().err().unwrap_or_default());
    if !errors.is_empty() {
        return Err(Failure::Config(errors));
    }
    test(&config)?;
    if online {
        reach(&config)?;
    }
    note("configuration is valid");
    Ok(())
}

/// Runs the tests inside the route file.
///
/// # Errors
/// 1 with every failing test.
pub fn test(config: &Config) -> Outcome {
    let failures = config.policy.run_tests();
    if failures.is_empty() {
        note(&format!("{} tests of routes pass", config.policy.tests()));
        return Ok(());
    }
    let texts: Vec<String> = failures
        .iter()
        .map(|failure| format!("{}: {}", failure.test, failure.error))
        .collect();
    Err(Failure::Findings(texts.join("\n")))
}

fn reach(config: &Config) -> Outcome {
    if config.log.brokers.is_some() {
        let connection = kafka::connection(&config.log);
        let mismatches = reeve_kafka::topics::verify(&connection, &kafka::layout(&config.log))?;
        let wrong: Vec<String> = mismatches
            .iter()
            .filter(|mismatch| !mismatch.tolerable)
            .map(|mismatch| {
                format!(
                    "{}: {}: expected {}, found {}",
                    mismatch.topic, mismatch.what, mismatch.expected, mismatch.found
                )
            })
            .collect();
        if !wrong.is_empty() {
            return Err(Failure::Findings(wrong.join("\n")));
        }
        note("brokers answer, topics fit");
    }
    Ok(())
}
