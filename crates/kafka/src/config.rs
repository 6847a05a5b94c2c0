//! What a lane is told: where the cluster is, who it is, what it reads, and any property of librdkafka.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use reeve_log::{LogError, Topic, TopicNames, why};

use crate::failpoint::Failpoints;

/// How to reach the cluster, for every client reeve makes. Its `Debug` shows names of properties, never values.
#[derive(Clone, Default)]
pub struct Connection {
    /// `host:port`, separated by commas.
    pub brokers: String,
    /// Properties of librdkafka for every client.
    pub properties: BTreeMap<String, String>,
    /// Properties whose value is the content of a file, without the line end (`sasl.password`).
    pub property_files: BTreeMap<String, PathBuf>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("brokers", &self.brokers)
            .field("properties", &self.properties.keys())
            .field("property_files", &self.property_files.keys())
            .finish()
    }
}

/// One lane of one role.
#[derive(Clone)]
pub struct KafkaConfig {
    /// The cluster.
    pub connection: Connection,
    /// Before the name of the group, as before the names of topics.
    pub group_prefix: String,
    /// `reeve`, unless several installations share a cluster and a prefix.
    pub app: String,
    /// `normalizer` or `dispatcher`.
    pub role: String,
    /// What it reads; with two or more, their partitions of one number are read together.
    pub inputs: Vec<Topic>,
    /// What it writes.
    pub outputs: Vec<Topic>,
    /// Whether it keeps state in the ledger, to be restored with each partition.
    pub ledger: bool,
    /// The names in this installation.
    pub names: TopicNames,
    /// A stable name of this replica: the group then knows it again after a restart (static membership).
    pub instance: Option<String>,
    /// What stands for the instance where none is set: the host's name.
    pub host: String,
    /// Number of the lane within the process, from 0.
    pub lane: u32,
    /// Properties of librdkafka for consumers, after those of the connection.
    pub consumer_properties: BTreeMap<String, String>,
    /// Properties of librdkafka for producers, after those of the connection.
    pub producer_properties: BTreeMap<String, String>,
    /// Off only to show that a checker finds what goes wrong without them.
    pub transactions: bool,
    /// What goes wrong on purpose.
    pub failpoints: Failpoints,
}

impl KafkaConfig {
    /// `<prefix><app>-<role>`.
    pub fn group(&self) -> String {
        format!("{}{}-{}", self.group_prefix, self.app, self.role)
    }

    /// `<app>-<role>-<instance>-<lane>`: the transactional id, the client id and the static member's name.
    pub fn identity(&self) -> String {
        let instance = self.instance.as_ref().unwrap_or(&self.host);
        format!("{}-{}-{instance}-{}", self.app, self.role, self.lane)
    }

    pub(crate) fn consumer(&self) -> Result<ClientConfig, LogError> {
        let mut config = self.connection.client(&self.identity());
        set(&mut config, CONSUMER);
        config.set("group.id", self.group());
        if self.instance.is_some() {
            config.set("group.instance.id", self.identity());
        }
        self.connection.apply(&mut config, &self.consumer_properties)?;
        Ok(config)
    }

    /// For reading the ledger: the same rights as the lane's consumer, but never a member of the group.
    pub(crate) fn ledger_reader(&self, isolation: Isolation) -> Result<ClientConfig, LogError> {
        let mut config = self.connection.client(&self.identity());
        set(&mut config, READER);
        config.set("group.id", self.group());
        config.set("isolation.level", isolation.as_str());
        self.connection.apply(&mut config, &self.consumer_properties)?;
        Ok(config)
    }

    pub(crate) fn producer(&self) -> Result<ClientConfig, LogError> {
        let mut config = self.connection.client(&self.identity());
        set(&mut config, PRODUCER);
        if self.transactions {
            set(&mut config, TRANSACTIONS);
            config.set(
                "transactional.id",
                format!("{}{}", self.group_prefix, self.identity()),
            );
        }
        self.connection.apply(&mut config, &self.producer_properties)?;
        Ok(config)
    }
}

/// What a reader gets to see.
#[derive(Clone, Copy)]
pub(crate) enum Isolation {
    Committed,
    Uncommitted,
}

impl Isolation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "read_committed",
            Self::Uncommitted => "read_uncommitted",
        }
    }
}

impl Connection {
    /// A reader outside of any group, from the start of a topic.
    pub(crate) fn reader(&self, group: &str) -> Result<ClientConfig, LogError> {
        let mut config = self.client(group);
        set(&mut config, READER);
        config.set("group.id", group);
        config.set("isolation.level", Isolation::Committed.as_str());
        self.apply(&mut config, &BTreeMap::new())?;
        Ok(config)
    }

    /// A writer without transactions.
    pub(crate) fn writer(&self, client: &str) -> Result<ClientConfig, LogError> {
        let mut config = self.client(client);
        set(&mut config, PRODUCER);
        config.set("linger.ms", "5");
        self.apply(&mut config, &BTreeMap::new())?;
        Ok(config)
    }

