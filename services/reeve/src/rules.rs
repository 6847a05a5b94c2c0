//! What a running line decides, parses and asks by: made of a configuration at the start, and anew at each reload.

use std::sync::Arc;

use reeve_domain::observation::{IssueType, Statement};
use reeve_domain::secret::HmacKeys;
use reeve_formats::{EvidenceLevels, Mappings, Settings, formats};
use reeve_inventories::{Inventories, Surroundings};
use reeve_policy::{ConfigError, Policy};
use reeve_telemetry::Known;

use crate::config::Config;
use crate::hooks;

/// What a running line can take over. Everything else of `reeve.yaml` holds from start to end.
#[derive(Clone)]
pub struct Rules {
    /// Decides.
    pub policy: Arc<Policy>,
    /// What the normalizer parses with.
    pub settings: Settings,
    /// Whom to ask.
    pub inventories: Inventories,
}

/// What a configuration comes to for a running line.
///
/// # Errors
/// Mistakes in the inventories, tests of routes that fail.
pub fn of(config: &Config, keys: &Arc<HmacKeys>) -> Result<Rules, Vec<ConfigError>> {
    tested(config)?;
    untested(config, keys)
}

/// Whether the tests of routes pass.
///
/// # Errors
/// Those that fail.
pub fn tested(config: &Config) -> Result<(), Vec<ConfigError>> {
    let failures = config.policy.run_tests();
    if failures.is_empty() {
        return Ok(());
    }
    Err(failures.into_iter().map(|failure| failure.error).collect())
}

/// What a configuration comes to, whatever its tests of routes say.
///
/// # Errors
/// Mistakes in the inventories.
pub fn untested(config: &Config, keys: &Arc<HmacKeys>) -> Result<Rules, Vec<ConfigError>> {
    Ok(Rules {
        policy: Arc::clone(&config.policy),
        settings: settings(config, Arc::clone(keys)),
        inventories: inventories(config)?,
    })
}

/// The label values that these rules name.
pub fn named(known: Known, rules: &Rules) -> Known {
    let inventories = rules.inventories.available();
    Known {
        config_sha256: rules.policy.config_sha256().to_owned(),
        inventories: inventories.into_iter().map(|(name, _)| name.to_owned()).collect(),
        routes: rules.policy.routes().into_iter().map(|(name, _)| name).collect(),
        ..known
    }
}

/// What the normalizer parses with.
pub fn settings(config: &Config, keys: Arc<HmacKeys>) -> Settings {
    let levels = levels(&config.policy, &config.mappings);
    let frameworks = IssueType::ALL
        .iter()
        .map(|issue| (*issue, config.policy.labels(*issue).clone()))
        .collect();
    Settings {
        limits: config.limits,
        levels,
        mappings: config.mappings.clone(),
        frameworks,
        scrub: hooks::scrub(),
        ..Settings::new(keys)
    }
}

fn levels(policy: &Policy, mappings: &Mappings) -> EvidenceLevels {
    let ids = formats::ids().chain(mappings.names());
    let said = ids.flat_map(|format| Statement::ALL.iter().map(move |statement| (format, *statement)));
    said.filter_map(|(format, statement)| {
        policy
            .level_of_format(format, statement)
            .map(|level| (format.to_owned(), statement, level))
    })
    .collect()
}

/// The configured inventories.
///
/// # Errors
/// Every mistake with file, line and column.
pub fn inventories(config: &Config) -> Result<Inventories, Vec<ConfigError>> {
    let around = Surroundings {
        env: &|name| std::env::var(name).ok(),
        base: &config.folder,
    };
    Inventories::compile(config.inventories.clone(), around).map_err(|faults| {
        faults
            .into_iter()
            .map(|fault| config.inventories_document.error(&fault.path, fault.message))
            .collect()
    })
}
