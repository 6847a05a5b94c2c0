//! `reeve demo`: the whole line on shipped samples, with an embedded log that goes away with it.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reeve_domain::event::{Actor, ActorKind, EventKind, EventType, RawEvent};
use reeve_domain::observation::IssueType;
use reeve_domain::task::{Task, TaskState};
use reeve_inventories::{Inventories, RawInventories, RawInventory, Surroundings};
use reeve_log::Role;
use serde_json::Value;
use tokio::sync::watch;

use crate::cli::DemoArgs;
use crate::config::Config;
use crate::exit::{Failure, Outcome};
use crate::line::{self, Line, Start};
use crate::normalize::{broken, note};
use crate::reach::Reach;
use crate::rules::{self, Rules};
use crate::{clock, dead_letters, event, publish, table, tasks};

/// What scanners report in the demo; `{{now}}` is the time of the run.
const SAMPLES: [(&str, &str); 5] = [
    ("gitleaks", include_str!("../samples/gitleaks.json")),
    ("TruffleHog", include_str!("../samples/trufflehog.ndjson")),
    ("AWS Security Hub", include_str!("../samples/securityhub.json")),
    ("a scan without results", "[]"),
    ("a broken report", include_str!("../samples/broken.json")),
];
/// The provider's word that the leaked key is gone.
const PROOF: &str = include_str!("../samples/cloudtrail.json");
const INVENTORY: &str = include_str!("../samples/inventory.yaml");
const ACCESS_KEY: &str = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";

/// How many tasks the samples come to; a test holds it.
const TASKS: usize = 7;
/// How long any step may take.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// Runs the demo; with `serve` stays up afterwards.
///
/// # Errors
/// A step that did not come about in time.
pub fn run(mut config: Config, args: &DemoArgs) -> Outcome {
    let folder = tempfile::Builder::new().prefix("reeve-demo-").tempdir();
    let folder =
        folder.map_err(|error| Failure::Internal(format!("no folder for the demo: {}", error.kind())))?;
    config.log.brokers = None;
    config.log.data_dir = folder.path().join("log");
    let keys = match config.hmac_key.read().map_err(Failure::Config)? {
        Some(keys) => keys,
        None => {
            note("no REEVE_HMAC_KEY_FILE: the demo uses an ephemeral key");
            config.hmac_key.ephemeral().map_err(Failure::Config)?
        }
    };
    let keys = Arc::new(keys);
    let rules = Rules {
        policy: Arc::clone(&config.policy),
        settings: rules::settings(&config, Arc::clone(&keys)),
        inventories: inventory(folder.path())?,
    };
    let start = Start {
        roles: Role::ALL.to_vec(),
        keys,
        rules: watch::channel(rules).1,
        accept_loss: false,
    };
    let runtime = line::runtime()?;
    let line = Line::start(&config, &start, runtime.handle())?;
    line::stop_on_signals(line.stopper(), &runtime);
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let address = line::serve(&line, config.metrics_address.unwrap_or(any), &runtime)
        .or_else(|_| line::serve(&line, any, &runtime))?;
    let address = format!("http://{address}/metrics");
    let reach = Reach::open(&config.log)?;
    let told = story(&reach, &address);
    if args.serve && told.is_ok() {
        say(&format!(
            "\nStill up. In another terminal:\n  REEVE_DATA_DIR={} reeve tasks\n  curl {address}\nStop with Ctrl-C.",
            config.log.data_dir.display()
        ))?;
        return line.wait();
    }
    line.stopper().stop();
    line.wait().and(told)
}

