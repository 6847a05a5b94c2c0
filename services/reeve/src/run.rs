//! `reeve run`: the services, until a signal or until a lane cannot go on.

use std::path::Path;
use std::sync::Arc;

use reeve_log::Role;

use crate::cli::{self, RunArgs};
use crate::config::Config;
use crate::exit::{Failure, Outcome};
use crate::line::{self, Line, Start};
use crate::reload::Reloader;
use crate::rules;
use reeve_policy::ConfigError;
use tokio::sync::watch;

/// Runs until SIGTERM or SIGINT; at SIGHUP reads `folder` again.
///
/// # Errors
/// 78 without a key or with a bad configuration, 70 if a lane cannot go on.
pub fn run(config: &Config, folder: Option<&Path>, args: &RunArgs) -> Outcome {
    let keys = config
        .hmac_key
        .read()
        .map_err(Failure::Config)?
        .ok_or_else(no_key)?;
    let keys = Arc::new(keys);
    let (sender, rules) = watch::channel(rules::of(config, &keys).map_err(Failure::Config)?);
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
    let address = line::serve(&line, &config.metrics_address, &runtime)?;
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

fn no_key() -> Failure {
    Failure::Config(vec![ConfigError::of_file(
        "reeve.yaml",
        "hmac_key: no key; set REEVE_HMAC_KEY_FILE to a file of at least 32 random bytes, kept for good: \
         another key gives every secret another subject key",
    )])
}
