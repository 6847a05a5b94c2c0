//! A real Apache Kafka for a test, read back through Java's console consumer: none of reeve's code stands between.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::console::ConsumedRecord;
use crate::host::{wait_for, wait_until};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/kafka");

/// Which records a reader sees of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Committed ones; what reeve's consumers are told to use.
    ReadCommitted,
    /// All of them, aborted and open ones too.
    ReadUncommitted,
}

/// One or three brokers on loopback, gone with this value or, at the latest, a second after the test's process.
#[derive(Debug)]
pub struct Kafka {
    directory: PathBuf,
    bootstrap: String,
}

impl Kafka {
    /// Starts `brokers` (1 or 3) and returns when they are ready.
    pub fn start(brokers: u8) -> Self {
        Self::start_with(brokers, &[])
    }

    /// The same with broker properties on top, as `("log.segment.bytes", "16384")`.
    pub fn start_with(brokers: u8, properties: &[(&str, &str)]) -> Self {
        Self::start_for(std::process::id(), brokers, properties)
    }

    /// The same, for as long as the process `owner` lives.
    pub fn start_for(owner: u32, brokers: u8, properties: &[(&str, &str)]) -> Self {
        let mut command = script(&[
            "start",
            "--owner",
            &owner.to_string(),
            "--brokers",
            &brokers.to_string(),
        ]);
        for (name, value) in properties {
            command.arg("--property").arg(format!("{name}={value}"));
        }
        let printed = succeed(&mut command);
        let field = |name: &str| {
            let line = printed
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.expect("the script prints every field once the brokers are ready")
                .to_owned()
        };
        Self {
            directory: field("dir").into(),
            bootstrap: field("bootstrap"),
        }
    }

    /// One broker for all tests of a test binary that do not kill it; each takes topics with a prefix of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(1))
    }

    /// What a client gives as `bootstrap.servers`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Where broker `broker` (from 1) keeps its properties, log and data.
    pub fn broker_directory(&self, broker: u8) -> PathBuf {
        self.directory.join(broker.to_string())
    }

    /// The process of broker `broker`, as it was last started.
    pub fn pid(&self, broker: u8) -> u32 {
        let written = std::fs::read_to_string(self.broker_directory(broker).join("broker.pid"));
        written
            .ok()
            .and_then(|pid| pid.trim().parse().ok())
            .expect("a started broker has written its pid")
    }

    /// kill -9; returns when the process is gone.
    pub fn kill(&self, broker: u8) {
        self.end(broker, "KILL");
    }

    /// An orderly shutdown; returns when the process is gone.
    pub fn terminate(&self, broker: u8) {
        self.end(broker, "TERM");
    }

    fn end(&self, broker: u8, signal: &str) {
        let mut command = self.on_directory("kill");
        succeed(command.args(["--broker", &broker.to_string(), "--signal", signal]));
    }

    /// Starts a broker that has ended, on its old port and data; returns when it is ready.
    pub fn restart(&self, broker: u8) {
        let mut command = self.on_directory("restart");
        succeed(command.args(["--broker", &broker.to_string()]));
    }

    /// Waits until every replica of every partition is in sync again: only then may the next broker die.
    #[track_caller]
    pub fn wait_in_sync(&self, bound: Duration) {
        wait_until(bound, "all replicas are in sync", || {
            let lagging = ["--describe", "--under-replicated-partitions"];
            self.tool("org.apache.kafka.tools.TopicCommand", &lagging)
                .trim()
                .is_empty()
        });
    }

    /// Creates a topic with as many replicas as there are brokers.
    pub fn create_topic(&self, topic: &str, partitions: u32, configs: &[(&str, &str)]) {
        let partitions = partitions.to_string();
        let mut arguments = vec!["--create", "--topic", topic, "--partitions", &partitions];
        let configs: Vec<String> = configs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        for config in &configs {
            arguments.extend(["--config", config]);
        }
        self.tool("org.apache.kafka.tools.TopicCommand", &arguments);
    }

    /// Produces through Java's console producer, a line a record: `name:value,name:value \t key \t value`. Every replica
    /// in sync has a record before it counts; one that is refused is sent again for two minutes, and then fails the test.
    pub fn produce_lines(&self, topic: &str, lines: &str) {
        let mut command = self.tool_command("org.apache.kafka.tools.ConsoleProducer");
        command.args(["--topic", topic, "--request-required-acks", "all"]);
        // by default it tries thrice within half a second, and drops what then was not taken
        command.args(["--message-send-max-retries", "2147483647"]);
        command.args(["--request-timeout-ms", "30000"]);
        command.args(["--command-property", "delivery.timeout.ms=120000"]);
        for property in ["parse.headers=true", "parse.key=true", "null.marker=NULL"] {
            command.args(["--reader-property", property]);
        }
        let producer = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut producer = producer.expect("the script is executable");
        let mut input = producer.stdin.take().expect("its input is a pipe");
        input
            .write_all(lines.as_bytes())
            .expect("the producer reads its input");
        drop(input);
        let ended = producer.wait_with_output().expect("it is our child");
        let complaints = String::from_utf8_lossy(&ended.stderr);
        // it drops what it could not send, says so, and ends with 0 all the same
        assert!(
            ended.status.success() && !complaints.contains("Error when sending"),
            "the console producer failed: {}\n{complaints}",
            ended.status
        );
    }

    /// Runs one of Apache Kafka's command-line classes against these brokers and returns what it printed.
    pub fn tool(&self, class: &str, arguments: &[&str]) -> String {
        succeed(self.tool_command(class).args(arguments))
    }

    /// The same as a command, for a tool that a test wants to watch or to kill.
    pub fn tool_command(&self, class: &str) -> Command {
        script(&["tool", class, "--bootstrap-server", &self.bootstrap])
    }

    /// Every committed record of a topic up to its end, by partition and offset. An open transaction is waited for,
    /// and fails the test if it stays open: a shortened answer would look like a loss.
    pub fn consume(&self, topic: &str) -> Vec<ConsumedRecord> {
        self.consume_as(topic, Isolation::ReadCommitted)
    }

    /// The same as a reader of that isolation.
    pub fn consume_as(&self, topic: &str, isolation: Isolation) -> Vec<ConsumedRecord> {
        let consumed = self.try_consume(topic, isolation, Duration::from_secs(120));
        consumed.expect("the topic can be read to its end")
    }

    /// The same, or the reader's complaint if the end was not reached within `bound`.
    pub fn try_consume(
        &self,
        topic: &str,
        isolation: Isolation,
        bound: Duration,
    ) -> Result<Vec<ConsumedRecord>, String> {
        let seconds = bound.as_secs().to_string();
        let output = run(self
            .reader("consume", topic, isolation)
            .args(["--bound-seconds", &seconds]));
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let lines = output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let mut records: Vec<ConsumedRecord> = lines.map(ConsumedRecord::read).collect();
        records.sort_by_key(|record| (record.partition, record.offset));
        Ok(records)
    }

    /// Reads the committed records of a topic from its start and goes on reading as they come.
    pub fn follow(&self, topic: &str) -> Follower {
        self.follow_as(topic, Isolation::ReadCommitted)
    }

    /// The same as a reader of that isolation.
    pub fn follow_as(&self, topic: &str, isolation: Isolation) -> Follower {
        Follower::new(self.reader("follow", topic, isolation))
    }

    fn reader(&self, command: &str, topic: &str, isolation: Isolation) -> Command {
        let mut command = script(&[command, "--bootstrap", &self.bootstrap, "--topic", topic]);
        if isolation == Isolation::ReadCommitted {
            command.arg("--read-committed");
        }
        command
    }

    fn on_directory(&self, command: &str) -> Command {
        let mut command = script(&[command]);
        command.arg("--dir").arg(&self.directory);
        command
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        let stopped = self.on_directory("stop").status();
        // a second panic while one is under way would hide the first
        assert!(
            std::thread::panicking() || stopped.is_ok_and(|status| status.success()),
            "the brokers were not stopped"
        );
    }
}

