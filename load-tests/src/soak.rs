//! Minutes of everything that goes wrong in a year: kills, an inventory that fails, poison, reloads; then the checker.

use std::fmt::Write;
use std::time::{Duration, Instant};

use reeve_tests::alerts::{Alerts, Dice};
use reeve_tests::inventory::{Behavior, Inventory, json, response};
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use reeve_tests::replica::Replica;

use crate::process::resident_bytes;
use crate::publish::pause;

const SUBJECTS: u64 = 300;
const ALERTS_PER_ROUND: u32 = 300;
const INSTANCES: [&str; 2] = ["one", "two"];
const PATIENCE: Duration = Duration::from_secs(180);

/// Memory may grow by what allocators keep, not by what passes through.
const GROWTH_BYTES_MAX: f64 = 64.0 * 1_048_576.0;

/// Runs for so many minutes. Returns what happened; panics with what is lost, doubled or left.
pub(crate) fn run(kafka: &Kafka, minutes: u64, seed: u64) -> String {
    let inventory = Inventory::start(json("{}"));
    let line = Line::new(kafka, "soak", 4);
    let url = inventory.url();
    let launch = |instance: &str| line.replica(instance).env("REEVE_INVENTORY_URL", &url);
    let mut steady = launch("steady").ready();
    let mut replicas = INSTANCES.map(|instance| launch(instance).ready());
    let (begun, length) = (Instant::now(), Duration::from_secs(60 * minutes));
    let (mut dice, mut rounds, mut settled) = (Dice(seed), 0, None);
    while begun.elapsed() < length {
        line.publish(&Alerts::generate(seed + rounds, ALERTS_PER_ROUND, SUBJECTS));
        inventory.set(mood(dice.below(5)));
        steady.signal("HUP");
        pause(Duration::from_millis(dice.below(1_500)));
        let victim = dice.below(2) as usize;
        replicas[victim].kill();
        replicas[victim] = launch(INSTANCES[victim]).start();
        rounds += 1;
        if settled.is_none() && begun.elapsed() > length / 3 {
            settled = Some(resident_bytes(steady.pid()));
        }
    }
    inventory.set(json("{}"));
    replicas.iter_mut().for_each(Replica::wait_ready);
    line.wait_settled(PATIENCE);
    let memory = (
        settled.unwrap_or_else(|| resident_bytes(steady.pid())),
        resident_bytes(steady.pid()),
    );
    let lag = lag(&[&steady, &replicas[0], &replicas[1]]);
    replicas.iter_mut().for_each(Replica::stop);
    steady.stop();
    line.check();
    assert_eq!(lag, 0.0, "records are left");
    assert!(
        memory.1 - memory.0 < GROWTH_BYTES_MAX,
        "memory grew from {:.0} to {:.0} bytes",
        memory.0,
        memory.1
    );
    told(rounds, memory)
}

fn mood(number: u64) -> Behavior {
    match number {
        0 => Behavior::Hangs,
        1 => response("500 Internal Server Error", &[], b""),
        2 => response("429 Too Many Requests", &["Retry-After: 1"], b""),
        _ => json("{}"),
    }
}

fn lag(replicas: &[&Replica]) -> f64 {
    let of = |replica: &&Replica| replica.scrape().sum("reeve_consumer_lag_records", "");
    let drained = reeve_tests::host::wait_for(PATIENCE, || {
        let lag: f64 = replicas.iter().map(of).sum();
        (lag == 0.0).then_some(lag)
    });
    drained.unwrap_or_else(|| replicas.iter().map(of).sum())
}

fn told(rounds: u64, memory: (f64, f64)) -> String {
    let mut text = String::new();
    let megabytes = |bytes: f64| bytes / 1_048_576.0;
    writeln!(
        text,
        "{rounds} rounds of {ALERTS_PER_ROUND} alerts, a kill, a reload and a mood of the inventory each: nothing lost, \
         nothing doubled, lag 0, memory of the steady replica {:.0} MiB after a third and {:.0} MiB at the end",
        megabytes(memory.0),
        megabytes(memory.1)
    )
    .expect("a string takes everything");
    text
}
