//! `reeve normalize`: raw alerts from files → observations as NDJSON, and an account of every record.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use reeve_domain::alert::{Origin, RawAlert};
use reeve_domain::key::SubjectKey;
use reeve_domain::observation::Observation;
use reeve_domain::reject::{DeadLetter, Payload, Stage};
use reeve_domain::time::Timestamp;
use reeve_formats::{Item, Parsed, Scrub, Settings};
use serde::Serialize;

use crate::cli::NormalizeArgs;
use crate::config::Config;
use crate::exit::{Failure, Outcome, unusable, why};
use crate::inputs::{self, Input};
use crate::{clock, explain, keys, rules};

/// Observations to stdout, the account to stderr and to the files that were asked for.
///
/// # Errors
/// 66 if a file to write cannot be made (nothing is read then) or a path could not be opened (all others are read).
pub fn run(config: &Config, args: &NormalizeArgs) -> Outcome {
    let mut settings = rules::settings(config, keys::or_ephemeral(config)?);
    // A file is read once, by its owner, and nothing waits behind it.
    (settings.limits.results, settings.limits.rejects) = (u32::MAX, 100_000);
    let places = inputs::resolve(&args.inputs.paths);
    let mut missing = places.missing;
    let mut work = Work {
        settings,
        now: args.now.unwrap_or_else(clock::now),
        out: BufWriter::new(io::stdout().lock()),
        rejects: created(args.rejects.as_deref(), "--rejects")?,
        account: created(args.summary.as_deref(), "--summary")?,
        summary: Summary::default(),
        subjects: HashSet::new(),
        explain: args.explain,
    };
    let progress = progress(places.found.len());
    for place in &places.found {
        match inputs::read(place) {
            Ok(input) => work.input(&input)?,
            Err(text) => missing.push(text),
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    work.finish()?;
    inputs::refuse_missing(&missing)
}

struct Work<W: Write> {
    settings: Settings,
    now: Timestamp,
    out: W,
    rejects: Option<BufWriter<File>>,
    account: Option<BufWriter<File>>,
    summary: Summary,
    subjects: HashSet<SubjectKey>,
    explain: bool,
}

/// The account of a run.
#[derive(Default, Serialize)]
struct Summary {
    files: u64,
    records: u64,
    observed: u64,
    findings: u64,
    evidence: u64,
    receipts: u64,
    empty: u64,
    /// Findings whose rule is in no table: their issue type is the default of their format.
    unmapped: u64,
    /// Distinct subjects of findings.
    subjects: u64,
    /// Findings of a subject that an earlier one was of.
    merged: u64,
    dropped: BTreeMap<&'static str, u64>,
    rejected: BTreeMap<&'static str, u64>,
    by_file: Vec<OfFile>,
}

/// The account of one file.
#[derive(Default, Serialize)]
struct OfFile {
    path: String,
    format: Option<String>,
    envelopes: Vec<&'static str>,
    records: u64,
    observed: u64,
    findings: u64,
    evidence: u64,
    receipts: u64,
    empty: bool,
    dropped: BTreeMap<&'static str, u64>,
    rejected: BTreeMap<&'static str, u64>,
}

impl<W: Write> Work<W> {
    fn input(&mut self, input: &Input) -> Outcome {
        let name = reeve_formats::scrubbed_text(&input.name, Scrub::On);
        let name = name.unwrap_or_else(|| input.name.clone());
        let origin = Origin::File {
            file: name.as_str().into(),
        };
        let alert = RawAlert {
            value: &input.bytes,
            headers: &[],
            origin: origin.clone(),
            received_at: self.now,
        };
        let parsed = reeve_formats::parse(&alert, &self.settings);
        self.write(&parsed, &origin, &input.bytes)?;
        if self.explain {
            explain::tell(&name, &alert, &parsed, &self.settings);
        }
        self.summary.add(account(name, &parsed));
        self.count_subjects(&parsed);
        Ok(())
    }

    /// Findings of one subject are one task each issue: what is left to do is less than what was found.
    fn count_subjects(&mut self, parsed: &Parsed) {
        self.summary.unmapped += u64::from(parsed.unmapped);
        for observation in observations(parsed) {
            if let Observation::Finding(finding) = observation {
                let new = self.subjects.insert(finding.subject.key.clone());
                self.summary.subjects += u64::from(new);
                self.summary.merged += u64::from(!new);
            }
        }
    }

    fn write(&mut self, parsed: &Parsed, origin: &Origin, payload: &[u8]) -> Outcome {
        let read = OnceCell::new();
        for item in &parsed.items {
            match item {
                Item::Observed { observations, .. } => {
                    for observation in observations {
                        line_of(&mut self.out, observation)?;
                    }
                }
                Item::Dropped { .. } => {}
                Item::Rejected(reject) => {
                    if let Some(rejects) = &mut self.rejects {
                        let payload = read.get_or_init(|| Payload::of(payload, &self.settings.keys));
                        let letter = DeadLetter::about(reject, Stage::Normalize, origin.clone(), payload);
                        line_of(rejects, &letter)?;
                    }
                }
            }
        }
        for receipt in &parsed.receipts {
            line_of(&mut self.out, &Observation::Receipt(Box::new(receipt.clone())))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Outcome {
        self.out.flush().map_err(broken)?;
        if let Some(rejects) = &mut self.rejects {
            rejects.flush().map_err(broken)?;
        }
        if let Some(account) = &mut self.account {
            line_of(account, &self.summary)?;
            account.flush().map_err(broken)?;
        }
        note(&self.summary.in_words());
        Ok(())
    }
}

impl Summary {
    fn add(&mut self, file: OfFile) {
        self.files += 1;
        self.records += file.records;
        self.observed += file.observed;
        self.findings += file.findings;
        self.evidence += file.evidence;
        self.receipts += file.receipts;
        self.empty += u64::from(file.empty);
        for (reason, count) in &file.dropped {
            *self.dropped.entry(reason).or_default() += count;
        }
        for (reason, count) in &file.rejected {
            *self.rejected.entry(reason).or_default() += count;
        }
        self.by_file.push(file);
    }

    fn in_words(&self) -> String {
        let by_reason = |counts: &BTreeMap<&'static str, u64>| {
            let parts: Vec<String> = counts
                .iter()
                .map(|(reason, count)| format!("{reason} {count}"))
                .collect();
            if parts.is_empty() {
                "0".to_owned()
            } else {
                parts.join(", ")
            }
        };
        format!(
            "{} files, {} records: {} observed ({} findings of {} subjects, {} merged; {} evidence), dropped {}, rejected {}; {} empty, {} receipts, {} with a rule in no table",
            self.files,
            self.records,
            self.observed,
            self.findings,
            self.subjects,
            self.merged,
            self.evidence,
            by_reason(&self.dropped),
            by_reason(&self.rejected),
            self.empty,
            self.receipts,
            self.unmapped,
        )
    }
}

fn observations(parsed: &Parsed) -> impl Iterator<Item = &Observation> {
    parsed.items.iter().flat_map(|item| match item {
        Item::Observed { observations, .. } => observations.as_slice(),
        _ => &[],
    })
}

fn account(path: String, parsed: &Parsed) -> OfFile {
    let mut of = OfFile {
        path,
        format: (!parsed.formats.is_empty()).then(|| parsed.formats.join(",")),
        envelopes: parsed.envelopes.clone(),
        records: u64::from(parsed.records),
        receipts: parsed.receipts.len() as u64,
        empty: parsed.empty,
        ..OfFile::default()
    };
    for item in &parsed.items {
        match item {
            Item::Observed { observations, .. } => {
                of.observed += 1;
                let findings = observations
                    .iter()
                    .filter(|one| matches!(one, Observation::Finding(_)))
                    .count() as u64;
                of.findings += findings;
                of.evidence += observations.len() as u64 - findings;
            }
            Item::Dropped { reason, .. } => *of.dropped.entry(reason.as_str()).or_default() += 1,
            Item::Rejected(reject) => {
                *of.rejected.entry(reject.reason.as_str()).or_default() += u64::from(reject.results);
            }
        }
    }
    of
}

/// One JSON value as a line.
pub fn line_of(out: &mut impl Write, value: &impl Serialize) -> Outcome {
    serde_json::to_writer(&mut *out, value).map_err(|error| broken(error.into()))?;
    out.write_all(b"\n").map_err(broken)
}

/// The file that `option` asks for, made before anything is read.
fn created(path: Option<&Path>, option: &str) -> Result<Option<BufWriter<File>>, Failure> {
    let create = |path: &Path| {
        let expected = format!("a file that can be written ({option})");
        File::create(path).map_err(|error| Failure::NoInput(unusable(path, error.kind(), &expected)))
    };
    Ok(path.map(create).transpose()?.map(BufWriter::new))
}

/// Why stdout, or a file, took no more.
pub fn broken(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::NobodyReads;
    }
    Failure::Internal(format!("cannot write: {}", why(error.kind())))
}

/// A line on stderr.
pub fn note(text: &str) {
    let mut stderr = io::stderr().lock();
    // Nobody is left to be told that stderr is closed.
    drop(writeln!(stderr, "{text}"));
}

/// A bar on a terminal, nothing elsewhere.
pub fn progress(length: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
}
