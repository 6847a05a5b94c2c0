//! A replica that starts gives what its predecessor had, or says why it cannot.

use std::time::Duration;

use reeve_tests::alerts::Alerts;
use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;

const PATIENCE: Duration = Duration::from_secs(120);

/// A line that has worked and stands still.
fn at_rest<'a>(name: &str) -> Line<'a> {
    let line = Line::new(Kafka::shared(), name, 3);
    let mut replica = line.replica("one").ready();
    for seed in 1..=2 {
        line.publish(&Alerts::generate(seed, 100, 30));
        line.wait_settled(PATIENCE);
    }
    replica.stop();
    line
}

/// Writes `value` as the last record of some case, which no replica would; then nobody takes the ledger for whole.
fn check_refused(name: &str, forge: impl FnOnce(&str) -> String) {
    let line = at_rest(name);
    let audit = line.check();
    let (key, first) = audit.first_record_of_a_repeated_case();
    line.kafka().produce_lines(
        &line.topic("ledger"),
        &format!("from:stranger\t{key}\t{}\n", forge(&first)),
    );

    let mut refusing = line.replica("one").start();
    let ended = refusing.wait_end(PATIENCE);
    assert_eq!(ended.code(), Some(70), "{}", refusing.log());
    let log = refusing.log();
    assert!(
        log.contains("the ledger does not give the state that was committed"),
        "{log}"
    );
    assert!(log.contains("--accept-ledger-loss"), "{log}");

    // the operator's word: what is left goes on, and from the next commit on it is proven again
    let mut accepting = line.replica("one").argument("--accept-ledger-loss").ready();
    let more = Alerts::generate(3, 200, 30);
    line.publish(&more);
    wait_until(PATIENCE, "the new findings are taken", || {
        let taken = accepting
            .scrape()
            .sum("reeve_records_consumed_total", ".findings");
        taken >= more.findings() as f64
    });
    accepting.stop();
    line.replica("one").ready().stop();
}

#[test]
fn a_ledger_that_lost_a_case_is_refused_until_an_operator_accepts_the_loss() {
    check_refused("lost", |_| "NULL".to_owned());
}

#[test]
fn a_ledger_that_went_back_to_an_older_record_is_refused() {
    check_refused("older", str::to_owned);
}

/// Writes a record that is none, which an operator may give up; after the next commit it is gone for good.
fn check_unreadable(name: &str, key: &str, value: &str, what: &str) {
    let line = at_rest(name);
    let stray = format!("from:stranger\t{key}\t{value}\n");
    line.kafka().produce_lines(&line.topic("ledger"), &stray);

    let mut refusing = line.replica("one").start();
    assert_eq!(refusing.wait_end(PATIENCE).code(), Some(70), "{}", refusing.log());
    let log = refusing.log();
    assert!(log.contains("ledger-") && log.contains(" offset "), "{log}");
    assert!(
        log.contains(what) && log.contains("--accept-ledger-loss"),
        "{log}"
    );
    assert!(!log.contains("stray-value"), "{log}");

    let mut accepting = line.replica("one").argument("--accept-ledger-loss").ready();
    assert!(accepting.log().contains("skipped=1"), "{}", accepting.log());
    line.publish(&Alerts::generate(3, 200, 30));
    line.wait_settled(PATIENCE);
    accepting.stop();
    line.replica("one").ready().stop();
}

#[test]
fn a_ledger_with_a_record_of_no_subject_is_refused_until_an_operator_gives_it_up() {
    check_unreadable("stray", "nobody", "{}", "its key is no subject key");
}

#[test]
fn a_ledger_with_a_record_of_garbage_is_refused_until_an_operator_gives_it_up() {
    let key = "identity:aws:role:123456789012/never-seen";
    check_unreadable("garbage", key, "stray-value", "not a ledger record");
}

#[test]
fn a_ledger_of_a_newer_version_is_refused_whatever_an_operator_accepts() {
    let line = at_rest("newer");
    let (key, first) = line.check().first_record_of_a_repeated_case();
    let newer = first.replace("\"ledger_version\":", "\"ledger_version\":9");
    let record = format!("from:stranger\t{key}\t{newer}\n");
    line.kafka().produce_lines(&line.topic("ledger"), &record);
    let mut refusing = line.replica("one").argument("--accept-ledger-loss").start();
    assert_eq!(refusing.wait_end(PATIENCE).code(), Some(70), "{}", refusing.log());
    assert!(
        refusing.log().contains("run the newer version"),
        "{}",
        refusing.log()
    );
}

#[test]
fn a_stop_in_the_middle_of_the_work_is_quick_and_loses_nothing() {
    let line = Line::new(Kafka::shared(), "stopped", 4);
    std::thread::scope(|scope| {
        let publishing =
            scope.spawn(|| Kafka::shared().produce_lines("stopped.alerts.raw", &later().lines()));
        for _ in 0..3 {
            let mut replica = line.replica("one").ready();
            replica.stop();
        }
        publishing.join().expect("the producer does not fail");
    });
    line.remember(&later());
    let mut replica = line.replica("one").ready();
    line.wait_settled(PATIENCE);
    replica.stop();
    line.check();
}

fn later() -> Alerts {
    Alerts::generate(5, 3_000, 200)
}
