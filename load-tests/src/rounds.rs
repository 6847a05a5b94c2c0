//! One round after the other, and in each everything once: what disturbs the machine disturbs all alike.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reeve_tests::host::wait_until;
use reeve_tests::inventory::{Inventory, json};
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

/// An inventory whose answers are few: after the first batch all of them are in the cache.
const WARM: &str = "\
inventories:
  - name: primary
    request: { url: \"{url}/v1/owners/{subject.provider}/{subject.type}\" }
    cache: { fresh_s: 3600, stale_s: 86400, absent_s: 60, entries_max: 1000 }
    limits: { per_second: 50, burst: 100, in_flight: 16, deadline_ms: 1000, body_bytes_max: 65536 }
";

/// What it says of all of them.
const OWNED: &str = r#"{
    "owners": { "resolver": { "type": "team", "ref": "team/billing", "name": "Billing", "contact": "billing@acme.example" } },
    "application": "billing", "environment": "production", "criticality": "high", "identity_class": "machine",
    "dependents": { "count": 2, "sample": ["invoices", "dunning"] } }"#;

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
    dispatcher(&line, &new, count, findings, report);
    warm_inventory(kafka, number, &new, count, report);
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
fn dispatcher(line: &Line<'_>, mix: &Mix, count: u64, findings: u64, report: &mut Report) {
    let (hop, mut dispatcher) = hop::run(line, "dispatcher", "findings", findings);
    report.add("dispatcher, new subjects", hop);
    dispatcher.stop();
    let repeats = normalized(line, mix, count);
    let (hop, mut dispatcher) = hop::run(line, "dispatcher", "findings", repeats);
    report.add("dispatcher, repeats", hop);
    dispatcher.stop();
}

/// Every subject is new, and what an inventory says of it is in the cache already.
fn warm_inventory(kafka: &Kafka, number: u32, mix: &Mix, count: u64, report: &mut Report) {
    let line = Line::new(kafka, &format!("round-{number}-warm"), PARTITIONS);
    let findings = normalized(&line, mix, count);
    let inventory = Inventory::start(json(OWNED));
    let folder = line.configuration(&[]);
    let asked = WARM.replace("{url}", &inventory.url());
    std::fs::write(folder.join("inventories.yaml"), asked).expect("the folder is there");
    let launch = hop::role(&line, "dispatcher").argument("-c").argument(folder);
    let mut replica = launch.ready();
    let hop = hop::follow(&line, &replica, "findings", 0, findings);
    report.add("dispatcher, new subjects, warm inventory", hop);
    let answered = replica
        .scrape()
        .sum("reeve_inventory_lookups_total", "result=\"hit\"");
    report.number("lookups that the warm cache answered", answered);
    replica.stop();
}

/// One subject that everybody reports, again and again.
pub(crate) fn hot_subject(kafka: &Kafka, mix: &Mix, count: u64, report: &mut Report) {
    let line = Line::new(kafka, "hot", PARTITIONS);
    let findings = normalized(&line, &mix.one_subject(), count);
    let (hop, mut dispatcher) = hop::run(&line, "dispatcher", "findings", findings);
    report.add(&format!("dispatcher, {count} repeats of one subject"), hop);
    dispatcher.stop();
    drop_topics(kafka, "hot.*");
}

/// How many findings a normalizer made of the alerts of a mix.
fn normalized(line: &Line<'_>, mix: &Mix, count: u64) -> u64 {
    publish::all(line.kafka().bootstrap(), &line.topic("alerts.raw"), mix, 0, count);
    let (_, mut normalizer) = hop::run(line, "normalizer", "alerts.raw", count);
    let findings = hop::observed(&normalizer);
    normalizer.stop();
    findings
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
