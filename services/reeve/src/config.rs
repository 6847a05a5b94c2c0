//! The whole configuration of a process: shipped files, each replaceable by one of its name, variables put in, compiled.

mod files;
mod keys;
mod log;
mod mappings;
mod raw;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reeve_formats::{Limits, Mappings};
use reeve_inventories::RawInventories;
use reeve_policy::Policy;
use reeve_policy::config::{ConfigError, ConfigTexts, Document};
use reeve_telemetry::logs::Filter;

use files::{INVENTORIES, REEVE, texts};
pub use keys::{HmacKeyFiles, random_hex};
pub use log::LogConfig;
pub use raw::Enrich;
use raw::{Reeve, reeve};

/// Everything a command may need, valid by construction.
pub struct Config {
    /// Where the log is and who this replica is.
    pub log: LogConfig,
    /// Priority, routes, deadlines, paths, evidence.
    pub policy: Arc<Policy>,
    /// Which inventories to ask.
    pub inventories: RawInventories,
    /// The same as a document, to name places in it.
    pub inventories_document: Document,
    /// The folder that relative paths of `inventories.yaml` start from.
    pub folder: PathBuf,
    /// The whole of `reeve.yaml`, variables put in: what a running line does not take over.
    pub fixed: String,
    /// Bounds of what one alert may cost.
    pub limits: Limits,
    /// Formats as configuration.
    pub mappings: Mappings,
    /// How long a batch waits for inventories.
    pub enrich: Enrich,
    /// Where the keys of the keyed hashes are.
    pub hmac_key: HmacKeyFiles,
    /// Where metrics are scraped; none: nowhere.
    pub metrics_address: Option<SocketAddr>,
    /// What is logged.
    pub filter: Filter,
    /// Logs one JSON object a line instead of text.
    pub json_logs: bool,
}

/// Loads and compiles everything: what ships, with the files of `folder` in the place of those of their names.
///
/// # Errors
/// Every error of every file.
pub fn load(folder: Option<&Path>) -> Result<Config, Vec<ConfigError>> {
    let texts = texts(folder, &|name| std::env::var(name).ok())?;
    compile(&texts, folder)
}

fn compile(texts: &ConfigTexts, folder: Option<&Path>) -> Result<Config, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let policy = keep(Policy::compile(texts), &mut errors);
    let inventories = keep(inventories(texts), &mut errors);
    let reeve = keep(reeve(texts), &mut errors);
    let mappings = reeve
        .as_ref()
        .map(|reeve| mappings::load(folder, &reeve.raw.mappings));
    let mappings = mappings.and_then(|loaded| keep(loaded, &mut errors));
    let (Some(policy), Some((document, inventories))) = (policy, inventories) else {
        return Err(errors);
    };
    let (Some(reeve), Some(mappings)) = (reeve, mappings) else {
        return Err(errors);
    };
    let Reeve {
        raw,
        log,
        metrics_address,
        filter,
    } = reeve;
    let limits = Limits {
        document_bytes: raw.limits.record_bytes_max,
        depth: raw.limits.depth_max,
        keys: raw.limits.object_keys_max,
        inflated_bytes: raw.limits.unpacked_bytes_max,
        inflated_ratio: raw.limits.unpacked_ratio_max,
        ..Limits::default()
    };
    Ok(Config {
        log,
        policy: Arc::new(policy),
        inventories,
        inventories_document: document,
        folder: folder.unwrap_or(Path::new(".")).to_owned(),
        fixed: texts.text(REEVE).to_owned(),
        limits,
        mappings,
        enrich: raw.enrich,
        hmac_key: raw.hmac_key,
        metrics_address,
        filter,
        json_logs: raw.logging.json,
    })
}

fn keep<T>(result: Result<T, Vec<ConfigError>>, errors: &mut Vec<ConfigError>) -> Option<T> {
    result.map_err(|more| errors.extend(more)).ok()
}

/// Variables in it are the inventories' own to read: one that is not set switches an inventory off.
fn inventories(texts: &ConfigTexts) -> Result<(Document, RawInventories), Vec<ConfigError>> {
    let document = Document::read(INVENTORIES, texts.text(INVENTORIES))?;
    let raw = document.parse()?;
    Ok((document, raw))
}

#[cfg(test)]
mod tests {
    use reeve_log::Topic;

    use super::*;

    #[test]
    fn what_ships_is_valid_without_any_environment() {
        let texts = texts(None, &|_| None).unwrap();
        let config = compile(&texts, None)
            .map_err(|errors| format!("{errors:?}"))
            .unwrap();
        assert!(config.log.brokers.is_none());
        assert_eq!(config.log.partitions, 6);
    }

    #[test]
    fn the_environment_reaches_the_log() {
        let env = |name: &str| match name {
            "REEVE_KAFKA_BROKERS" => Some("127.0.0.1:9092".to_owned()),
            "REEVE_TOPIC_PARTITIONS" => Some("3".to_owned()),
            "REEVE_TOPIC_PREFIX" => Some("acme.".to_owned()),
            _ => None,
        };
        let config = compile(&texts(None, &env).unwrap(), None)
            .map_err(|errors| format!("{errors:?}"))
            .unwrap();
        assert_eq!(config.log.brokers.as_deref(), Some("127.0.0.1:9092"));
        assert_eq!(config.log.partitions, 3);
        assert_eq!(&**config.log.names.name(Topic::Tasks), "acme.tasks");
    }

    #[test]
    fn what_a_file_leaves_out_is_what_ships() {
        let text = "log: { lanes: 2, kafka: { properties: { security.protocol: sasl_ssl } } }";
        let texts = texts(None, &|_| None).unwrap().with(REEVE, text);
        let config = compile(&texts, None)
            .map_err(|errors| format!("{errors:?}"))
            .unwrap();
        assert_eq!((config.log.lanes, config.log.partitions), (2, 6));
        assert_eq!(config.log.kafka.properties.len(), 1);
        let texts = texts.with(REEVE, "log: { lane: 2 }");
        let errors = compile(&texts, None).err().unwrap();
        assert_eq!(
            (errors.len(), errors[0].line, errors[0].suggestion.as_deref()),
            (1, 1, Some("lanes"))
        );
    }

    #[test]
    fn a_wrong_number_is_told_with_its_place() {
        let env = |name: &str| (name == "REEVE_TOPIC_PARTITIONS").then(|| "many".to_owned());
        let errors = compile(&texts(None, &env).unwrap(), None).err().unwrap();
        assert_eq!(errors.len(), 1);
        assert!(errors[0].to_string().starts_with("reeve.yaml:"), "{}", errors[0]);
        assert!(!errors[0].to_string().contains("many"));
    }
}