    pub(crate) fn admin(&self, client: &str) -> Result<ClientConfig, LogError> {
        let mut config = self.client(client);
        self.apply(&mut config, &BTreeMap::new())?;
        Ok(config)
    }

    fn client(&self, id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config.set("client.id", id);
        set(&mut config, CLIENT);
        config.set_log_level(log_level());
        config
    }

    /// The operator's words come last; what the guarantees rest on cannot be said otherwise.
    fn apply(&self, config: &mut ClientConfig, own: &BTreeMap<String, String>) -> Result<(), LogError> {
        for (name, value) in self.properties.iter().chain(own) {
            config.set(allowed(name)?, value);
        }
        for (name, path) in &self.property_files {
            let text = fs::read_to_string(path).map_err(|error| {
                let (path, why) = (path.display(), why(error.kind()));
                LogError::Setup(format!("{path}, the file for `{name}`, cannot be read: {why}"))
            })?;
            config.set(allowed(name)?, text.trim_end_matches(['\r', '\n']));
        }
        Ok(())
    }
}

/// How long a transaction may stay open before the cluster aborts it.
pub(crate) fn transaction_timeout(producer: &ClientConfig) -> Duration {
    let ms = producer
        .get("transaction.timeout.ms")
        .and_then(|ms| ms.parse().ok());
    Duration::from_millis(ms.unwrap_or(15_000))
}

/// How long a record may wait for its delivery.
pub(crate) fn message_timeout(producer: &ClientConfig) -> Duration {
    let ms = producer.get("message.timeout.ms").and_then(|ms| ms.parse().ok());
    Duration::from_millis(ms.unwrap_or(10_000))
}

type Properties = &'static [(&'static str, &'static str)];

const CLIENT: Properties = &[
    ("reconnect.backoff.max.ms", "1000"),
    ("log.connection.close", "false"),
];

/// A small fetch queue and a short back-off: with the defaults (64 MB, 1 s) a lane stands still between fetches.
const CONSUMER: Properties = &[
    ("session.timeout.ms", "10000"),
    ("heartbeat.interval.ms", "3000"),
    ("partition.assignment.strategy", "range"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("isolation.level", "read_committed"),
    ("auto.offset.reset", "error"),
    ("fetch.queue.backoff.ms", "2"),
    ("queued.max.messages.kbytes", "8192"),
    ("statistics.interval.ms", "500"),
];

const READER: Properties = &[
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("enable.partition.eof", "true"),
    ("auto.offset.reset", "error"),
    ("fetch.queue.backoff.ms", "2"),
    // An empty partition answers after this long: a restore waits for it once a partition.
    ("fetch.wait.max.ms", "20"),
];

const PRODUCER: Properties = &[
    ("enable.idempotence", "true"),
    ("partitioner", "murmur2_random"),
    ("linger.ms", "0"),
    ("message.timeout.ms", "10000"),
    ("delivery.report.only.error", "true"),
];

const TRANSACTIONS: Properties = &[("transaction.timeout.ms", "15000")];

/// What only reeve may set.
const OWN: &[&str] = &[
    "auto.offset.reset",
    "bootstrap.servers",
    "delivery.report.only.error",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "isolation.level",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "statistics.interval.ms",
    "transactional.id",
];

fn set(config: &mut ClientConfig, properties: Properties) {
    for (name, value) in properties {
        config.set(*name, *value);
    }
}

fn allowed(name: &str) -> Result<&str, LogError> {
    if OWN.contains(&name) {
        return Err(LogError::Setup(format!(
            "the property `{name}` is set by reeve itself, its guarantees rest on it"
        )));
    }
    Ok(name)
}

fn log_level() -> RDKafkaLogLevel {
    if tracing::enabled!(target: "librdkafka", tracing::Level::DEBUG) {
        RDKafkaLogLevel::Debug
    } else {
        RDKafkaLogLevel::Info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_comes_from_its_file_and_is_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "hunter2\n").unwrap();
        let connection = Connection {
            property_files: BTreeMap::from([("sasl.password".into(), file.path().into())]),
            properties: BTreeMap::from([("sasl.username".into(), "alice".into())]),
            ..Connection::default()
        };
        let config = connection.admin("test").unwrap();
        assert_eq!(config.get("sasl.password"), Some("hunter2"));
        let shown = format!("{connection:?}");
        assert!(
            shown.contains("sasl.username") && !shown.contains("alice") && !shown.contains("hunter2"),
            "{shown}"
        );
    }

    #[test]
    fn what_the_guarantees_rest_on_cannot_be_set() {
        for name in [
            "isolation.level",
            "enable.auto.commit",
            "partition.assignment.strategy",
        ] {
            let connection = Connection {
                properties: BTreeMap::from([(name.into(), "x".into())]),
                ..Connection::default()
            };
            assert!(
                matches!(connection.admin("test"), Err(LogError::Setup(_))),
                "{name}"
            );
        }
    }
}
