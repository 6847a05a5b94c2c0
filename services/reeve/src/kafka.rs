//! From the configuration to what the Kafka edge takes.

use std::path::PathBuf;

use reeve_kafka::topics::Layout;
use reeve_kafka::{Connection, KafkaConfig};
use reeve_log::{LogError, Role, Topic};

use crate::config::LogConfig;
use crate::exit::Failure;
use crate::hooks;

/// How to reach the cluster.
pub fn connection(log: &LogConfig) -> Connection {
    Connection {
        brokers: log.brokers.clone().unwrap_or_default(),
        properties: log.kafka.properties.clone(),
        property_files: log
            .kafka
            .files
            .iter()
            .map(|(name, path)| (name.clone(), PathBuf::from(path)))
            .collect(),
    }
}

/// What the topics must be.
pub fn layout(log: &LogConfig) -> Layout {
    Layout {
        names: log.names.clone(),
        partitions: log.partitions,
        replication: (log.replication > 0).then_some(log.replication),
    }
}

/// One lane.
///
/// # Errors
/// A failpoint that cannot be read.
pub fn lane(log: &LogConfig, role: Role, lane: u32) -> Result<KafkaConfig, Failure> {
    Ok(KafkaConfig {
        connection: connection(log),
        group_prefix: log.prefix.clone(),
        app: "reeve".to_owned(),
        role: role.as_str().to_owned(),
        inputs: role.inputs().to_vec(),
        outputs: outputs(role).to_vec(),
        ledger: role.keeps_ledger(),
        names: log.names.clone(),
        instance: log.instance.clone(),
        host: host(),
        lane,
        consumer_properties: log.kafka.consumer.clone(),
        producer_properties: log.kafka.producer.clone(),
        transactions: hooks::transactions(),
        failpoints: hooks::failpoints()?,
    })
}

/// Whether a lane's clients can be made, without a connection to anybody.
///
/// # Errors
/// A property that is unknown, reserved or wrong; a file of one that cannot be read.
pub fn examine(log: &LogConfig, role: Role) -> Result<(), LogError> {
    let config = lane(log, role, 0).map_err(|failure| LogError::Setup(failure.to_string()))?;
    reeve_kafka::examine(&config)
}

const fn outputs(role: Role) -> &'static [Topic] {
    match role {
        Role::Normalizer => &[Topic::Findings, Topic::DeadLetters],
        Role::Dispatcher => &[Topic::Tasks, Topic::TaskEvents, Topic::Ledger, Topic::DeadLetters],
    }
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}
