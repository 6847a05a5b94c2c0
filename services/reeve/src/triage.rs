//! `reeve triage`: the whole line over files, in memory; the clock is each record's own time.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reeve_dispatcher::{Counts, Dispatcher, Lookups, Observe, Parts, State};
use reeve_domain::event::RawEvent;
use reeve_domain::observation::Observation;
use reeve_domain::secret::HmacKeys;
use reeve_domain::task::Task;
use reeve_domain::time::Timestamp;
use reeve_formats::Settings;
use reeve_inventories::{Inventories, RawInventories, RawInventory, Surroundings};
use reeve_ledger::Case;
use reeve_log::{Output, Record, Segment, Topic, TopicNames};
use reeve_normalizer::Normalizer;
use reeve_policy::ConfigError;

use crate::cli::{Format, TriageArgs};
use crate::config::Config;
use crate::exit::{Failure, Outcome, unusable};
use crate::inputs::{self, Input};
use crate::normalize::{broken, line_of, note};
use crate::{clock, hooks, keys, line, rules, table};

/// How long inventories may take for one record: nobody waits behind it.
const LOOKUP: Duration = Duration::from_secs(10);

/// Ticks at the end, at most: each takes a bounded number of cases on.
const TICKS_MAX: usize = 100_000;

/// Tasks as NDJSON, or as a table.
///
/// # Errors
/// 66 if a path could not be opened, 78 for a bad inventory.
pub fn run(config: &Config, args: &TriageArgs) -> Outcome {
    let keys = keys::or_ephemeral(config)?;
    let runtime = line::runtime()?;
    let end = args.now.unwrap_or_else(clock::now);
    let inventories = inventories(config, args)?;
    let lookups = Lookups::new(inventories, runtime.handle().clone(), LOOKUP, 0);
    let mut triage = Triage::new(config, &keys, lookups, end);
    let places = inputs::resolve(&args.inputs.paths);
    let mut missing = places.missing;
    for place in &places.found {
        match inputs::read(place) {
            Ok(input) => triage.input(&input),
            Err(text) => missing.push(text),
        }
    }
    triage.finish();
    triage.print(args)?;
    inputs::refuse_missing(&missing)
}

fn inventories(config: &Config, args: &TriageArgs) -> Result<Inventories, Failure> {
    let Some(path) = &args.inventory else {
        return rules::inventories(config).map_err(Failure::Config);
    };
    std::fs::File::open(path)
        .map_err(|error| Failure::NoInput(unusable(path, error.kind(), "an inventory file (--inventory)")))?;
    let raw = RawInventory::from_file("file", &path.display().to_string());
    let around = Surroundings {
        env: &|_| None,
        base: std::path::Path::new("."),
    };
    Inventories::compile(
        RawInventories {
            inventories: vec![raw],
        },
        around,
    )
    .map_err(|faults| {
        let name = path.display().to_string();
        Failure::Config(
            faults
                .into_iter()
                .map(|fault| ConfigError::of_file(&name, fault.message))
                .collect(),
        )
    })
}

/// Nobody is told: what counts is what is printed.
struct Quiet;

impl Observe for Quiet {
    fn counts(&mut self, _: &Counts) {}
    fn state(&mut self, _: i32, _: Option<State<'_>>) {}
}

struct Triage {
    normalizer: Normalizer<fn(&reeve_normalizer::Counts)>,
    dispatcher: Dispatcher<Quiet>,
    end: Timestamp,
    clock: Timestamp,
    offsets: BTreeMap<Topic, i64>,
    revisions: Vec<Bytes>,
    last: BTreeMap<String, (usize, Task)>,
    rejected: u64,
}

impl Triage {
    fn new(config: &Config, keys: &Arc<HmacKeys>, lookups: Lookups, end: Timestamp) -> Self {
        let settings: Settings = rules::settings(config, Arc::clone(keys));
        let names = TopicNames::prefixed("");
        let parts = Parts {
            policy: Arc::clone(&config.policy),
            lookups,
            keys: Arc::clone(keys),
            names: names.clone(),
            partitions: 1,
            accept_loss: false,
            scrub: hooks::scrub(),
            sealed: false,
        };
        Self {
            normalizer: Normalizer::new(settings, names, |_| {}),
            dispatcher: Dispatcher::new(parts, Quiet),
            end,
            clock: Timestamp::EPOCH,
            offsets: BTreeMap::new(),
            revisions: Vec::new(),
            last: BTreeMap::new(),
            rejected: 0,
        }
    }

