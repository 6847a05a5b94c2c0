//! Whatever dies or is aborted between a raw alert and its task: each alert counts once.

use std::time::Duration;

use reeve_tests::alerts::{Alerts, Dice};
use reeve_tests::checker::Audit;
use reeve_tests::host::{wait_for, wait_until};
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use reeve_tests::metrics::{Scrape, get, total};
use reeve_tests::replica::Replica;

const PATIENCE: Duration = Duration::from_secs(120);
const POINTS: [&str; 5] = [
    "before_begin",
    "mid_produce",
    "after_send_offsets",
    "during_commit",
    "after_commit",
];

/// `REEVE_CHAOS=full`: more points, rounds and alerts.
fn is_full() -> bool {
    std::env::var("REEVE_CHAOS").is_ok_and(|wanted| wanted == "full")
}

#[test]
fn an_undisturbed_run_accounts_for_every_alert_and_ends_at_a_word() {
    let line = Line::new(Kafka::shared(), "calm", 4);
    let mut replica = line.replica("one").ready();
    line.publish(&Alerts::generate(1, 300, 60));
    line.wait_settled(PATIENCE);
    replica.stop();
    line.check();
}

#[test]
fn a_normalizer_that_dies_at_any_point_loses_and_doubles_nothing() {
    check_deaths("normalizer", "dispatcher");
}

#[test]
fn a_dispatcher_that_dies_at_any_point_loses_and_doubles_nothing() {
    check_deaths("dispatcher", "normalizer");
}

/// The victim dies at each point in turn, in its n-th transaction, and is started again with the next point.
fn check_deaths(victim: &str, other: &str) {
    let line = Line::new(Kafka::shared(), &format!("deaths-{victim}"), 4);
    let mut steady = line.replica("steady").role(other).ready();
    let transactions = if is_full() { 1..=4 } else { 1..=1 };
    let deaths = transactions.flat_map(|nth| POINTS.map(|point| (point, nth)));
    for (seed, (point, nth)) in (0..).zip(deaths) {
        let failpoint = format!("{point}:abort@{nth}");
        let launch = line.replica("victim").role(victim);
        let mut replica = launch.env("REEVE_FAILPOINT", &failpoint).start();
        for part in 0..nth {
            let before = consumed(&replica);
            line.publish(&Alerts::generate(100 * seed + part, 60, 60));
            // what comes after a commit is in another transaction
            wait_until(PATIENCE, "the victim commits or dies", || {
                !replica.is_running() || consumed(&replica) > before
            });
        }
        replica.wait_death(PATIENCE);
    }
    let mut survivor = line.replica("victim").role(victim).ready();
    line.wait_settled(PATIENCE);
    survivor.stop();
    steady.stop();
    line.check();
}

fn consumed(replica: &Replica) -> f64 {
    replica.scrape().sum("reeve_records_consumed_total", "")
}

/// Without transactions the same death doubles what was written before it, so the checker's silence means something.
#[test]
fn without_transactions_the_checker_finds_what_a_death_has_doubled() {
    let line = Line::new(Kafka::shared(), "unprotected", 4);
    let unprotected = |role| {
        let launch = line.replica(role).role(role);
        launch.env("REEVE_TEST_WITHOUT_TRANSACTIONS", "1")
    };
    let mut dispatcher = unprotected("dispatcher").ready();
    let mut victim = unprotected("normalizer")
        .env("REEVE_FAILPOINT", "after_send_offsets:abort@1")
        .start();
    line.publish(&Alerts::generate(1, 100, 20));
    victim.wait_death(PATIENCE);
    let mut survivor = unprotected("normalizer").ready();
    line.wait_settled(PATIENCE);
    survivor.stop();
    dispatcher.stop();
    let faults = line.audit().faults();
    let doubled = faults
        .iter()
        .any(|fault| fault.starts_with("finding of") && fault.ends_with("+1"));
    assert!(doubled, "{faults:?}");
}

#[test]
fn two_replicas_killed_at_random_lose_and_double_nothing() {
    let line = Line::new(Kafka::shared(), "random", 4);
    let mut dice = Dice(42);
    let mut replicas = ["one", "two"].map(|instance| line.replica(instance).ready());
    for round in 0..if is_full() { 20 } else { 5 } {
        line.publish(&Alerts::generate(1_000 + round, 150, 80));
        let moment = Duration::from_millis(dice.below(400));
        assert_eq!(wait_for(moment, || None::<()>), None);
        let victim = dice.below(2) as usize;
        replicas[victim].kill();
        replicas[victim] = line.replica(["one", "two"][victim]).start();
    }
    replicas.iter_mut().for_each(Replica::wait_ready);
    line.wait_settled(PATIENCE);
    replicas.iter_mut().for_each(Replica::stop);
    line.check();
}

/// What must not depend on how often a batch had to be done again.
struct Results {
    audit: Audit,
    scrape: Scrape,
}

impl Results {
    /// On one partition, so that every subject is heard of in one order and nothing at all may differ.
    fn of(name: &str, alerts: &Alerts, failpoint: &str) -> Self {
        let line = Line::new(Kafka::shared(), name, 1);
        let small = line.configuration(&[("records_max: 10000", "records_max: 100")]);
        let launch = line.replica("one").argument("-c").argument(small);
        let mut replica = launch.env("REEVE_FAILPOINT", failpoint).ready();
        line.publish(alerts);
        line.wait_settled(PATIENCE);
        wait_events_read(&line, &replica);
        let scrape = replica.scrape();
        replica.stop();
        Self {
            audit: line.check(),
            scrape,
        }
    }

