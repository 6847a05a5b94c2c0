//! Where the log is, who this replica is, how it paces itself: the section `log` of `reeve.yaml`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use reeve_log::drive::Pace;
use reeve_log::{BatchLimits, Topic, TopicNames};
use reeve_policy::config::{ConfigError, Document};

use super::raw::{Number, RawKafka, RawLog};

/// Kafka's own bound.
const TOPIC_NAME_MAX: usize = 249;

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

/// What the section comes to.
pub(super) fn compile(raw: &RawLog, document: &Document) -> Result<LogConfig, Vec<ConfigError>> {
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
    for (pointer, text) in ill_named(&raw.topics.prefix, &names) {
        errors.push(document.error(pointer, text));
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

/// What Kafka takes for no name of a topic, and names that stand for two; where in `reeve.yaml`.
fn ill_named(prefix: &str, names: &TopicNames) -> Vec<(&'static str, String)> {
    let expected = "letters, digits, dots, hyphens and underscores";
    if !prefix.bytes().all(is_legal) {
        return vec![("/log/topics/prefix", format!("expected {expected}"))];
    }
    let mut told = Vec::new();
    let mut taken = BTreeMap::new();
    for topic in Topic::ALL {
        let (name, short) = (names.name(topic), topic.as_str());
        if name.is_empty() || name.len() > TOPIC_NAME_MAX || !name.bytes().all(is_legal) {
            let text = format!("the name of `{short}`: expected 1 to {TOPIC_NAME_MAX} {expected}");
            told.push(("/log/topics/names", text));
        }
        if let Some(other) = taken.insert(name, short) {
            let text = format!("`{other}` and `{short}` have one name; expected a topic each");
            told.push(("/log/topics/names", text));
        }
    }
    told
}

const fn is_legal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
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

/// The text, unless it is blank.
pub(super) fn given(text: &str) -> Option<String> {
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
