//! What parsing needs from outside: the key of the keyed hash, limits, evidence levels, labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use reeve_domain::observation::{EvidenceLevel, Frameworks, IssueType, Statement};
use reeve_domain::secret::HmacKeys;

use crate::formats;
use crate::mapping::Mappings;

/// Bounds of what one alert may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one document, a line of NDJSON counting as one.
    pub document_bytes: usize,
    /// Nesting of arrays and objects.
    pub depth: u32,
    /// Keys of one object.
    pub keys: usize,
    /// Bytes after decompression.
    pub inflated_bytes: usize,
    /// Bytes after decompression per byte before.
    pub inflated_ratio: usize,
    /// Structural envelopes inside one another; compression and BOM do not count.
    pub envelopes: u32,
    /// Results that are read; the others are refused.
    pub results: u32,
    /// Refusals with a place of their own; the others are counted, by reason and format.
    pub rejects: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 8 << 20,
            depth: 128,
            keys: 100_000,
            inflated_bytes: 64 << 20,
            inflated_ratio: 200,
            envelopes: 4,
            results: 100_000,
            rejects: 1_000,
        }
    }
}

/// Everything that parsing takes besides the alert.
#[derive(Clone)]
pub struct Settings {
    /// The key of the keyed hash, and the previous one during its rotation.
    pub keys: Arc<HmacKeys>,
    /// Bounds of what one alert may cost.
    pub limits: Limits,
    /// Which format may say what, and how far it is trusted.
    pub levels: EvidenceLevels,
    /// Formats as configuration, asked after the built-in ones.
    pub mappings: Mappings,
    /// Labels of published lists for every issue type; those not listed have none.
    pub frameworks: BTreeMap<IssueType, Frameworks>,
    /// For the negative controls of tests alone.
    #[doc(hidden)]
    pub scrub: Scrub,
}

impl Settings {
    /// The default limits and levels, no labels.
    pub fn new(keys: impl Into<Arc<HmacKeys>>) -> Self {
        Self {
            keys: keys.into(),
            limits: Limits::default(),
            levels: EvidenceLevels::built_in(),
            mappings: Mappings::default(),
            frameworks: BTreeMap::new(),
            scrub: Scrub::On,
        }
    }
}

/// Whether observations are scrubbed. `Off` exists so that a test can show that its canaries would be found.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrub {
    /// Always, outside tests.
    On,
    /// Test only: secrets stay where they were.
    Off,
}

/// Which format may make which statement, and the level it has. What is not listed may not be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidenceLevels(Vec<(String, Statement, EvidenceLevel)>);

impl EvidenceLevels {
    /// What every format declares for itself: the defaults of `config/evidence.yaml`.
    pub fn built_in() -> Self {
        let statements = formats::all().iter().flat_map(|format| {
            format
                .statements
                .iter()
                .map(|(statement, level)| (format.id.to_owned(), *statement, *level))
        });
        statements.collect()
    }

    /// The level of a statement of a format; none if it may not make it.
    pub fn of(&self, format: &str, statement: Statement) -> Option<EvidenceLevel> {
        let entry = self
            .0
            .iter()
            .find(|(name, said, _)| *said == statement && name == format);
        entry.map(|(_, _, level)| *level)
    }
}

impl FromIterator<(String, Statement, EvidenceLevel)> for EvidenceLevels {
    fn from_iter<I: IntoIterator<Item = (String, Statement, EvidenceLevel)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}
