//! The whole line on a broker: topics of its own, replicas of the real binary, and what was published to it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::alerts::Alerts;
use crate::checker::Audit;
use crate::console::ConsumedRecord;
use crate::host::{free_port, wait_until};
use crate::kafka::Kafka;
use crate::replica::{Replica, executable};

const SHIPPED: &str = include_str!("../../config/reeve.yaml");

/// One reeve installation on a broker, with a prefix of its own.
#[derive(Debug)]
pub struct Line<'a> {
    kafka: &'a Kafka,
    name: String,
    partitions: u32,
    folder: tempfile::TempDir,
    starts: AtomicU32,
    published: RefCell<Alerts>,
}

impl<'a> Line<'a> {
    /// Makes the topics `<name>.…` by `reeve topics create`.
    pub fn new(kafka: &'a Kafka, name: &str, partitions: u32) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        std::fs::write(folder.path().join("key"), "0123456789abcdef0123456789abcdef").expect("it is ours");
        let line = Self {
            kafka,
            name: name.to_owned(),
            partitions,
            folder,
            starts: AtomicU32::new(0),
            published: RefCell::default(),
        };
        line.reeve(&["topics", "create"]);
        line
    }

    /// The topic `name` in this installation.
    pub fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }

    /// The broker.
    pub fn kafka(&self) -> &Kafka {
        self.kafka
    }

    /// Runs a command of the binary to its end and returns what it printed.
    #[track_caller]
    pub fn reeve(&self, arguments: &[&str]) -> String {
        let output = self
            .command()
            .args(arguments)
            .output()
            .expect("the binary can be run");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A replica that is yet to be started, known to its group by the stable name `instance`.
    pub fn replica(&self, instance: &str) -> Launch<'_> {
        let mut command = self.command();
        command.args(["run"]).env("REEVE_INSTANCE", instance);
        Launch {
            line: self,
            command,
            instance: instance.to_owned(),
        }
    }

    /// Writes `alerts` to `alerts.raw` through Java's console producer, and remembers them.
    pub fn publish(&self, alerts: &Alerts) {
        self.kafka
            .produce_lines(&self.topic("alerts.raw"), &alerts.lines());
        self.remember(alerts);
    }

    /// Takes `alerts` for published: somebody else writes them.
    pub fn remember(&self, alerts: &Alerts) {
        self.published.borrow_mut().extend(alerts);
    }

    /// Waits until all that was published is in the ledger or among the dead letters.
    #[track_caller]
    pub fn wait_settled(&self, bound: Duration) {
        let published = self.published.borrow();
        let state = RefCell::new(Ledger::default());
        let (findings, tasks) = (published.findings() as u64, published.tasks());
        let mut ledger = self.kafka.follow(&self.topic("ledger"));
        ledger.wait_until(bound, "all findings are in the ledger", |seen| {
            let mut state = state.borrow_mut();
            state.read(seen);
            state.sightings() >= findings && state.tasks() >= tasks
        });
        wait_until(bound, "all dead letters are there", || {
            self.kafka.consume(&self.topic("dead-letters")).len() >= published.letters()
        });
    }

    /// What the topics hold, against what was published.
    pub fn audit(&self) -> Audit {
        Audit::read(self.kafka, &self.name, &self.published.borrow())
    }

    /// Fails the test if anything of what was published is lost, doubled or out of order.
    #[track_caller]
    pub fn check(&self) -> Audit {
        let audit = self.audit();
        let faults = audit.faults();
        assert!(
            faults.is_empty(),
            "{} faults:\n{}",
            faults.len(),
            faults.join("\n")
        );
        audit
    }

    /// A folder with the shipped `reeve.yaml`, in which each first text is written as its second.
    pub fn configuration(&self, changes: &[(&str, &str)]) -> PathBuf {
        let mut text = SHIPPED.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "`{from}` is in the shipped reeve.yaml");
            text = text.replace(from, to);
        }
        let folder = self.folder.path().join("config");
        std::fs::create_dir_all(&folder).expect("it is ours");
        std::fs::write(folder.join("reeve.yaml"), text).expect("it is ours");
        folder
    }

    fn command(&self) -> Command {
        let mut command = Command::new(executable());
        command
            .env_clear()
            .current_dir(self.folder.path())
            .env("REEVE_KAFKA_BROKERS", self.kafka.bootstrap())
            .env("REEVE_TOPIC_PREFIX", format!("{}.", self.name))
            .env("REEVE_TOPIC_PARTITIONS", self.partitions.to_string())
            .env("REEVE_HMAC_KEY_FILE", self.folder.path().join("key"));
        command
    }
}

/// A replica before its start.
#[derive(Debug)]
pub struct Launch<'a> {
    line: &'a Line<'a>,
    command: Command,
    instance: String,
}

impl Launch<'_> {
    /// `normalizer` or `dispatcher` alone.
    pub fn role(mut self, role: &str) -> Self {
        self.command.args(["--role", role]);
        self
    }

    /// A variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// A further argument.
    pub fn argument(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Starts it, and does not wait.
    pub fn start(mut self) -> Replica {
        let number = self.line.starts.fetch_add(1, Ordering::Relaxed);
        let port = free_port();
        self.command
            .env("REEVE_METRICS_ADDR", format!("127.0.0.1:{port}"));
        let log = self
            .line
            .folder
            .path()
            .join(format!("{number}-{}.log", self.instance));
        Replica::start(&self.command, port, log)
    }

    /// Starts it and waits until it is ready.
    #[track_caller]
    pub fn ready(self) -> Replica {
        let mut replica = self.start();
        replica.wait_ready();
        replica
    }
}

/// The last state of each case, as far as the topic was read.
#[derive(Debug, Default)]
struct Ledger {
    read: usize,
    cases: BTreeMap<String, (u64, usize)>,
}

impl Ledger {
    fn read(&mut self, seen: &[ConsumedRecord]) {
        for record in &seen[self.read..] {
            let case: Value =
                serde_json::from_slice(record.value.as_deref().unwrap_or(b"null")).unwrap_or_default();
            let tasks = case["tasks"].as_array().map(Vec::as_slice).unwrap_or_default();
            let sightings = tasks
                .iter()
                .filter_map(|task| task["sightings"]["count"].as_u64())
                .sum();
            self.cases.insert(record.key_text(), (sightings, tasks.len()));
        }
        self.read = seen.len();
    }

    fn sightings(&self) -> u64 {
        self.cases.values().map(|(sightings, _)| sightings).sum()
    }

    fn tasks(&self) -> usize {
        self.cases.values().map(|(_, tasks)| tasks).sum()
    }
}