    fn metric(&self, name: &str) -> Vec<(String, f64)> {
        let series = total(std::slice::from_ref(&self.scrape), name);
        // the names of the topics differ by their prefix only
        let plain = |series: &str| series.replace("undisturbed.", "").replace("disturbed.", "");
        series
            .iter()
            .map(|(series, value)| (plain(series), *value))
            .collect()
    }

    fn aborts(&self) -> f64 {
        let name = "reeve_transaction_duration_seconds_count";
        self.scrape.sum(name, "result=\"aborted\"")
    }
}

/// The links of aliases are counted too: what partitions tell each other is read to its end.
fn wait_events_read(line: &Line<'_>, replica: &Replica) {
    let topic = line.topic("task-events");
    wait_until(PATIENCE, "every event between partitions is read", || {
        let written = line.kafka().consume(&topic).len();
        let read = replica
            .scrape()
            .sum("reeve_records_consumed_total", &format!("topic=\"{topic}\""));
        read >= written as f64
    });
}

#[test]
fn a_third_of_all_transactions_aborted_changes_no_task_no_count_and_no_gauge() {
    let alerts = Alerts::generate(7, if is_full() { 10_000 } else { 3_000 }, 300);
    let calm = Results::of("undisturbed", &alerts, "");
    let rough = Results::of("disturbed", &alerts, "abort_every:3");

    assert_eq!(calm.aborts(), 0.0);
    assert!(rough.aborts() >= 20.0, "{} aborts", rough.aborts());
    assert_eq!(calm.audit.projection(), rough.audit.projection());
    for change in ["opened", "updated", "reopened", "verified"] {
        assert_eq!(
            calm.audit.changes(change),
            rough.audit.changes(change),
            "{change}"
        );
    }
    for metric in COUNTED {
        assert_eq!(calm.metric(metric), rough.metric(metric), "{metric}");
    }
    for metric in ["reeve_tasks_open", "reeve_tasks_opened_total"] {
        assert!(!calm.metric(metric).is_empty(), "{metric}");
    }
}

/// Everything that is counted but the transactions themselves.
const COUNTED: [&str; 14] = [
    "reeve_records_consumed_total",
    "reeve_record_outcomes_total",
    "reeve_alerts_total",
    "reeve_dropped_total",
    "reeve_rejects_total",
    "reeve_tasks_opened_total",
    "reeve_tasks_reopened_total",
    "reeve_tasks_verified_total",
    "reeve_escalations_total",
    "reeve_tasks_open",
    "reeve_tasks_ownerless",
    "reeve_tasks_overdue",
    "reeve_tasks_pending_enrichment",
    "reeve_ledger_cases",
];

/// One of three, as Kafka promises nothing of the transactions that a lone one leaves behind: see the next test.
#[test]
fn a_broker_that_dies_and_returns_in_the_middle_of_a_run_loses_nothing() {
    let kafka = Kafka::start(3);
    let line = Line::new(&kafka, "restarted", 4);
    let alerts = Alerts::generate(1, 3_000, 80);
    line.publish(&alerts);
    let small = line.configuration(&[("records_max: 10000", "records_max: 50")]);
    let mut replica = line.replica("one").argument("-c").argument(small).start();
    let settled = wait_for(PATIENCE, || settled(&replica).filter(|settled| *settled > 0.0));
    kafka.kill(1);
    let settled = settled.expect("it works");
    assert!(
        settled < alerts.findings() as f64,
        "{settled}: all was done already"
    );
    replica.wait_log(PATIENCE, "Connection refused");
    kafka.restart(1);
    kafka.wait_in_sync(PATIENCE);
    line.publish(&Alerts::generate(2, 200, 80));
    line.wait_settled(PATIENCE);
    replica.stop();
    line.check();
}

/// How many findings a replica has dispatched; none where it does not serve metrics yet.
fn settled(replica: &Replica) -> Option<f64> {
    get(replica.port(), "/metrics")?;
    let findings = "topic=\"restarted.findings\"";
    Some(replica.scrape().sum("reeve_records_consumed_total", findings))
}

/// How long a broker may be away without anybody ending.
const AWAY: Duration = Duration::from_secs(30);

/// A lone broker that comes back knows of no leader for some seconds, and Apache Kafka 4.3.1 ends without markers
/// (`Couldn't find leader endpoint`) whatever transaction it would end then: those that timed out, which the tests' brokers
/// look for every second and this one does not, and those that were being committed when it died. So nothing may be under way.
const LATE_CLEANUP: &[(&str, &str)] = &[(
    "transaction.abort.timed.out.transaction.cleanup.interval.ms",
    "30000",
)];

#[test]
fn a_broker_that_is_away_for_half_a_minute_makes_a_replica_unready_and_ends_nothing() {
    let kafka = Kafka::start_with(1, LATE_CLEANUP);
    let line = Line::new(&kafka, "away", 4);
    let mut replica = line.replica("one").ready();
    line.publish(&Alerts::generate(1, 300, 80));
    line.wait_settled(PATIENCE);
    kafka.kill(1);
    let ended = wait_for(AWAY, || (!replica.is_running()).then_some(()));
    assert_eq!(ended, None, "{}", replica.log());
    assert!(replica.is_alive() && !replica.is_ready(), "{}", replica.log());
    kafka.restart(1);
    replica.wait_ready();
    line.publish(&Alerts::generate(2, 200, 80));
    line.wait_settled(PATIENCE);
    replica.stop();
    line.check();
}