/// What happens before the reader's eyes.
fn story(reach: &Reach, address: &str) -> Outcome {
    say(
        "reeve turns what scanners report into tasks that somebody answers for, and closes a task only on proof.\n",
    )?;
    say("1. Five reports arrive: raw alerts in.\n")?;
    for (scanner, text) in SAMPLES {
        say(&format!("   {scanner}"))?;
        reach.write(vec![publish::record(filled(text))], &mut |_| {})?;
    }
    let all = wait(reach, |tasks| tasks.len() >= TASKS)?;
    say(&format!(
        "\n2. {} accountable tasks out, the most urgent first.\n",
        all.len()
    ))?;
    show(&all)?;
    let (key, other) = (find(&all, ACCESS_KEY)?, other(&all)?);
    say(&format!(
        "   The same GitHub token was reported by {} scanners: one task, {} sightings.",
        seen(&all).0,
        seen(&all).1
    ))?;
    for letter in dead_letters::all(reach)? {
        say(&format!(
            "   The broken report is a dead letter: {}, {}.",
            letter.reason.as_str(),
            letter.detail
        ))?;
    }

    say("\n3. Two owners say that they are done. A word is a claim: both stay open.\n")?;
    reach.write(
        vec![
            event::record(&claim(&key, "ines.costa")),
            event::record(&claim(&other, "tomas.berg")),
        ],
        &mut |_| {},
    )?;
    let claimed = |tasks: &[Task], id: &str| {
        tasks
            .iter()
            .any(|task| task.task_id == id && task.state == TaskState::Claimed)
    };
    let all = wait(reach, |tasks| {
        claimed(tasks, &key.task_id) && claimed(tasks, &other.task_id)
    })?;
    show(
        &all.iter()
            .filter(|task| task.state == TaskState::Claimed)
            .cloned()
            .collect::<Vec<_>>(),
    )?;

    say("\n4. CloudTrail says DeleteAccessKey for one of them: that is proof.\n")?;
    reach.write(vec![publish::record(filled(PROOF))], &mut |_| {})?;
    let verified = |tasks: &[Task]| {
        tasks
            .iter()
            .any(|task| task.task_id == key.task_id && task.state == TaskState::Verified)
    };
    let all = wait(reach, verified)?;
    show(
        &all.iter()
            .filter(|task| [&key.task_id, &other.task_id].contains(&&task.task_id))
            .cloned()
            .collect::<Vec<_>>(),
    )?;

    say(&format!("\n5. Why is it {}?\n", other.priority.band))?;
    say(&crate::why::in_words(&find_id(&all, &other.task_id)?))?;
    say(&format!("Metrics: {address}"))
}

fn inventory(folder: &Path) -> Result<Inventories, Failure> {
    let path = folder.join("inventory.yaml");
    fs::write(&path, INVENTORY)
        .map_err(|error| Failure::Internal(format!("the sample inventory: {}", error.kind())))?;
    let raw = RawInventory::from_file("sample-inventory", &path.display().to_string());
    let around = Surroundings {
        env: &|_| None,
        base: folder,
    };
    Inventories::compile(
        RawInventories {
            inventories: vec![raw],
        },
        around,
    )
    .map_err(|faults| {
        Failure::Internal(
            faults
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        )
    })
}

fn filled(text: &str) -> Vec<u8> {
    text.replace("{{now}}", &clock::now().to_string()).into_bytes()
}

fn claim(task: &Task, who: &str) -> RawEvent {
    RawEvent {
        kind: EventKind::Event,
        event_id: format!("demo-{}", task.task_id),
        event_type: EventType::Claimed,
        subject_key: task.subject.key.clone(),
        task_id: Some(task.task_id.clone()),
        actor: Actor {
            id: who.to_owned(),
            kind: ActorKind::Human,
        },
        at: clock::now(),
        external: None,
        via: Vec::new(),
        body: Value::Null,
    }
}

/// Looks until the tasks are as expected.
fn wait(reach: &Reach, expected: impl Fn(&[Task]) -> bool) -> Result<Vec<Task>, Failure> {
    let begun = Instant::now();
    loop {
        let mut all = tasks::all(reach)?;
        if expected(&all) {
            all.sort_by_key(|task| {
                (
                    task.priority.band,
                    task.deadlines.remediate_by,
                    task.task_id.clone(),
                )
            });
            return Ok(all);
        }
        if begun.elapsed() > PATIENCE {
            return Err(Failure::Internal(format!(
                "the demo did not come about in time; {} tasks so far",
                all.len()
            )));
        }
        pause();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the demo waits for tasks within a bound, as a reader would"
)]
fn pause() {
    std::thread::sleep(LOOK);
}

fn find(all: &[Task], key: &str) -> Result<Task, Failure> {
    let found = all.iter().find(|task| task.subject.key.as_str() == key).cloned();
    found.ok_or_else(|| Failure::Internal(format!("the demo has no task for {key}")))
}

fn find_id(all: &[Task], id: &str) -> Result<Task, Failure> {
    let found = all.iter().find(|task| task.task_id == id).cloned();
    found.ok_or_else(|| Failure::Internal(format!("the demo has no task {id}")))
}

/// The task that is only ever claimed.
fn other(all: &[Task]) -> Result<Task, Failure> {
    let found = all
        .iter()
        .find(|task| task.issue_type == IssueType::OverPrivileged)
        .cloned();
    found.ok_or_else(|| Failure::Internal("the demo has no over-privileged role".to_owned()))
}

/// Scanners and sightings of what most scanners saw.
fn seen(all: &[Task]) -> (usize, u64) {
    let most = all
        .iter()
        .map(|task| (task.sightings.sources.len(), task.sightings.count))
        .max();
    most.unwrap_or_default()
}

fn show(tasks: &[Task]) -> Outcome {
    say(&table::tasks(
        &tasks.iter().collect::<Vec<_>>(),
        io::stdout().is_terminal(),
    ))
}

fn say(text: &str) -> Outcome {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(broken)
}
