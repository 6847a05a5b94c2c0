//! `reeve run`: the services, until a signal or until a lane cannot go on.

use std::path::Path;
use std::sync::Arc;

use reeve_domain::secret::HmacKeys;
use reeve_log::{LogError, Role};

use crate::cli::{self, RunArgs};
use crate::config::Config;
use crate::exit::{Failure, Outcome};
use crate::kafka;
use crate::line::{self, Line, Start};
use crate::reload::Reloader;
use crate::rules::{self, Rules};
use reeve_policy::ConfigError;
use tokio::sync::watch;

/// Runs until SIGTERM or SIGINT; at SIGHUP reads `folder` again.
///
/// # Errors
/// 78 without a key or with a bad configuration, 70 if a lane cannot go on.
pub fn run(config: &Config, folder: Option<&Path>, args: &RunArgs) -> Outcome {
    let Ready { keys, rules } = ready(config, args.role).map_err(Failure::Config)?;
    rules::tested(config).map_err(Failure::Config)?;
    let (sender, rules) = watch::channel(rules);
    let start = Start {
        roles: roles(args.role),
        keys: Arc::clone(&keys),
        rules,
        accept_loss: args.accept_ledger_loss,
    };
    let runtime = line::runtime()?;
    let line = Line::start(config, &start, runtime.handle())?;
    line::stop_on_signals(line.stopper(), &runtime);
    let reloader = Reloader {
        folder: folder.map(Path::to_owned),
        fixed: config.fixed.clone(),
        keys,
        rules: sender,
        metrics: line.metrics().clone(),
        known: line::known(config, &start),
    };
    reloader.listen(&runtime);
    let address = config
        .metrics_address
        .map(|address| line::serve(&line, address, &runtime))
        .transpose()?;
    let log = config
        .log
        .brokers
        .as_deref()
        .map_or_else(|| config.log.data_dir.display().to_string(), str::to_owned);
    tracing::info!(%log, metrics = ?address, key_id = start.keys.key_id(), "running");
    let result = line.wait();
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    result
}

/// The roles that one word stands for.
pub fn roles(role: cli::Role) -> Vec<Role> {
    match role {
        cli::Role::Normalizer => vec![Role::Normalizer],
        cli::Role::Dispatcher => vec![Role::Dispatcher],
        cli::Role::All => Role::ALL.to_vec(),
    }
}

/// What a line runs by, made of a configuration that can be run.
pub struct Ready {
    /// The key of the keyed hashes.
    pub keys: Arc<HmacKeys>,
    /// What lanes decide, parse and ask by.
    pub rules: Rules,
}

/// Everything but tests of routes for which a line would not start, found before it does; asks nobody and writes nothing.
///
/// # Errors
/// All that is wrong beyond the words of the files: the key, the inventories, the place of the log.
pub fn ready(config: &Config, role: cli::Role) -> Result<Ready, Vec<ConfigError>> {
    let mut errors = place(config, role);
    let keys = config.hmac_key.needed();
    let keys = keys.map_err(|more| errors.extend(more)).ok().map(Arc::new);
    // a key stands in for the one that is missing: the rules have mistakes of their own to tell
    let stand_in = keys
        .clone()
        .map_or_else(|| config.hmac_key.ephemeral().map(Arc::new), Ok);
    let rules = stand_in.and_then(|keys| rules::untested(config, &keys));
    match (keys, rules) {
        (Some(keys), Ok(rules)) if errors.is_empty() => Ok(Ready { keys, rules }),
        (_, rules) => {
            errors.extend(rules.err().unwrap_or_default());
            Err(errors)
        }
    }
}

/// What is wrong with the way to the log.
fn place(config: &Config, role: cli::Role) -> Vec<ConfigError> {
    let log = &config.log;
    let tried: Vec<Result<(), LogError>> = if log.brokers.is_some() {
        let lanes = roles(role).into_iter();
        lanes.map(|role| kafka::examine(log, role)).collect()
    } else {
        vec![reeve_log::embedded::examine(&log.data_dir, log.partitions)]
    };
    // a log that is out of reach is no mistake of the configuration
    let mut texts: Vec<String> = tried
        .into_iter()
        .filter_map(|tried| match tried {
            Err(LogError::Setup(text)) => Some(text),
            _ => None,
        })
        .collect();
    texts.dedup();
    let told = texts
        .into_iter()
        .map(|text| ConfigError::of_file("reeve.yaml", format!("log: {text}")));
    told.collect()
}
