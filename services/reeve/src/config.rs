//! The whole configuration of a process: shipped files, each replaceable by one of its name, variables put in, compiled.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reeve_domain::secret::HmacKeys;
use reeve_formats::Limits;
use reeve_inventories::RawInventories;
use reeve_log::drive::Pace;
use reeve_log::{BatchLimits, Topic, TopicNames};
use reeve_policy::Policy;
use reeve_policy::config::{ConfigError, ConfigTexts, Document, interpolate};
use serde::Deserialize;
use serde_json::Value;

const REEVE: &str = "reeve.yaml";
const INVENTORIES: &str = "inventories.yaml";

/// The files that ship beside those of the policy.
const SHIPPED: [(&str, &str); 2] = [
    (REEVE, include_str!("../../../config/reeve.yaml")),
    (INVENTORIES, include_str!("../../../config/inventories.yaml")),
];

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
    /// Bounds of what one alert may cost.
    pub limits: Limits,
    /// How long a batch waits for inventories.
    pub enrich: Enrich,
    /// Where the keys of the keyed hashes are.
    pub hmac_key: HmacKeyFiles,
    /// Where metrics are scraped; empty: nowhere.
    pub metrics_address: String,
    /// What is logged.
    pub logging: RawLogging,
}

/// How inventories are waited for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrich {
    /// Longest wait of one batch, ms.
    pub deadline_ms: u64,
    /// Most refreshes under way at once.
    pub refresh_in_flight_max: usize,
}

/// Where the log is.
#[derive(Clone)]
pub struct LogConfig {
    /// Bootstrap servers; none: the embedded log.
    pub brokers: Option<String>,
    /// Folder of the embedded log.
    pub data_dir: PathBuf,
    /// Prefix of topics and groups.
    pub prefix: String,
    /// Full names.
    pub names: TopicNames,
    /// Partitions of a topic that is created.
    pub partitions: i32,
    /// Replication of a topic that is created; 0: three, or one where there is one broker.
    pub replication: i32,
    /// Stable name of the replica.
    pub instance: Option<String>,
    /// Lanes per role.
    pub lanes: u32,
    /// Batch and tick.
    pub pace: Pace,
    /// librdkafka properties.
    pub kafka: RawKafka,
}

