//! `reeve check` and `reeve test`: the configuration, all of it at once.

use std::time::Duration;

use reeve_policy::ConfigError;

use crate::cli::CheckArgs;
use crate::config::Config;
use crate::exit::{Failure, Outcome};
use crate::normalize::note;
use crate::{cli, clock, kafka, line, rules, run};

/// How long one inventory may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Everything that is wrong with the configuration, its own tests included; with `--online` also what it points to.
///
/// # Errors
/// 78 for errors, 1 for failing tests or for what is not there.
pub fn check(config: Result<Config, Vec<ConfigError>>, args: &CheckArgs) -> Outcome {
    let config = config.map_err(Failure::Config)?;
    run::ready(&config, args.role).map_err(Failure::Config)?;
    test(&config)?;
    if args.online {
        reach(&config, args.role)?;
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

/// Everything that the configuration points to, asked.
fn reach(config: &Config, role: cli::Role) -> Outcome {
    let mut faults = Vec::new();
    if config.log.brokers.is_some() {
        faults.extend(topics(config)?);
        let there = faults.is_empty();
        for role in run::roles(role).into_iter().filter(|_| there) {
            let told = reeve_kafka::probe(&kafka::lane(&config.log, role, 0)?)?;
            faults.extend(told.into_iter().map(|text| format!("{}: {text}", role.as_str())));
        }
    }
    faults.extend(inventories(config)?);
    if !faults.is_empty() {
        return Err(Failure::Findings(faults.join("\n")));
    }
    note(if config.log.brokers.is_some() {
        "brokers answer, topics fit, inputs can be read, transactions can be opened, no record is from the future"
    } else {
        "no brokers are configured: the log is embedded"
    });
    Ok(())
}

fn topics(config: &Config) -> Result<Vec<String>, Failure> {
    let mismatches =
        reeve_kafka::topics::verify(&kafka::connection(&config.log), &kafka::layout(&config.log))?;
    let wrong = mismatches.iter().filter(|mismatch| !mismatch.tolerable);
    let texts = wrong.map(|mismatch| {
        format!(
            "{}: {}: expected {}, found {}",
            mismatch.topic, mismatch.what, mismatch.expected, mismatch.found
        )
    });
    Ok(texts.collect())
}

/// "Not there" is an answer.
fn inventories(config: &Config) -> Result<Vec<String>, Failure> {
    let inventories = rules::inventories(config).map_err(Failure::Config)?;
    let runtime = line::runtime()?;
    let mut silent = Vec::new();
    for (name, status) in runtime.block_on(inventories.probe(ANSWER, clock::now())) {
        match status {
            Some(status) if status.is_answer() => note(&format!("inventory {name} answers")),
            Some(status) => silent.push(format!("inventory {name}: {}", status.as_str())),
            None => note(&format!(
                "inventory {name} cannot be asked: its request needs more than a made-up subject has"
            )),
        }
    }
    for name in inventories.switched_off() {
        note(&format!("inventory {name} is off: its variable is not set"));
    }
    Ok(silent)
}
