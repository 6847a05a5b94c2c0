//! Whether a lane's clients can be made: names and values of properties, their files, mechanisms, certificates.

use rdkafka::ClientConfig;
use rdkafka::config::{FromClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::BaseConsumer;
use rdkafka::producer::BaseProducer;
use reeve_log::LogError;

use crate::config::KafkaConfig;
use crate::error;

/// Makes both clients of a lane as its start would, but with nobody to connect to.
///
/// # Errors
/// A property that is unknown, reserved or wrong, a file of one that cannot be read.
pub fn examine(config: &KafkaConfig) -> Result<(), LogError> {
    made::<BaseConsumer>(config.consumer()?, "making a consumer")?;
    made::<BaseProducer>(config.producer()?, "making a producer")
}

fn made<C: FromClientConfig>(mut config: ClientConfig, what: &str) -> Result<(), LogError> {
    // it would log that it has no brokers
    config
        .remove("bootstrap.servers")
        .set_log_level(RDKafkaLogLevel::Emerg);
    let made = config.create::<C>();
    made.map(drop).map_err(|error| error::of(what, &error))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use reeve_log::{Topic, TopicNames};

    use super::*;
    use crate::{Connection, Failpoints};

    fn with(properties: &[(&str, &str)]) -> Result<(), LogError> {
        let properties = properties
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        examine(&KafkaConfig {
            connection: Connection {
                brokers: "127.0.0.1:1".to_owned(),
                properties: properties.collect(),
                ..Connection::default()
            },
            group_prefix: String::new(),
            app: "reeve".to_owned(),
            role: "dispatcher".to_owned(),
            inputs: vec![Topic::Findings],
            outputs: vec![Topic::Tasks],
            ledger: true,
            names: TopicNames::prefixed(""),
            instance: Some("one".to_owned()),
            host: "host".to_owned(),
            lane: 0,
            consumer_properties: BTreeMap::new(),
            producer_properties: BTreeMap::new(),
            transactions: true,
            failpoints: Failpoints::default(),
        })
    }

    #[test]
    fn clients_that_cannot_be_made_are_told_without_a_broker_and_without_a_value() {
        assert!(with(&[]).is_ok());
        for (name, value) in [
            ("no.such.property", "hunter2"),
            ("security.protocol", "hunter2"),
            ("ssl.ca.location", "/nowhere/ca.pem"),
            ("isolation.level", "read_committed"),
            ("message.timeout.ms", "99000"),
        ] {
            let protocol = ("security.protocol", "ssl");
            let told = match name {
                "ssl.ca.location" => with(&[protocol, (name, value)]),
                _ => with(&[(name, value)]),
            };
            let told = told.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains("the log does not fit"), "{name}: {told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}