/// `reeve.yaml` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReeve {
    log: RawLog,
    hmac_key: HmacKeyFiles,
    enrich: Enrich,
    limits: RawLimits,
    metrics: RawMetrics,
    logging: RawLogging,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLog {
    brokers: String,
    data_dir: String,
    topics: RawTopics,
    instance: String,
    lanes: u32,
    batch: RawBatch,
    tick_ms: u64,
    kafka: RawKafka,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTopics {
    prefix: String,
    partitions: Number,
    replication: Number,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

/// A whole number, written as one or as text (a variable in quotes).
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Written(i32),
    Text(String),
}

impl Number {
    fn value(&self) -> Option<i32> {
        match self {
            Self::Written(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBatch {
    records_max: usize,
    bytes_max: usize,
    wait_ms: u64,
}

/// librdkafka properties for both clients, for the consumer, for the producer, and values read from files.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawKafka {
    /// For both.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    /// For the consumer.
    #[serde(default)]
    pub consumer: BTreeMap<String, String>,
    /// For the producer.
    #[serde(default)]
    pub producer: BTreeMap<String, String>,
    /// Property → file that holds its value.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// Where the keys of the keyed hashes are.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HmacKeyFiles {
    file: String,
    #[serde(default)]
    previous_file: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    record_bytes_max: usize,
    depth_max: u32,
    object_keys_max: usize,
    unpacked_bytes_max: usize,
    unpacked_ratio_max: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMetrics {
    address: String,
}

/// What is logged.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawLogging {
    /// A tracing filter, e.g. `info,reeve_kafka=debug`.
    pub filter: String,
    /// One JSON object a line instead of text.
    #[serde(default)]
    pub json: bool,
}

/// Loads and compiles everything: what ships, with the files of `folder` in the place of those of their names.
///
/// # Errors
/// Every error of every file.
pub fn load(folder: Option<&Path>) -> Result<Config, Vec<ConfigError>> {
    let texts = texts(folder, &|name| std::env::var(name).ok())?;
    compile(&texts, folder)
}

fn texts(
    folder: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<ConfigTexts, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let mut texts = ConfigTexts::shipped();
    for (name, text) in SHIPPED {
        texts = texts.with(name, text);
    }
    if let Some(folder) = folder {
        texts = replaced(texts, folder, &mut errors);
    }
    let mut complete = texts.clone();
    for (name, text) in texts.iter().filter(|(name, _)| *name != INVENTORIES) {
        match interpolate(name, text, env) {
            Ok(text) => complete = complete.with(name, text),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() {
        Ok(complete)
    } else {
        Err(errors)
    }
}

fn replaced(mut texts: ConfigTexts, folder: &Path, errors: &mut Vec<ConfigError>) -> ConfigTexts {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            errors.push(ConfigError::of_file(
                &folder.display().to_string(),
                format!("cannot be opened: {}", error.kind()),
            ));
            return texts;
        }
    };
    let known: Vec<String> = texts.iter().map(|(name, _)| name.to_owned()).collect();
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if !yaml || !path.is_file() {
            continue;
        }
        match fs::read_to_string(&path) {
            Ok(text) if known.iter().any(|known| known == name) => texts = texts.with(name, text),
            Ok(_) => errors.push(ConfigError::of_file(
                name,
                format!(
                    "no file of this name is read; expected one of {}",
                    known.join(", ")
                ),
            )),
            Err(error) => errors.push(ConfigError::of_file(
                name,
                format!("cannot be read: {}", error.kind()),
            )),
        }
    }
    texts
}

fn compile(texts: &ConfigTexts, folder: Option<&Path>) -> Result<Config, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let policy = keep(Policy::compile(texts), &mut errors);
    let inventories = keep(inventories(texts), &mut errors);
    let reeve = keep(reeve(texts), &mut errors);
    let (Some(policy), Some((document, inventories)), Some((raw, log))) = (policy, inventories, reeve) else {
        return Err(errors);
    };
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
        limits,
        enrich: raw.enrich,
        hmac_key: raw.hmac_key,
        metrics_address: raw.metrics.address,
        logging: raw.logging,
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

fn reeve(texts: &ConfigTexts) -> Result<(RawReeve, LogConfig), Vec<ConfigError>> {
    let document = Document::read(REEVE, texts.text(REEVE))?;
    let raw = match document.parse() {
        Ok(raw) => raw,
        Err(errors) => completed(&document, errors)?,
    };
    let log = log(&raw.log, &document)?;
    Ok((raw, log))
}

/// A file that leaves something out says what ships there: only other mistakes are mistakes.
fn completed(document: &Document, errors: Vec<ConfigError>) -> Result<RawReeve, Vec<ConfigError>> {
    let mistakes: Vec<ConfigError> = errors
        .into_iter()
        .filter(|error| !error.message.starts_with("missing field"))
        .collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let [(_, shipped), _] = SHIPPED;
    let shipped = interpolate(REEVE, shipped, &|name| std::env::var(name).ok())?;
    let mut merged: Value = Document::read(REEVE, &shipped)?.parse()?;
    merge(&mut merged, document.parse()?);
    serde_json::from_value(merged).map_err(|_| vec![document.error("", "expected a map of sections")])
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (into, from) => *into = from,
    }
}

fn log(raw: &RawLog, document: &Document) -> Result<LogConfig, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let mut names = TopicNames::prefixed(&raw.topics.prefix);
    for (short, full) in &raw.topics.names {
        match Topic::ALL.into_iter().find(|topic| topic.as_str() == short) {
            Some(topic) => names = names.with(topic, full),
            None => errors.push(document.error(
                "/log/topics/names",
                "not the name of a topic; expected e.g. `alerts.raw`",
            )),
        }
    }
    let mut whole = |pointer: &str, number: &Number, least: i32| {
        let value = number.value().filter(|value| *value >= least);
        if value.is_none() {
            errors.push(document.error(pointer, format!("expected a whole number, at least {least}")));
        }
        value.unwrap_or(least)
    };
    let partitions = whole("/log/topics/partitions", &raw.topics.partitions, 1);
    let replication = whole("/log/topics/replication", &raw.topics.replication, 0);
    if raw.lanes == 0 {
        errors.push(document.error("/log/lanes", "expected at least 1"));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(LogConfig {
        brokers: given(&raw.brokers),
        data_dir: given(&raw.data_dir).map_or_else(default_data_dir, PathBuf::from),
        prefix: raw.topics.prefix.clone(),
        names,
        partitions,
        replication,
        instance: given(&raw.instance),
        lanes: raw.lanes,
        pace: pace(raw),
        kafka: raw.kafka.clone(),
    })
}

fn pace(raw: &RawLog) -> Pace {
    let batch = BatchLimits {
        records_max: raw.batch.records_max.max(1),
        bytes_max: raw.batch.bytes_max.max(1),
        wait: Duration::from_millis(raw.batch.wait_ms),
    };
    Pace {
        batch,
        tick_every: Duration::from_millis(raw.tick_ms),
        ..Pace::default()
    }
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `$XDG_STATE_HOME/reeve`, else `~/.local/state/reeve`, else `./reeve-state`.
fn default_data_dir() -> PathBuf {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    state
        .or_else(home)
        .map_or_else(|| PathBuf::from("reeve-state"), |folder| folder.join("reeve"))
}

impl HmacKeyFiles {
    /// The keys from the configured files, else from the variable `REEVE_HMAC_KEY`; none if there is neither.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is too short.
    pub fn read(&self) -> Result<Option<HmacKeys>, Vec<ConfigError>> {
        let current = match given(&self.file) {
            Some(path) => Some(read_key(&path)?),
            None => std::env::var("REEVE_HMAC_KEY").ok().map(String::into_bytes),
        };
        let Some(mut current) = current else {
            return Ok(None);
        };
        let keys = HmacKeys::new(&current).map_err(|error| key_error(&error.to_string()));
        zeroize::Zeroize::zeroize(&mut current);
        let keys = keys?;
        match given(&self.previous_file) {
            None => Ok(Some(keys)),
            Some(path) => {
                let previous = read_key(&path)?;
                keys.with_previous(&previous)
                    .map(Some)
                    .map_err(|error| key_error(&error.to_string()))
            }
        }
    }
}

fn read_key(path: &str) -> Result<Vec<u8>, Vec<ConfigError>> {
    fs::read(path).map_err(|error| key_error(&format!("the key file cannot be read: {}", error.kind())))
}

fn key_error(message: &str) -> Vec<ConfigError> {
    vec![ConfigError::of_file(REEVE, format!("hmac_key: {message}"))]
}

/// A key for one run, made from the system's randomness.
///
/// # Errors
/// A system without randomness.
pub fn ephemeral_key() -> Result<HmacKeys, Vec<ConfigError>> {
    // As text: of bytes the last one could be taken for a line's end.
    HmacKeys::new(data_encoding::HEXLOWER.encode(&random()?).as_bytes())
        .map_err(|error| key_error(&error.to_string()))
}

/// 128 random bits, for the id of an event.
///
/// # Errors
/// A system without randomness.
pub fn random_hex() -> Result<String, Vec<ConfigError>> {
    Ok(data_encoding::HEXLOWER.encode(&random()?[..16]))
}

fn random() -> Result<[u8; 32], Vec<ConfigError>> {
    let mut bytes = [0; 32];
    let filled =
        fs::File::open("/dev/urandom").and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes));
    filled.map_err(|error| key_error(&format!("no randomness for an ephemeral key: {}", error.kind())))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
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
