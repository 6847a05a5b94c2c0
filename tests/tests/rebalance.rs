//! Partitions move between replicas, with or without their consent: tasks and gauges stay what they are.

use std::collections::BTreeMap;
use std::time::Duration;

use reeve_tests::alerts::Alerts;
use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use reeve_tests::metrics::{Scrape, total};
use reeve_tests::replica::Replica;

const PATIENCE: Duration = Duration::from_secs(120);
const PARTITIONS: u32 = 4;

/// The shortest session a broker allows by default.
const SHORT_SESSION: &str = "consumer: { session.timeout.ms: \"6000\", heartbeat.interval.ms: \"1000\" }";

/// So that there is a middle of the work.
const SMALL_BATCHES: (&str, &str) = ("records_max: 10000", "records_max: 50");

fn start(line: &Line<'_>, instance: &str) -> Replica {
    let config = line.configuration(&[("consumer: {}", SHORT_SESSION), SMALL_BATCHES]);
    line.replica(instance).argument("-c").argument(config).ready()
}

fn scrapes(replicas: &[Replica]) -> Vec<Scrape> {
    replicas.iter().map(Replica::scrape).collect()
}

/// Waits until `replicas` together own everything, and returns the sums of their gauges.
fn gauges(replicas: &[Replica]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    wait_until(PATIENCE, "every partition has one owner", || {
        let scrapes = scrapes(replicas);
        let owned = total(&scrapes, "reeve_partitions_owned");
        for name in ["reeve_tasks_open", "reeve_tasks_ownerless", "reeve_ledger_cases"] {
            sums.extend(total(&scrapes, name));
        }
        let ready = replicas.iter().all(Replica::is_ready);
        ready && owned.len() == 2 && owned.values().all(|owned| *owned == f64::from(PARTITIONS))
    });
    sums
}

#[test]
fn from_one_replica_to_three_to_two_over_a_compacted_ledger_no_task_and_no_gauge_changes() {
    let line = Line::new(Kafka::shared(), "rescaled", PARTITIONS);
    compact_eagerly(&line);
    let mut replicas = vec![start(&line, "one")];
    for seed in 1..=3 {
        line.publish(&Alerts::generate(seed, 200, 80));
        line.wait_settled(PATIENCE);
    }
    let alone = gauges(&replicas);
    assert!(alone.keys().any(|series| series.starts_with("reeve_tasks_open")));
    let before = line.check();
    wait_until(PATIENCE, "the ledger is compacted", || {
        line.audit().is_compacted()
    });

    replicas.extend(["two", "three"].map(|instance| start(&line, instance)));
    wait_gauges(&replicas, &alone);
    assert!(
        replicas
            .iter()
            .all(|replica| replica.scrape().sum("reeve_partitions_owned", "") > 0.0)
    );
    replicas.remove(0).stop();
    wait_gauges(&replicas, &alone);
    assert_eq!(line.check().ledger_tasks(), before.ledger_tasks());

    line.publish(&Alerts::generate(4, 200, 80));
    line.wait_settled(PATIENCE);
    for mut replica in replicas {
        replica.stop();
    }
    line.check();
}

/// Small segments by time, closed as the next record comes, and cleaned at once.
fn compact_eagerly(line: &Line<'_>) {
    let topic = line.topic("ledger");
    let configs = "segment.ms=1000,min.cleanable.dirty.ratio=0.001,max.compaction.lag.ms=1000";
    let arguments = [
        "--alter",
        "--entity-type",
        "topics",
        "--entity-name",
        &topic,
        "--add-config",
        configs,
    ];
    line.kafka().tool("kafka.admin.ConfigCommand", &arguments);
}

/// A revoked partition's gauges are gone before its new owner shows them, so the sum may be short for a moment only.
fn wait_gauges(replicas: &[Replica], expected: &BTreeMap<String, f64>) {
    wait_until(PATIENCE, "the gauges are what they were", || {
        gauges(replicas) == *expected
    });
}

#[test]
fn a_replica_that_was_frozen_past_its_session_wakes_up_to_nothing() {
    let line = Line::new(Kafka::shared(), "frozen", PARTITIONS);
    let mut replicas = vec![start(&line, "sleeper"), start(&line, "waker")];
    gauges(&replicas);
    freeze_at_work(&line, &replicas);
    // the other one has all of its partitions then
    let owner = std::slice::from_ref(&replicas[1]);
    gauges(owner);
    line.publish(&Alerts::generate(2, 200, 80));
    replicas[0].signal("CONT");
    line.publish(&Alerts::generate(3, 200, 80));
    line.wait_settled(PATIENCE);

    // it takes its old place for lost, writes nothing for it, and joins again as a member like any other
    gauges(&replicas);
    for replica in &mut replicas {
        assert!(replica.is_running(), "{}", replica.log());
        assert!(replica.scrape().sum("reeve_partitions_owned", "") > 0.0);
        replica.stop();
    }
    line.check();
}

/// Stops the first of two replicas as soon as it has dispatched anything, and long before all is.
fn freeze_at_work(line: &Line<'_>, replicas: &[Replica]) {
    let alerts = Alerts::generate(1, 3_000, 80);
    std::thread::scope(|scope| {
        let lines = alerts.lines();
        let publishing = scope.spawn(move || Kafka::shared().produce_lines("frozen.alerts.raw", &lines));
        let dispatched = |replica: &Replica| {
            let findings = "topic=\"frozen.findings\"";
            replica.scrape().sum("reeve_records_consumed_total", findings)
        };
        wait_until(PATIENCE, "the sleeper is at work", || {
            dispatched(&replicas[0]) > 0.0
        });
        replicas[0].signal("STOP");
        let others = dispatched(&replicas[1]);
        assert!(
            others < alerts.findings() as f64 / 2.0,
            "{others}: all was done already"
        );
        publishing.join().expect("the producer does not fail");
    });
    line.remember(&alerts);
}

#[test]
fn of_two_replicas_with_one_name_one_ends_and_says_why() {
    let line = Line::new(Kafka::shared(), "namesakes", PARTITIONS);
    let mut replicas = vec![line.replica("same").ready(), line.replica("same").start()];
    line.publish(&Alerts::generate(1, 200, 40));
    let mut ended = None;
    wait_until(PATIENCE, "one of two namesakes ends", || {
        ended = replicas.iter_mut().position(|replica| !replica.is_running());
        ended.is_some()
    });
    let mut fenced = replicas.remove(ended.expect("just seen"));
    assert_eq!(fenced.wait_end(PATIENCE).code(), Some(70), "{}", fenced.log());
    assert!(
        fenced.log().contains("Do two replicas share one REEVE_INSTANCE"),
        "{}",
        fenced.log()
    );
    line.wait_settled(PATIENCE);
    for mut replica in replicas {
        replica.stop();
    }
    line.check();
}
