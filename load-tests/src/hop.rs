//! One hop of the line: a real process works off what lies in its input, and is watched.

use std::time::{Duration, Instant};

use reeve_tests::host::wait_until;
use reeve_tests::line::{Launch, Line};
use reeve_tests::replica::Replica;
use serde::Serialize;

use crate::process::cpu_seconds;

const BOUND: Duration = Duration::from_secs(900);

/// Records a second, and microseconds of processor time a record.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Hop {
    pub(crate) per_second: f64,
    pub(crate) client_us: f64,
    pub(crate) broker_us: f64,
}

/// A clock over a process and its broker.
pub(crate) struct Meter {
    begun: Instant,
    pids: [u32; 2],
    cpu: [f64; 2],
}

impl Meter {
    pub(crate) fn start(client: u32, broker: u32) -> Self {
        let pids = [client, broker];
        Self {
            begun: Instant::now(),
            pids,
            cpu: pids.map(cpu_seconds),
        }
    }

    /// What `records` cost since the start.
    pub(crate) fn stop(&self, records: u64) -> Hop {
        let records = records.max(1) as f64;
        let spent = |of: usize| (cpu_seconds(self.pids[of]) - self.cpu[of]) * 1e6 / records;
        Hop {
            per_second: records / self.begun.elapsed().as_secs_f64(),
            client_us: spent(0),
            broker_us: spent(1),
        }
    }
}

/// A role on a line, before its start.
pub(crate) fn role<'l>(line: &'l Line<'l>, role: &str) -> Launch<'l> {
    line.replica(&format!("load-{role}")).role(role)
}

/// Starts a role on a line and waits until it has consumed `expected` records of `topic`. Counted from the first
/// commit that is seen on, so that start-up and joining are left out.
pub(crate) fn run(line: &Line<'_>, name: &str, topic: &str, expected: u64) -> (Hop, Replica) {
    let replica = role(line, name).ready();
    let hop = follow(line, &replica, topic, 0, expected);
    (hop, replica)
}

/// The same for a replica that already runs and has consumed `before`.
pub(crate) fn follow(line: &Line<'_>, replica: &Replica, topic: &str, before: u64, expected: u64) -> Hop {
    let broker = line.kafka().pid(1);
    let mut begun: Option<(Meter, u64)> = None;
    let mut hop = None;
    wait_until(BOUND, &format!("{expected} records of {topic}"), || {
        let consumed = consumed(replica, topic);
        if consumed > before && begun.is_none() {
            begun = Some((Meter::start(replica.pid(), broker), consumed));
        }
        hop = begun
            .as_ref()
            .filter(|_| consumed >= expected)
            .map(|(meter, first)| meter.stop(expected - first));
        hop.is_some()
    });
    hop.expect("just seen")
}

/// Records of a topic in committed transactions of a replica.
pub(crate) fn consumed(replica: &Replica, topic: &str) -> u64 {
    replica
        .scrape()
        .sum("reeve_records_consumed_total", &format!(".{topic}\"")) as u64
}

/// Observations that a normalizer has written.
pub(crate) fn observed(replica: &Replica) -> u64 {
    let scrape = replica.scrape();
    ["finding", "evidence"]
        .iter()
        .map(|outcome| scrape.sum("reeve_alerts_total", &format!("outcome=\"{outcome}\"")) as u64)
        .sum()
}
