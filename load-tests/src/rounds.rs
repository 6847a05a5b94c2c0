//! One round after the other, and in each everything once: what disturbs the machine disturbs all alike.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reeve_tests::host::wait_until;
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;

use crate::alerts::Mix;
use crate::bare::{Route, pass_through};
use crate::hop::{self, Hop};
use crate::peers;
use crate::process::resident_bytes;
use crate::publish;
use crate::report::Report;

/// Partitions of every topic.
pub(crate) const PARTITIONS: u32 = 4;

/// How long the restore of a million cases may take.
const RESTORED: Duration = Duration::from_secs(300);

/// All hops of one round, by name.
pub(crate) fn round(kafka: &Kafka, number: u32, mix: &Mix, count: u64, report: &mut Report) {
    let line = Line::new(kafka, &format!("round-{number}"), PARTITIONS);
    let raw = line.topic("alerts.raw");
    let new = mix.all_new();
    publish::all(kafka.bootstrap(), &raw, &new, 0, count);
    bare(&line, &raw, count, report);
    let findings = normalizer(&line, count, report);
    dispatcher(&line, &raw, &new, count, findings, report);
    whole_line(kafka, number, mix, count, report);
    drop_topics(kafka, &format!("round-{number}.*"));
}

fn bare(line: &Line<'_>, raw: &str, count: u64, report: &mut Report) {
    let kafka = line.kafka();
    let to = |name: &str| {
        let topic = line.topic(name);
        kafka.create_topic(&topic, PARTITIONS, &[]);
        topic
    };
    for (name, topic, transactions) in [
        ("bare", to("bare"), false),
        ("bare, transactions", to("bare-transactions"), true),
    ] {
        report.add(
            name,
            pass_through(&route(kafka, raw, &topic), count, transactions),
        );
    }
    for (index, peer) in peers::prepared().iter().enumerate() {
        let topic = to(&format!("peer-{index}"));
        match peer.run(&route(kafka, raw, &topic), count) {
            Some(hop) => report.add(peer.name, hop),
            None => report.note(&format!("{} did not end as expected", peer.name)),
        }
    }
}

fn route<'r>(kafka: &'r Kafka, from: &'r str, to: &'r str) -> Route<'r> {
    Route {
        bootstrap: kafka.bootstrap(),
        from,
        to,
        broker: kafka.pid(1),
    }
}

fn normalizer(line: &Line<'_>, count: u64, report: &mut Report) -> u64 {
    let (hop, mut replica) = hop::run(line, "normalizer", "alerts.raw", count);
    report.add("normalizer", hop);
    let findings = hop::observed(&replica);
    report.number(
        "normalizer, resident MiB",
        resident_bytes(replica.pid()) / 1_048_576.0,
    );
    replica.stop();
    findings
}

/// First every subject is new; then the same alerts come again.
fn dispatcher(line: &Line<'_>, raw: &str, mix: &Mix, count: u64, findings: u64, report: &mut Report) {
    let (hop, mut dispatcher) = hop::run(line, "dispatcher", "findings", findings);
    report.add("dispatcher, new subjects", hop);
    publish::all(line.kafka().bootstrap(), raw, mix, 0, count);
    dispatcher.stop();
    let (_, mut normalizer) = hop::run(line, "normalizer", "alerts.raw", count);
    let repeats = hop::observed(&normalizer);
    normalizer.stop();
    let (hop, mut dispatcher) = hop::run(line, "dispatcher", "findings", repeats);
    report.add("dispatcher, repeats", hop);
    dispatcher.stop();
}

/// Both roles in one process, over a day as it is: repeats, hot subjects, poison.
fn whole_line(kafka: &Kafka, number: u32, mix: &Mix, count: u64, report: &mut Report) {
    let line = Line::new(kafka, &format!("round-{number}-whole"), PARTITIONS);
    publish::all(kafka.bootstrap(), &line.topic("alerts.raw"), mix, 0, count);
    let (hop, mut replica) = whole(&line, count);
    report.add("whole line", hop);
    replica.stop();
}

/// Until the last observation of `count` alerts has been consumed too.
pub(crate) fn whole(line: &Line<'_>, count: u64) -> (Hop, reeve_tests::replica::Replica) {
    let replica = line.replica("load-all").ready();
    let meter = hop::Meter::start(replica.pid(), line.kafka().pid(1));
    hop::follow(line, &replica, "alerts.raw", 0, count);
    hop::follow(line, &replica, "findings", 0, hop::observed(&replica));
    (meter.stop(count), replica)
}

/// Topics go as soon as they are done with: a full disk stops a broker for good.
pub(crate) fn drop_topics(kafka: &Kafka, pattern: &str) {
    kafka.tool(
        "org.apache.kafka.tools.TopicCommand",
        &["--delete", "--topic", pattern],
    );
}

/// How long a dispatcher takes to have `cases` cases again, and what each holds of its memory.
pub(crate) fn restore(kafka: &Kafka, mix: &Mix, cases: u64, report: &mut Report) {
    let line = Line::new(kafka, &format!("restore-{cases}"), PARTITIONS);
    let mut empty = line.replica("load-all").ready();
    let at_rest = resident_bytes(empty.pid());
    empty.stop();
    report.number("whole line, resident MiB at rest", at_rest / 1_048_576.0);
    let raw = line.topic("alerts.raw");
    publish::all(kafka.bootstrap(), &raw, &mix.all_new(), 0, cases);
    let (_, mut built) = whole(&line, cases);
    let expected = built.scrape().sum("reeve_ledger_cases", "");
    built.stop();
    let begun = Instant::now();
    let mut restored = line.replica("load-dispatcher").role("dispatcher").ready();
    let mut known = 0.0;
    // ready is also who owns nothing yet, and the cases are shown with the next tick
    wait_until(RESTORED, "every case is there again", || {
        known = restored.scrape().sum("reeve_ledger_cases", "");
        known >= expected
    });
    let figures = BTreeMap::from([
        ("cases", known),
        (
            "seconds from start to the last case",
            begun.elapsed().as_secs_f64(),
        ),
        (
            "bytes a case",
            (resident_bytes(restored.pid()) - at_rest).max(0.0) / known.max(1.0),
        ),
    ]);
    for (name, figure) in figures {
        report.number(&format!("restore of {cases}: {name}"), figure);
    }
    restored.stop();
    drop_topics(kafka, &format!("restore-{cases}.*"));
}
