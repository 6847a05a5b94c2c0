//! Formats as configuration: one YAML file says how a source's objects are told, read and shown, and proves it on
//! samples of its own.
//!
//! A mapping does what a built-in format does, on the same tree and through the same drafts: it never builds an
//! observation, never scrubs, never makes a keyed hash. Paths, patterns and tables are compiled once, when the file
//! is read. The language is described in `docs/mappings.md`.

mod choice;
mod compiled;
mod condition;
mod fault;
mod kinds;
mod moment;
mod parts;
mod path;
mod reading;
mod sample;
mod scope;
mod subject;
mod template;
mod value;
mod written;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use reeve_domain::reject::Reject;

pub use compiled::RawMapping;
use compiled::{Compiled, Row};
pub use fault::MappingFault;

use crate::draft::Reading;
use crate::json::Json;
use fault::Faults;

/// Mappings that are used together; empty by default. A copy costs nothing.
#[derive(Clone, Default)]
pub struct Mappings(Arc<[Mapping]>);

/// One mapping, compiled.
#[derive(Clone)]
pub(crate) struct Mapping(Arc<Compiled>);

/// One record of a mapping's object.
pub(crate) struct MappedRecord<'d>(Row<'d>);

impl Mappings {
    /// Compiles files and runs their samples, each alone and all together.
    ///
    /// # Errors
    /// Every mistake, with the index of its file: what cannot be compiled, a sample whose output differs, two of one
    /// name, a sample that another mapping or a built-in format claims.
    pub fn compile(raw: impl IntoIterator<Item = RawMapping>) -> Result<Self, Vec<(usize, MappingFault)>> {
        let mut faults = Vec::new();
        let mut mappings: Vec<(usize, Mapping)> = Vec::new();
        for (at, raw) in raw.into_iter().enumerate() {
            match raw.compile() {
                Ok(compiled) => mappings.push((at, Mapping(Arc::new(compiled)))),
                Err(more) => faults.extend(more.into_iter().map(|fault| (at, fault))),
            }
        }
        mappings.sort_by_key(|(_, mapping)| mapping.name());
        let all = Self(mappings.iter().map(|(_, mapping)| mapping.clone()).collect());
        let mut names = BTreeSet::new();
        for (at, mapping) in &mappings {
            let mut own = Faults::default();
            if !names.insert(mapping.name()) {
                own.push("/name", "another mapping has this name");
            }
            sample::check(mapping.name(), &mapping.0.samples, &all, &mut own);
            let more = own.into_result(()).err().unwrap_or_default();
            faults.extend(more.into_iter().map(|fault| (*at, fault)));
        }
        faults.sort_by_key(|(at, _)| *at);
        if faults.is_empty() { Ok(all) } else { Err(faults) }
    }

    /// The names of the mappings: format ids like any other.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|mapping| mapping.0.name)
    }

    /// The inputs of every sample, by the name of their mapping.
    #[doc(hidden)]
    pub fn samples(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let of_one = |mapping: &'_ Mapping| mapping.0.samples.len();
        self.0
            .iter()
            .flat_map(move |mapping| (0..of_one(mapping)).map(move |at| (mapping, at)))
            .map(|(mapping, at)| (mapping.0.name, mapping.0.samples[at].input.as_str()))
    }

    pub(crate) fn all(&self) -> &[Mapping] {
        &self.0
    }

    /// The mapping of an object.
    pub(crate) fn of(&self, json: &Json<'_>) -> Option<&Mapping> {
        self.0.iter().find(|mapping| mapping.claims(json))
    }
}

impl Mapping {
    pub(crate) fn name(&self) -> &'static str {
        self.0.name
    }

    pub(crate) fn version(&self) -> u32 {
        self.0.version
    }

    pub(crate) fn tool(&self) -> &str {
        &self.0.tool
    }

    pub(crate) fn claims(&self, json: &Json<'_>) -> bool {
        self.0.claims(json)
    }

    /// Why an object is not of this mapping, in words of its file.
    pub(crate) fn refusal(&self, json: &Json<'_>) -> Option<String> {
        self.0.refusal(json)
    }

    /// How near an object is to being claimed, in per cent.
    pub(crate) fn nearness(&self, json: &Json<'_>) -> u8 {
        self.0.nearness(json)
    }

    /// Every record of an object.
    pub(crate) fn records<'d>(&'d self, json: &'d Json<'d>) -> Result<Vec<MappedRecord<'d>>, Reject> {
        Ok(self.0.rows(json)?.into_iter().map(MappedRecord).collect())
    }
}

impl<'d> MappedRecord<'d> {
    /// What the record means.
    pub(crate) fn read(&self) -> Result<Reading<'d>, Reject> {
        self.0.read()
    }

    /// What the mapping looked for in it and did not find.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.0.missing()
    }
}

/// A name of the configuration that lives as long as the process: names of formats are `'static` everywhere, and a
/// file that is read twice costs its names once.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = name.to_owned().leak();
    names.insert(name);
    name
}