    /// A file of bodies as they stand on the topics, or anything that a scanner wrote.
    fn input(&mut self, input: &Input) {
        let text = std::str::from_utf8(&input.bytes).unwrap_or_default();
        if text
            .lines()
            .find(|line| !line.trim().is_empty())
            .and_then(body_of)
            .is_none()
        {
            return self.alert(Bytes::copy_from_slice(&input.bytes));
        }
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match body_of(line) {
                Some((topic, at)) => self.dispatch(topic, Bytes::copy_from_slice(line.as_bytes()), at),
                None => self.alert(Bytes::copy_from_slice(line.as_bytes())),
            }
        }
    }

    fn alert(&mut self, value: Bytes) {
        let record = self.record(Topic::Alerts, value, self.end);
        let output = self.normalizer.run(vec![record], self.end);
        self.normalizer.committed(self.end);
        for record in output.records {
            let Some(value) = record.value else { continue };
            if record.topic == Topic::Findings {
                let at =
                    serde_json::from_slice::<Observation>(&value).map_or(self.end, |body| time_of(&body));
                self.dispatch(Topic::Findings, value, at);
            } else {
                self.rejected += 1;
            }
        }
    }

    fn dispatch(&mut self, topic: Topic, value: Bytes, at: Timestamp) {
        self.clock = self.clock.max(at.min(self.end));
        let record = self.record(topic, value, self.clock);
        let output = self.dispatcher.run(vec![record], self.clock);
        self.dispatcher.committed(self.clock);
        self.take(output);
    }

    fn record(&mut self, topic: Topic, value: Bytes, timestamp: Timestamp) -> Record {
        let next = self.offsets.entry(topic).or_default();
        let offset = *next;
        *next += 1;
        Record {
            topic,
            partition: 0,
            offset,
            timestamp,
            key: None,
            value: Some(value),
            headers: Vec::new(),
        }
    }

    fn take(&mut self, output: Output) {
        for record in output.records {
            let Some(value) = record.value else { continue };
            match record.topic {
                Topic::Tasks => self.revision(value),
                Topic::TaskEvents => self.dispatch(Topic::TaskEvents, value, self.clock),
                Topic::DeadLetters => self.rejected += 1,
                _ => {}
            }
        }
    }

    fn revision(&mut self, value: Bytes) {
        if let Ok(task) = serde_json::from_slice::<Task>(&value) {
            self.last
                .insert(task.task_id.clone(), (self.revisions.len(), task));
        }
        self.revisions.push(value);
    }

    /// One tick at the end of time; what still waits for an inventory then leaves without it.
    fn finish(&mut self) {
        self.clock = self.clock.max(self.end);
        self.tick();
        if let Some(until) = self.dispatcher.cases().filter_map(Case::held_until).max() {
            self.clock = self.clock.max(until);
            self.tick();
        }
    }

    fn tick(&mut self) {
        for _ in 0..TICKS_MAX {
            let output = self.dispatcher.tick(0, self.clock);
            if output.is_empty() {
                break;
            }
            self.dispatcher.committed(self.clock);
            self.take(output);
        }
    }

    /// As they stand at the end, the most urgent first; or every revision in order.
    fn print(&self, args: &TriageArgs) -> Outcome {
        let mut out = BufWriter::new(io::stdout().lock());
        let mut last: Vec<&(usize, Task)> = self.last.values().collect();
        last.sort_by_key(|(_, task)| {
            (
                task.priority.band,
                task.deadlines.remediate_by,
                task.task_id.clone(),
            )
        });
        let format = args.output.unwrap_or(Format::Json);
        if format == Format::Table {
            let tasks: Vec<&Task> = last.iter().map(|(_, task)| task).collect();
            writeln!(out, "{}", table::tasks(&tasks, io::stdout().is_terminal())).map_err(broken)?;
        } else if args.changes {
            for revision in &self.revisions {
                out.write_all(revision)
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(broken)?;
            }
        } else {
            for (_, task) in last {
                line_of(&mut out, task)?;
            }
        }
        out.flush().map_err(broken)?;
        if self.rejected > 0 {
            note(&format!(
                "{} records were refused; `reeve normalize --rejects FILE` tells why",
                self.rejected
            ));
        }
        Ok(())
    }
}

/// The topic and time of a body as it stands on a topic; none if it is anything else.
fn body_of(line: &str) -> Option<(Topic, Timestamp)> {
    if !line.contains("\"kind\"") {
        return None;
    }
    if let Ok(observation) = serde_json::from_str::<Observation>(line) {
        return Some((Topic::Findings, time_of(&observation)));
    }
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let is_event = event.get("kind")?.as_str()? == "event" && event.get("event_id").is_some();
    let at = serde_json::from_value::<RawEvent>(event).map_or(Timestamp::EPOCH, |event| event.at);
    is_event.then_some((Topic::TaskEvents, at))
}

const fn time_of(observation: &Observation) -> Timestamp {
    match observation {
        Observation::Finding(finding) => finding.observed_at,
        Observation::Evidence(evidence) => evidence.observed_at,
        Observation::Receipt(receipt) => receipt.observed_at,
    }
}
