//! The Kafka that the other tests stand on does what they rely on.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reeve_tests::console::ConsumedRecord;
use reeve_tests::host::wait_until;
use reeve_tests::kafka::{Isolation, Kafka};

const PRODUCER_PERFORMANCE: &str = "org.apache.kafka.tools.ProducerPerformance";

#[test]
fn what_one_java_client_wrote_another_reads() {
    let kafka = Kafka::shared();
    kafka.create_topic("smoke.plain", 3, &[]);
    kafka.produce_lines(
        "smoke.plain",
        "source:a,empty:\tkey ü\tvalue \\ one\nsource:b\tkey ü\tNULL\n",
    );

    let records = kafka.consume("smoke.plain");

    let seen: Vec<_> = records
        .iter()
        .map(|r| (r.header("source"), r.key_text(), r.value.clone()))
        .collect();
    let first = (
        Some("a".to_owned()),
        "key ü".to_owned(),
        Some(b"value \\ one".to_vec()),
    );
    let second = (Some("b".to_owned()), "key ü".to_owned(), None);
    assert_eq!(seen, [first, second]);
    assert_eq!(records[0].header("empty"), Some(String::new()));
    assert_eq!([records[0].offset, records[1].offset], [0, 1]);
    assert!(
        records
            .iter()
            .all(|record| record.timestamp_ms > 1_600_000_000_000)
    );
}

#[test]
fn the_end_is_reached_behind_commit_markers() {
    let kafka = Kafka::shared();
    kafka.create_topic("smoke.committed", 2, &[]);
    let mut writer = transactional_writer(kafka, "smoke.committed", "100", "1", "1000");
    assert!(writer.wait().is_ok_and(|status| status.success()));

    assert_eq!(kafka.consume("smoke.committed").len(), 100);
}

#[test]
fn an_open_transaction_is_not_taken_for_the_end() {
    let kafka = Kafka::shared();
    kafka.create_topic("smoke.open", 1, &[]);
    let mut writer = transactional_writer(kafka, "smoke.open", "1000", "60000", "50");
    let mut dirty = kafka.follow_as("smoke.open", Isolation::ReadUncommitted);
    dirty.wait_until(
        Duration::from_secs(30),
        "an open record is in the topic",
        |seen| !seen.is_empty(),
    );
    end_group(&mut writer);

    let early = kafka.try_consume("smoke.open", Isolation::ReadCommitted, Duration::from_secs(1));
    assert!(early.is_err_and(|complaint| complaint.contains("is a transaction open?")));

    // the broker aborts it when its time-out has passed, and then the end is there, behind nothing
    assert_eq!(kafka.consume("smoke.open"), []);
    assert!(
        !kafka
            .consume_as("smoke.open", Isolation::ReadUncommitted)
            .is_empty()
    );
}

#[test]
fn a_follower_sees_what_comes_later() {
    let kafka = Kafka::shared();
    kafka.create_topic("smoke.followed", 1, &[]);
    let mut follower = kafka.follow("smoke.followed");
    for value in ["first", "second"] {
        kafka.produce_lines("smoke.followed", &format!("h:1\tkey\t{value}\n"));
        let has_come = |seen: &[ConsumedRecord]| seen.iter().any(|record| record.value_text() == value);
        follower.wait_until(Duration::from_secs(30), value, has_come);
    }
}

#[test]
fn a_killed_broker_of_three_comes_back_with_everything() {
    let kafka = Kafka::start(3);
    kafka.create_topic("smoke.three", 3, &[]);
    kafka.produce_lines("smoke.three", "h:1\ta\tbefore\n");
    let first_life = kafka.pid(2);
    kafka.kill(2);
    kafka.produce_lines("smoke.three", "h:1\tb\twhile one is away\n");
    kafka.restart(2);
    kafka.produce_lines("smoke.three", "h:1\tc\tafter\n");

    let mut values: Vec<_> = kafka
        .consume("smoke.three")
        .iter()
        .map(ConsumedRecord::value_text)
        .collect();
    values.sort();
    assert_eq!(values, ["after", "before", "while one is away"]);
    assert_ne!(kafka.pid(2), first_life);
}

#[test]
fn nothing_of_a_dropped_kafka_is_left() {
    let kafka = Kafka::start(1);
    let (directory, pid) = (kafka.broker_directory(1), kafka.pid(1));
    assert!(is_alive(pid) && directory.exists());
    drop(kafka);
    assert!(!is_alive(pid) && !directory.exists());
}

#[test]
fn nothing_of_kafka_outlives_the_process_it_was_started_for() {
    let mut owner = Command::new("sleep").arg("600").spawn().expect("sleep is there");
    let kafka = Kafka::start_for(owner.id(), 1, &[]);
    let (directory, pid) = (kafka.broker_directory(1), kafka.pid(1));
    owner.kill().and_then(|()| owner.wait()).expect("it was running");
    wait_until(Duration::from_secs(10), "the broker ends by itself", || {
        !is_alive(pid) && !directory.exists()
    });
}

/// Writes records in transactions of a duration; killed before, it leaves one open.
fn transactional_writer(kafka: &Kafka, topic: &str, records: &str, duration_ms: &str, rate: &str) -> Child {
    use std::os::unix::process::CommandExt;
    let mut command = kafka.tool_command(PRODUCER_PERFORMANCE);
    command.args([
        "--topic",
        topic,
        "--transactional-id",
        topic,
        "--num-records",
        records,
        "--record-size",
        "20",
    ]);
    command.args(["--transaction-duration-ms", duration_ms, "--throughput", rate]);
    command.args(["--command-property", "transaction.timeout.ms=5000"]);
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().expect("the script is executable")
}

fn end_group(writer: &mut Child) {
    let group = format!("-{}", writer.id());
    let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    writer.wait().expect("it was running");
}

fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("kafka.Kafka"))
}