/// A topic as it grows, read by Java's console consumer until this value is dropped.
#[derive(Debug)]
pub struct Follower {
    consumer: Child,
    incoming: Receiver<ConsumedRecord>,
    seen: Vec<ConsumedRecord>,
}

impl Follower {
    fn new(mut command: Command) -> Self {
        let consumer = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut consumer = consumer.expect("the script is executable");
        let lines = BufReader::new(consumer.stdout.take().expect("its output is a pipe"));
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            let records = lines
                .split(b'\n')
                .map_while(Result::ok)
                .map(|line| ConsumedRecord::read(&line));
            // ends with the consumer, or when nobody listens any more
            records
                .map_while(|record| sender.send(record).ok())
                .for_each(drop);
        });
        Self {
            consumer,
            incoming,
            seen: Vec::new(),
        }
    }

    /// Waits until `condition` holds for all records seen so far, and returns them. Fails the test after `bound`.
    #[track_caller]
    pub fn wait_until(
        &mut self,
        bound: Duration,
        what: &str,
        condition: impl Fn(&[ConsumedRecord]) -> bool,
    ) -> &[ConsumedRecord] {
        let met = wait_for(bound, || {
            self.seen.extend(self.incoming.try_iter());
            condition(&self.seen).then_some(())
        });
        assert!(
            met.is_some(),
            "not within {bound:?}: {what}; {} records seen",
            self.seen.len()
        );
        &self.seen
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let ended = self.consumer.kill().and_then(|()| self.consumer.wait());
        assert!(
            std::thread::panicking() || ended.is_ok(),
            "the console consumer did not end"
        );
    }
}

fn script(arguments: &[&str]) -> Command {
    assert!(Path::new(SCRIPT).exists(), "{SCRIPT} is part of the checkout");
    let mut command = Command::new(SCRIPT);
    command.args(arguments);
    command
}

fn succeed(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn run(command: &mut Command) -> Output {
    command
        .stdin(Stdio::null())
        .output()
        .expect("the script is executable")
}
