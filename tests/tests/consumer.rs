//! A ticketing system that is not ours, on a real Kafka: whatever happens to it, its table ends as the ledger has it.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reeve_tests::alerts::Alerts;
use reeve_tests::console::ConsumedRecord;
use reeve_tests::host::{wait_for, wait_until};
use reeve_tests::kafka::{Isolation, Kafka};
use reeve_tests::line::Line;
use serde_json::Value;

const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/python");
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/clients/python");
const GUIDE: &str = include_str!("../../docs/consume-tasks.md");
const PATIENCE: Duration = Duration::from_secs(120);

/// What the ledger and a table both say of a task: revision, state, band, ownerless, queue.
type Tasks = BTreeMap<String, (u64, String, String, bool, String)>;

/// The Python client with a table of its own.
struct Tickets<'a> {
    line: &'a Line<'a>,
    table: tempfile::TempDir,
}

/// A running `follow`, killed when it is dropped.
struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        assert!(std::thread::panicking() || ended.is_ok(), "it is our child");
    }
}

impl<'a> Tickets<'a> {
    fn new(line: &'a Line<'a>) -> Self {
        let table = tempfile::tempdir().expect("there is room for a folder");
        Self { line, table }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(PYTHON);
        command
            .arg(format!("{CLIENT}/requirements.txt"))
            .arg(format!("{CLIENT}/tickets.py"))
            .args([name, "--database"])
            .arg(self.table.path().join("tickets.db"))
            .env("REEVE_DIES_WITH_PARENT", "1")
            .stdin(Stdio::null());
        command
    }

    fn on_brokers(&self, name: &str) -> Command {
        let mut command = self.command(name);
        let prefix = self.line.topic("");
        command.args(["--brokers", self.line.kafka().bootstrap(), "--prefix", &prefix]);
        command
    }

    fn follow(&self, group: &str, queues: &[&str]) -> Command {
        let mut command = self.on_brokers("follow");
        command.args(["--group", group]);
        queues.iter().for_each(|queue| {
            command.args(["--queue", queue]);
        });
        command
    }

    /// Follows until it is killed.
    fn following(&self, group: &str) -> Following {
        Following(self.follow(group, &[]).spawn().expect("the script is executable"))
    }

    /// Follows to the end of what there is, and ends by itself.
    fn catch_up(&self, group: &str, queues: &[&str]) {
        let mut command = self.follow(group, queues);
        let ended = command.args(["--until-idle", "8"]).status();
        assert!(
            ended.is_ok_and(|status| status.success()),
            "it follows to the end"
        );
    }

    fn done(&self, task: &str) {
        let ended = self.on_brokers("done").arg(task).status();
        assert!(ended.is_ok_and(|status| status.success()), "the claim is written");
    }

    fn rows(&self) -> Tasks {
        let output = self.command("list").output().expect("the script is executable");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let rows = printed
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a row is JSON"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let read = |row: Value| {
            let said = (
                row["revision"].as_u64().unwrap_or_default(),
                text(&row["state"]),
                text(&row["band"]),
                row["ownerless"] == 1,
                text(&row["queue"]),
            );
            (text(&row["task_id"]), said)
        };
        rows.map(read).collect()
    }
}

fn read(task: &Value) -> (String, (u64, String, String, bool, String)) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = (
        task["revision"].as_u64().unwrap_or_default(),
        text(&task["state"]),
        text(&task["priority"]["band"]),
        task["ownerless"] == true,
        text(&task["route"]["queue"]),
    );
    (text(&task["task_id"]), said)
}

/// The tasks of the last record of each case.
fn ledger(line: &Line<'_>) -> Tasks {
    let records = line.kafka().consume(&line.topic("ledger"));
    let cases: BTreeMap<String, Value> = records
        .iter()
        .map(|record| {
            (
                record.key_text(),
                serde_json::from_str(&record.value_text()).unwrap_or_default(),
            )
        })
        .collect();
    let tasks = cases
        .values()
        .flat_map(|case| case["tasks"].as_array().cloned().unwrap_or_default());
    tasks.map(|task| read(&task)).collect()
}

/// What a consumer would have that takes the last record of a task for its newest.
fn last_written(records: &[ConsumedRecord]) -> Tasks {
    let tasks = records
        .iter()
        .filter_map(|record| serde_json::from_str(&record.value_text()).ok());
    tasks.map(|task: Value| read(&task)).collect()
}

/// Every record of `tasks` once more, the oldest last.
fn write_all_again(line: &Line<'_>, records: &[ConsumedRecord]) {
    let again: String = records
        .iter()
        .rev()
        .map(|record| {
            let header = |name| record.header(name).unwrap_or_default();
            let (id, queue) = (header("ce_id"), header("ce_queue"));
            let (key, value) = (record.key_text(), record.value_text());
            format!("ce_id:{id},ce_queue:{queue}\t{key}\t{value}\n")
        })
        .collect();
    line.kafka().produce_lines(&line.topic("tasks"), &again);
}

