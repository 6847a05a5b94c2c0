//! One file of the language, compiled: how an object is told, which records it holds, what each of them says.

use reeve_domain::reject::{DropReason, Reason, Reject};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::choice::drop_reason;
use super::condition::{self, Condition, all_hold, first_broken};
use super::fault::{Faults, MappingFault};
use super::interned;
use super::path::{Path, Step, levels};
use super::reading::{RawReading, Reading, Said};
use super::sample::{RawSample, Sample};
use super::scope::Scope;
use super::written::OneOrMany;
use crate::draft;
use crate::json::Json;

/// Longest name of a mapping; it is a format id, on the wire and in metrics.
const NAME_CHARS_MAX: usize = 48;

/// A mapping that can be run.
pub(super) struct Compiled {
    pub(super) name: &'static str,
    pub(super) version: u32,
    pub(super) tool: Box<str>,
    detect: Vec<Condition>,
    blocks: Vec<Block>,
    pub(super) samples: Vec<Sample>,
}

/// Records of one kind.
struct Block {
    when: Vec<Condition>,
    each: Vec<Path>,
    skip: Vec<Skip>,
    readings: Vec<Reading>,
}

#[derive(Clone)]
struct Skip {
    when: Vec<Condition>,
    reason: DropReason,
}

/// One record, and how its kind is read.
pub(super) struct Row<'d> {
    scope: Scope<'d>,
    block: &'d Block,
}

impl Compiled {
    /// Whether an object is of this mapping.
    pub(super) fn claims(&self, json: &Json<'_>) -> bool {
        all_hold(&self.detect, &Scope::of(json))
    }

    /// Why an object is not of this mapping.
    pub(super) fn refusal(&self, json: &Json<'_>) -> Option<String> {
        first_broken(&self.detect, &Scope::of(json))
    }

    /// How many of the conditions of `detect` hold, in per cent.
    pub(super) fn nearness(&self, json: &Json<'_>) -> u8 {
        let (holding, all) = condition::counted(&self.detect, &Scope::of(json));
        u8::try_from(holding * 100 / all.max(1)).unwrap_or(100)
    }

    /// Every record of an object, in the order of the file and of the object.
    pub(super) fn rows<'d>(&'d self, json: &'d Json<'d>) -> Result<Vec<Row<'d>>, Reject> {
        let mut rows = Vec::new();
        let root = Scope::of(json);
        for block in self.blocks.iter().filter(|block| all_hold(&block.when, &root)) {
            for each in &block.each {
                let steps = each.steps_from_root().unwrap_or_default();
                check_shape(json, steps, each)?;
                collect(&root, json, steps, &mut |scope| rows.push(Row { scope, block }));
            }
        }
        Ok(rows)
    }
}

/// A list of results that is no list is drift of the source, not an empty report.
fn check_shape(json: &Json<'_>, steps: &[Step], each: &Path) -> Result<(), Reject> {
    let Some(at) = steps
        .iter()
        .position(|step| matches!(step, Step::Elements | Step::Entries))
    else {
        return Ok(());
    };
    let mut fits = true;
    levels(json, None, &steps[..at], &mut |value, _, is_end| {
        let wanted = match steps[at] {
            Step::Elements => matches!(value, Json::Array(_)),
            _ => value.is_object(),
        };
        fits &= !is_end || wanted || value.is_null();
    });
    match fits {
        true => Ok(()),
        false => Err(Reject::field(
            Reason::InvalidField,
            format!("/{}", each.written().replace('.', "/")),
            "expected a list or a map of results",
        )),
    }
}

/// The scopes at the end of steps; every wildcard on the way is a level of its own.
fn collect<'d>(scope: &Scope<'d>, json: &'d Json<'d>, steps: &[Step], take: &mut dyn FnMut(Scope<'d>)) {
    let Some(at) = steps
        .iter()
        .position(|step| matches!(step, Step::Elements | Step::Entries))
    else {
        return match steps.is_empty() {
            true => take(scope.clone()),
            false => levels(json, None, steps, &mut |json, key, _| {
                take(scope.below(json, key))
            }),
        };
    };
    levels(json, None, &steps[..=at], &mut |one, key, is_end| {
        if is_end {
            collect(&scope.below(one, key), one, &steps[at + 1..], take);
        }
    });
}

