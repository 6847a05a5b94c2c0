//! What one record costs: `record_cost FILE SUBJECTS PASSES [LEDGER]` dispatches the first observations of a file in batches, the
//! second and later passes as reports of the same at a later time; or `record_cost LEDGER` restores what such a run left.
//!
//! Under callgrind that collects in `step` alone, the difference of two runs is the instructions of a record, without what
//! starting up takes. Both print the memory a case takes, as Linux counts it.
#![allow(clippy::print_stdout, reason = "a program for people")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reeve_dispatcher::{Counts, Dispatcher, Lookups, Observe, Parts, State};
use reeve_domain::alert::Origin;
use reeve_domain::observation::Observation;
use reeve_domain::secret::HmacKeys;
use reeve_domain::time::Timestamp;
use reeve_inventories::{Inventories, RawInventories, Surroundings};
use reeve_log::{Output, Record, Segment, Topic, TopicNames};
use reeve_policy::Policy;
use tokio::runtime::Runtime;

/// As many findings as fill a transaction.
const BATCH: usize = 350;

type Fallible<T> = Result<T, Box<dyn Error>>;

struct Quiet;

impl Observe for Quiet {
    fn counts(&mut self, _: &Counts) {}
    fn state(&mut self, _: i32, _: Option<State<'_>>) {}
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut dispatcher = dispatcher(&runtime)?;
    match arguments.as_slice() {
        [ledger] => restore(&mut dispatcher, ledger),
        [file, subjects, passes] => dispatch(&mut dispatcher, file, subjects.parse()?, passes.parse()?, None),
        [file, subjects, passes, ledger] => {
            let ledger = BufWriter::new(File::create(ledger)?);
            dispatch(
                &mut dispatcher,
                file,
                subjects.parse()?,
                passes.parse()?,
                Some(ledger),
            )
        }
        _ => Err("expected: record_cost FILE SUBJECTS PASSES [LEDGER], or: record_cost LEDGER".into()),
    }
}

fn dispatcher(runtime: &Runtime) -> Fallible<Dispatcher<Quiet>> {
    let around = Surroundings {
        env: &|_| None,
        base: std::path::Path::new("."),
    };
    let none = RawInventories {
        inventories: Vec::new(),
    };
    let inventories = Inventories::compile(none, around).map_err(|_| "no inventories do not compile")?;
    let parts = Parts {
        policy: Arc::new(Policy::shipped()),
        lookups: Lookups::new(inventories, runtime.handle().clone(), Duration::from_secs(1), 0),
        keys: Arc::new(HmacKeys::new(b"0123456789abcdef0123456789abcdef")?),
        names: TopicNames::prefixed(""),
        partitions: 1,
        accept_loss: false,
        scrub: reeve_formats::Scrub::On,
        sealed: true,
    };
    Ok(Dispatcher::new(parts, Quiet))
}

fn dispatch(
    dispatcher: &mut Dispatcher<Quiet>,
    file: &str,
    subjects: usize,
    passes: u64,
    mut ledger: Option<BufWriter<File>>,
) -> Fallible<()> {
    let lines: Vec<String> = BufReader::new(File::open(file)?)
        .lines()
        .take(subjects)
        .collect::<Result<_, _>>()?;
    let before = resident()?;
    let mut written = Written::default();
    let mut offset = 0;
    for pass in 0..passes {
        for batch in lines.chunks(BATCH) {
            let records: Fallible<Vec<Record>> = batch
                .iter()
                .map(|line| {
                    offset += 1;
                    finding(line, pass, offset)
                })
                .collect();
            let events = step(dispatcher, records?, &mut written, ledger.as_mut())?;
            if !events.is_empty() {
                step(dispatcher, events, &mut written, ledger.as_mut())?;
            }
        }
    }
    println!("{}", written.text());
    report(dispatcher, before)
}

/// One batch with its commit; what it wrote for other subjects comes back as the next.
#[inline(never)]
fn step(
    dispatcher: &mut Dispatcher<Quiet>,
    records: Vec<Record>,
    written: &mut Written,
    ledger: Option<&mut BufWriter<File>>,
) -> Fallible<Vec<Record>> {
    let now = records
        .iter()
        .map(|record| record.timestamp)
        .max()
        .unwrap_or(Timestamp::EPOCH);
    let output = dispatcher.run(records, now);
    written.add(&output, ledger)?;
    dispatcher.committed(now);
    let events = output
        .records
        .into_iter()
        .filter(|record| record.topic == Topic::TaskEvents);
    Ok(events
        .filter_map(|record| Some(incoming(Topic::TaskEvents, record.value?, now)))
        .collect())
}

/// A report of the same at `pass` minutes later, from another record.
fn finding(line: &str, pass: u64, offset: i64) -> Fallible<Record> {
    let mut observation: Observation = serde_json::from_str(line)?;
    let mut at = Timestamp::EPOCH;
    if let Observation::Finding(finding) = &mut observation {
        at = finding.observed_at.plus_seconds(60 * i64::try_from(pass)?);
        finding.observed_at = at;
        finding.provenance.origin = Origin::Topic {
            topic: "alerts.raw".into(),
            partition: 0,
            offset,
            timestamp: None,
        };
    }
    let value = serde_json::to_vec(&observation)?.into();
    Ok(Record {
        offset,
        ..incoming(Topic::Findings, value, at)
    })
}

fn incoming(topic: Topic, value: Bytes, timestamp: Timestamp) -> Record {
    Record {
        topic,
        partition: 0,
        offset: 0,
        timestamp,
        key: None,
        value: Some(value),
        headers: Vec::new(),
    }
}

/// Records and bytes of values by topic.
#[derive(Default)]
struct Written(BTreeMap<Topic, (u64, u64)>);

impl Written {
    fn add(&mut self, output: &Output, ledger: Option<&mut BufWriter<File>>) -> Fallible<()> {
        for record in &output.records {
            let value = record.value.as_deref().unwrap_or_default();
            let (records, bytes) = self.0.entry(record.topic).or_default();
            *records += 1;
            *bytes += value.len() as u64;
        }
        if let Some(ledger) = ledger {
            for record in output
                .records
                .iter()
                .filter(|record| record.topic == Topic::Ledger)
            {
                ledger.write_all(&record.key)?;
                ledger.write_all(b"\t")?;
                ledger.write_all(record.value.as_deref().unwrap_or_default())?;
                ledger.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn text(&self) -> String {
        let shown = |(topic, (records, bytes)): (&Topic, &(u64, u64))| {
            format!(
                "{topic:?}: {records} records of {} bytes",
                bytes / records.max(&1)
            )
        };
        self.0.iter().map(shown).collect::<Vec<_>>().join(", ")
    }
}

fn restore(dispatcher: &mut Dispatcher<Quiet>, ledger: &str) -> Fallible<()> {
    let before = resident()?;
    dispatcher.begin_restore(0);
    for (offset, line) in BufReader::new(File::open(ledger)?).lines().enumerate() {
        let line = line?;
        let (key, value) = line.split_once('\t').ok_or("expected a key, a tab and a value")?;
        let value = Bytes::copy_from_slice(value.as_bytes());
        dispatcher.restore(Record {
            offset: i64::try_from(offset)?,
            key: Some(Bytes::copy_from_slice(key.as_bytes())),
            ..incoming(Topic::Ledger, value, Timestamp::EPOCH)
        })?;
    }
    report(dispatcher, before)
}

fn report(dispatcher: &Dispatcher<Quiet>, before: u64) -> Fallible<()> {
    let cases = dispatcher.cases().count() as u64;
    let bytes = resident()?.saturating_sub(before) / cases.max(1);
    println!("{cases} cases, {bytes} bytes of memory each");
    Ok(())
}

fn resident() -> Fallible<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or("no VmRSS")?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}