#[test]
fn kills_replays_and_duplicates_end_in_the_ledgers_table_and_events_reach_their_subjects() {
    let line = Line::new(Kafka::shared(), "tickets", 4);
    let mut replica = line.replica("one").ready();
    let tickets = Tickets::new(&line);
    // killed at work three times, and started again in the same group
    for seed in 1..=3 {
        let following = tickets.following("resumed");
        line.publish(&Alerts::generate(seed, 60, 40));
        let before = tickets.rows().len();
        wait_until(PATIENCE, "it is at work", || {
            tickets.rows().len() > before.min(39)
        });
        drop(following);
    }
    line.wait_settled(PATIENCE);
    tickets.catch_up("resumed", &[]);
    for task in tickets.rows().keys().take(3) {
        tickets.done(task);
    }
    let answered = || {
        let ledger = ledger(&line);
        let claimed = ledger.values().filter(|task| task.1 == "claimed").count();
        claimed == 3
            && ledger
                .values()
                .all(|task| task.1 == "acknowledged" || task.1 == "claimed")
    };
    wait_until(
        PATIENCE,
        "every task is acknowledged, three are claimed",
        answered,
    );
    check_partitions(&line);

    let records = line.kafka().consume(&line.topic("tasks"));
    write_all_again(&line, &records);
    let expected = ledger(&line);
    tickets.catch_up("resumed", &[]);
    assert_eq!(tickets.rows(), expected, "resumed");
    tickets.catch_up("from the start", &[]);
    assert_eq!(tickets.rows(), expected, "replayed");
    let doubled = line.kafka().consume(&line.topic("tasks"));
    assert_ne!(
        last_written(&doubled),
        expected,
        "without comparing revisions the table would be wrong"
    );

    let queue = expected.values().next().expect("there are tasks").4.clone();
    let one = Tickets::new(&line);
    one.catch_up("one queue", &[&queue]);
    let of_queue = |tasks: &Tasks| -> Tasks {
        let mine = tasks.iter().filter(|(_, task)| task.4 == queue);
        mine.map(|(id, task)| (id.clone(), task.clone())).collect()
    };
    assert_eq!(of_queue(&one.rows()), of_queue(&expected));
    assert!(
        of_queue(&expected).len() < expected.len(),
        "there are other queues"
    );
    assert!(
        one.rows().len() < expected.len(),
        "and most of theirs is not kept"
    );
    replica.stop();
}

/// The client hashes keys otherwise than reeve, so some of its events had to be sent on.
#[track_caller]
fn check_partitions(line: &Line<'_>) {
    let events = line.kafka().consume(&line.topic("task-events"));
    let sent_on = events
        .iter()
        .filter(|event| event.header("reeve-forwarded").is_some());
    assert!(
        sent_on.count() > 0,
        "{} events, none on a wrong partition",
        events.len()
    );
    assert!(
        line.kafka()
            .consume(&line.topic("dead-letters"))
            .iter()
            .all(|letter| { !letter.value_text().contains("task-events") })
    );
}

/// The arguments of the guide's console consumer, between the script's name and the end of the block.
fn console_arguments() -> Vec<String> {
    let (_, rest) = GUIDE
        .split_once("kafka-console-consumer.sh")
        .expect("the guide shows it");
    let (command, _) = rest.split_once("```").expect("the block ends");
    command
        .replace("\\\n", " ")
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_guides_console_consumer_shows_queue_band_and_task() {
    let line = Line::new(Kafka::shared(), "guide", 2);
    let mut replica = line.replica("one").ready();
    line.publish(&Alerts::generate(1, 20, 10));
    line.wait_settled(PATIENCE);
    replica.stop();
    let expected = line
        .kafka()
        .try_consume(&line.topic("tasks"), Isolation::ReadCommitted, PATIENCE);
    let expected = expected.expect("the topic can be read").len();
    let topic = line.topic("tasks");
    let arguments = console_arguments();
    let arguments: Vec<&str> = arguments
        .iter()
        .map(|argument| match argument.as_str() {
            "kafka-1:9092" => line.kafka().bootstrap(),
            "tasks" => &topic,
            other => other,
        })
        .collect();
    let printed = wait_for(PATIENCE, || {
        let class = "org.apache.kafka.tools.consumer.ConsoleConsumer";
        let mut command = line.kafka().tool_command(class);
        // the tool's own bootstrap argument comes first and is the same
        let output = command
            .args(&arguments[2..])
            .args(["--timeout-ms", "8000"])
            .output();
        let printed = String::from_utf8_lossy(&output.expect("the script is executable").stdout).into_owned();
        (printed.lines().count() >= expected).then_some(printed)
    });
    let printed = printed.expect("it shows every record");
    for line in printed.lines() {
        let shown = ["ce_queue:", "ce_band:", "\"kind\":\"task\""];
        assert!(shown.iter().all(|text| line.contains(text)), "{line}");
    }
}