impl<'d> Row<'d> {
    /// What the record means.
    pub(super) fn read(&self) -> Result<draft::Reading<'d>, Reject> {
        let mut said = Said::default();
        let skip = self
            .block
            .skip
            .iter()
            .find(|skip| all_hold(&skip.when, &self.scope));
        if let Some(skip) = skip {
            return Ok(draft::Reading::Dropped(skip.reason));
        }
        for reading in &self.block.readings {
            reading.secrets(&self.scope, &mut said);
        }
        let shielded = self.scope.shielded(said.secrets.clone());
        for reading in &self.block.readings {
            reading.read(&shielded, &mut said);
        }
        if !said.drafts.is_empty() {
            return Ok(draft::Reading::observed(said.secrets, said.drafts));
        }
        if said.lacks_subject {
            return Err(Reject::document(
                Reason::NoSubject,
                "no kind of subject of the mapping has all it needs",
            ));
        }
        Ok(draft::Reading::Dropped(
            said.nothing.unwrap_or(DropReason::NotIdentityRelevant),
        ))
    }

    /// What is missing, reading by reading.
    pub(super) fn missing(&self) -> Vec<String> {
        if let Some(skip) = self
            .block
            .skip
            .iter()
            .find(|skip| all_hold(&skip.when, &self.scope))
        {
            return vec![format!("skipped: {}", skip.reason.as_str())];
        }
        let readings = self.block.readings.iter().enumerate();
        let lines = readings.flat_map(|(at, reading)| {
            let lines = reading.missing(&self.scope).into_iter();
            lines.map(move |line| format!("observe {}: {line}", at))
        });
        lines.collect()
    }
}

/// A file of the language as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMapping {
    name: String,
    version: u32,
    tool: String,
    /// For people; kept nowhere.
    #[serde(default, rename = "about")]
    _about: String,
    /// Room for YAML anchors; read nowhere.
    #[serde(default, rename = "tables")]
    _tables: serde::de::IgnoredAny,
    detect: OneOrMany<Condition>,
    #[serde(default)]
    defaults: RawReading,
    records: OneOrMany<RawBlock>,
    samples: OneOrMany<RawSample>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBlock {
    /// Of the whole object; otherwise the block has no records.
    #[serde(default)]
    when: OneOrMany<Condition>,
    #[serde(default)]
    each: OneOrMany<Path>,
    #[serde(default)]
    skip: OneOrMany<RawSkip>,
    observe: OneOrMany<RawReading>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSkip {
    when: OneOrMany<Condition>,
    reason: Dropped,
}

#[derive(Clone, Copy)]
struct Dropped(DropReason);

impl<'de> Deserialize<'de> for Dropped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        drop_reason(&text).map(Self).ok_or_else(|| {
            D::Error::custom(
                "expected `not_identity_relevant`, `sample`, `suppressed_at_source`, `no_result` or `no_statement`",
            )
        })
    }
}

impl RawMapping {
    /// The name as it is written.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn compile(self) -> Result<Compiled, Vec<MappingFault>> {
        let mut faults = Faults::default();
        if !is_name(&self.name) {
            faults.push("/name", "expected 1 to 48 lower-case letters, digits and `-`");
        }
        if crate::formats::ids().any(|id| id == self.name) {
            faults.push("/name", "a built-in format has this name");
        }
        if self.detect.0.is_empty() {
            faults.push("/detect", "expected at least one condition");
        }
        if self.samples.0.is_empty() {
            faults.push(
                "/samples",
                "expected at least one sample with what is expected of it",
            );
        }
        let mut blocks = Vec::new();
        let pointers: Vec<String> = (0..self.records.0.len())
            .map(|at| self.records.pointer("/records", at))
            .collect();
        for (block, pointer) in self.records.0.into_iter().zip(pointers) {
            blocks.extend(block.compile(&self.defaults, &pointer, &mut faults));
        }
        faults.into_result(Compiled {
            name: interned(&self.name),
            version: self.version,
            tool: self.tool.into(),
            detect: self.detect.0,
            blocks,
            samples: Sample::all(self.samples),
        })
    }
}

impl RawBlock {
    fn compile(self, defaults: &RawReading, pointer: &str, faults: &mut Faults) -> Option<Block> {
        let before = faults.count();
        for (at, each) in self.each.0.iter().enumerate() {
            if each.steps_from_root().is_none() {
                faults.push(
                    self.each.pointer(&format!("{pointer}/each"), at),
                    "expected a path that begins at the whole object",
                );
            }
        }
        if self.observe.0.is_empty() {
            faults.push(format!("{pointer}/observe"), "expected at least one reading");
        }
        let mut readings = Vec::new();
        let whole = format!("{pointer}/observe");
        let pointers: Vec<String> = (0..self.observe.0.len())
            .map(|at| self.observe.pointer(&whole, at))
            .collect();
        for (raw, here) in self.observe.0.into_iter().zip(pointers) {
            match raw.compile(defaults) {
                Ok(reading) => readings.push(reading),
                Err((below, message)) => faults.push(format!("{here}{below}"), message),
            }
        }
        let each = match self.each.0.is_empty() {
            true => vec![super::path::parse("").ok()?],
            false => self.each.0,
        };
        let skip = self.skip.0.into_iter().map(|skip| Skip {
            when: skip.when.0,
            reason: skip.reason.0,
        });
        (faults.count() == before).then(|| Block {
            when: self.when.0,
            each,
            skip: skip.collect(),
            readings,
        })
    }
}

fn is_name(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(allowed)
}
