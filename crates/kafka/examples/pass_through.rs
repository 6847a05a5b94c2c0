//! How fast a lane copies 1 KB alerts to findings: `pass_through BROKERS [RECORDS]` on a cluster of its own.
#![allow(clippy::print_stdout, reason = "a program for people")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reeve_kafka::topics::{self, Layout};
use reeve_kafka::{Access, Connection, Failpoints, KafkaConfig, KafkaLane};
use reeve_log::{BatchLimits, Log, Outgoing, Output, Place, Topic, TopicNames};

const PARTITIONS: i32 = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let brokers = arguments
        .next()
        .ok_or("expected: pass_through BROKERS [RECORDS]")?;
    let records: usize = arguments.next().map_or(Ok(300_000), |text| text.parse())?;
    let connection = Connection {
        brokers,
        ..Connection::default()
    };
    publish(&connection, records)?;
    for (transactions, records_max) in [(true, 3_000), (true, 10_000), (true, 750), (false, 3_000)] {
        let (rate, commits) = copy(&connection, transactions, records_max, records)?;
        println!(
            "transactions {transactions}, at most {records_max} records: {rate:.0}/s in {commits} commits"
        );
    }
    Ok(())
}

fn names() -> TopicNames {
    TopicNames::prefixed("pass-through.")
}

fn publish(connection: &Connection, records: usize) -> Result<(), Box<dyn Error>> {
    let layout = Layout {
        names: names(),
        partitions: PARTITIONS,
        replication: None,
    };
    topics::create(connection, &layout)?;
    topics::wait_ready(connection, &names(), Duration::from_secs(20))?;
    let value = Bytes::from(vec![b'x'; 1_000]);
    let alerts = (0..records).map(|number| Outgoing {
        topic: Topic::Alerts,
        place: Place::ByKey,
        key: Bytes::from(number.to_string()),
        value: Some(value.clone()),
        headers: Vec::new(),
    });
    Access::new(connection.clone(), names()).write(alerts, &mut |_| {})?;
    Ok(())
}

/// Records a second from the first batch on, and the number of commits.
fn copy(
    connection: &Connection,
    transactions: bool,
    records_max: usize,
    records: usize,
) -> Result<(f64, u32), Box<dyn Error>> {
    let mut lane = KafkaLane::open(config(
        connection,
        format!("{transactions}-{records_max}-"),
        transactions,
    ))?;
    let limits = BatchLimits {
        records_max,
        bytes_max: usize::MAX,
        wait: Duration::from_millis(20),
    };
    let (mut done, mut commits, mut begun) = (0, 0, None);
    while done < records {
        let polled = lane.poll(&limits)?;
        if polled.records.is_empty() {
            continue;
        }
        begun.get_or_insert_with(Instant::now);
        done += polled.records.len();
        let copies = polled.records.into_iter().map(|record| Outgoing {
            topic: Topic::Findings,
            place: Place::ByKey,
            key: record.key.unwrap_or_default(),
            value: record.value,
            headers: Vec::new(),
        });
        lane.commit(Output {
            records: copies.collect(),
            proofs: BTreeMap::new(),
        })?;
        commits += 1;
    }
    let seconds = begun.map_or(0.0, |begun: Instant| begun.elapsed().as_secs_f64());
    lane.leave()?;
    Ok((done as f64 / seconds, commits))
}

fn config(connection: &Connection, group_prefix: String, transactions: bool) -> KafkaConfig {
    KafkaConfig {
        connection: connection.clone(),
        group_prefix,
        app: "reeve".into(),
        role: "normalizer".into(),
        inputs: vec![Topic::Alerts],
        outputs: vec![Topic::Findings],
        ledger: false,
        names: names(),
        instance: None,
        host: "host".into(),
        lane: 0,
        consumer_properties: BTreeMap::new(),
        producer_properties: BTreeMap::new(),
        transactions,
        failpoints: Failpoints::default(),
    }
}
