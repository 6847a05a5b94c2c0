//! The bare client: consume, produce, with and without transactions. What the line's hops are measured against.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::hop::{Hop, Meter};

const TRANSACTION_RECORDS: u64 = 3_000;
const BOUND: Duration = Duration::from_secs(10);
const BREATH: Duration = Duration::from_micros(200);

/// From where to where.
pub(crate) struct Route<'a> {
    pub(crate) bootstrap: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) broker: u32,
}

/// Copies `count` records; the clock runs from the first one to the last commit.
pub(crate) fn pass_through(route: &Route<'_>, count: u64, transactions: bool) -> Hop {
    let name = format!("bare-{transactions}-{}", route.to);
    let consumer = consumer(route, &name);
    let producer = producer(route, &name, transactions);
    let (mut done, mut meter) = (0, None);
    while done < count {
        let Some(first) = consumer.poll(Duration::from_millis(20)) else {
            continue;
        };
        meter.get_or_insert_with(|| Meter::start(std::process::id(), route.broker));
        if transactions {
            producer.begin_transaction().expect("no other is open");
        }
        let mut batch = 0;
        let mut next = Some(first);
        while let Some(record) = next {
            let record = record.expect("the broker answers");
            copy(&producer, route.to, &record);
            batch += 1;
            next = (batch < TRANSACTION_RECORDS && done + batch < count)
                .then(|| consumer.poll(Duration::from_millis(1)))
                .flatten();
        }
        await_deliveries(&producer);
        if transactions {
            commit(&consumer, &producer);
        }
        done += batch;
    }
    meter.expect("at least one record").stop(count)
}

fn consumer(route: &Route<'_>, group: &str) -> BaseConsumer {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", route.bootstrap)
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("fetch.queue.backoff.ms", "1")
        .set("queued.max.messages.kbytes", "8192")
        .create()
        .expect("the properties are right");
    consumer.subscribe(&[route.from]).expect("the topic has a name");
    consumer
}

fn producer(route: &Route<'_>, name: &str, transactions: bool) -> BaseProducer {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", route.bootstrap)
        .set("linger.ms", "0")
        .set("delivery.report.only.error", "true")
        .set("queue.buffering.max.messages", "200000");
    if transactions {
        config.set("transactional.id", name);
    }
    let producer: BaseProducer = config.create().expect("the properties are right");
    if transactions {
        producer
            .init_transactions(BOUND)
            .expect("the coordinator answers");
    }
    producer
}

fn copy(producer: &BaseProducer, to: &str, record: &impl Message) {
    let out = BaseRecord::to(to)
        .key(record.key().unwrap_or_default())
        .payload(record.payload().unwrap_or_default());
    let sent = producer.send(out);
    assert!(sent.is_ok(), "the queue has room for a transaction");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the client offers no other wait that does not spin"
)]
fn await_deliveries(producer: &BaseProducer) {
    let begun = Instant::now();
    while producer.in_flight_count() > 0 {
        assert!(begun.elapsed() < BOUND, "deliveries take longer than {BOUND:?}");
        producer.poll(Duration::ZERO);
        std::thread::sleep(BREATH);
    }
}

fn commit(consumer: &BaseConsumer, producer: &BaseProducer) {
    let offsets = consumer.position().expect("it has an assignment");
    let group = consumer.group_metadata().expect("it is in a group");
    producer
        .send_offsets_to_transaction(&offsets, &group, BOUND)
        .expect("the coordinator answers");
    producer
        .commit_transaction(BOUND)
        .expect("nobody else has the id");
}
