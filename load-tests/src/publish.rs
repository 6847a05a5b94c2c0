//! Writes alerts to `alerts.raw` as fast as a client can, or at a pace.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use reeve_tests::host::wait_for;

use crate::alerts::Mix;

const FLUSH: Duration = Duration::from_secs(60);

/// A plain producer.
pub(crate) struct Publisher<'a> {
    producer: BaseProducer,
    topic: &'a str,
}

impl<'a> Publisher<'a> {
    /// For one topic of a broker; `linger_ms` as the client library has it.
    pub(crate) fn new(bootstrap: &str, topic: &'a str, linger_ms: &str) -> Self {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("linger.ms", linger_ms)
            .set("queue.buffering.max.messages", "200000")
            .create();
        let producer = producer.expect("the properties are right");
        Self { producer, topic }
    }

    /// Hands over one alert, waiting for room.
    pub(crate) fn send(&self, number: u64, body: &str) {
        let key = number.to_string();
        let mut record = BaseRecord::to(self.topic).key(&key).payload(body);
        loop {
            match self.producer.send(record) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), same)) => {
                    record = same;
                    self.producer.poll(Duration::from_millis(10));
                }
                Err((error, _)) => panic!("an alert is not taken: {error}"),
            }
        }
        self.producer.poll(Duration::ZERO);
    }

    /// Waits until the broker has all of them.
    pub(crate) fn finish(self) {
        self.producer
            .flush(FLUSH)
            .expect("the broker takes what is written");
    }
}

/// Alerts `from..from + count` of a mix.
pub(crate) fn all(bootstrap: &str, topic: &str, mix: &Mix, from: u64, count: u64) {
    let publisher = Publisher::new(bootstrap, topic, "5");
    for number in from..from + count {
        publisher.send(number, &mix.alert(number));
    }
    publisher.finish();
}

/// A pause without precision; paces and polls need no more.
pub(crate) fn pause(length: Duration) {
    let nothing: Option<()> = wait_for(length, || None);
    debug_assert!(nothing.is_none());
}
