//! One factor: which fact it reads, where that fact came from, and what it is worth.

use reeve_domain::context::{Criticality, Environment, Privilege};
use reeve_domain::observation::{Exposure, Validity};
use reeve_domain::priority::Factor;
use reeve_domain::time::Timestamp;
use serde::Deserialize;

use super::scale::Scale;
use crate::matcher::View;

/// The facts that can be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reads {
    Exposure,
    Validity,
    LastUsed,
    Privilege,
    Environment,
    Dependents,
    Criticality,
}

/// A factor ready to score.
#[derive(Clone, Debug)]
pub(super) struct FactorModel {
    pub(super) name: String,
    pub(super) reads: Reads,
    /// Classes of subject it can apply to, as a set.
    pub(super) classes: u32,
    pub(super) scale: Scale,
    pub(super) max: i32,
}

const VALIDITY: [&str; 4] = ["active", "suspected_misuse", "unknown", "inactive"];

/// A value as it was found.
struct Seen<'a> {
    value: String,
    points: i32,
    source: &'a str,
    as_of: Option<Timestamp>,
    known: bool,
}

impl Reads {
    /// The words of a closed fact in the order of its scale; none for a number.
    pub(super) fn words(self) -> Vec<&'static str> {
        match self {
            Self::Exposure => Exposure::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Validity => VALIDITY.to_vec(),
            Self::Privilege => Privilege::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Environment => Environment::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Criticality => Criticality::ALL.iter().map(|word| word.as_str()).collect(),
            Self::LastUsed | Self::Dependents => Vec::new(),
        }
    }

    /// Whether a larger number means more risk; none for words.
    pub(super) const fn rises(self) -> Option<bool> {
        match self {
            Self::Dependents => Some(true),
            Self::LastUsed => Some(false),
            _ => None,
        }
    }

    /// The name of the field in the context's provenance; none where the finding says it.
    const fn field(self) -> Option<&'static str> {
        match self {
            Self::Exposure | Self::Validity => None,
            Self::LastUsed => Some("last_used_at"),
            Self::Privilege => Some("privilege"),
            Self::Environment => Some("environment"),
            Self::Dependents => Some("dependents.count"),
            Self::Criticality => Some("criticality"),
        }
    }
}

impl FactorModel {
    /// Its row for one task.
    pub(super) fn row(&self, view: &View<'_>, now: Timestamp) -> Factor {
        if self.classes & (1 << view.facts.subject.class as u32) == 0 {
            return self.not_applicable(view);
        }
        let seen = self.see(view, now);
        Factor {
            factor: self.name.clone(),
            value: seen.value,
            points: seen.points,
            max: self.max,
            source: seen.source.to_owned(),
            as_of: seen.as_of,
            defaulted: !seen.known,
            applicable: true,
        }
    }

    fn not_applicable(&self, view: &View<'_>) -> Factor {
        Factor {
            factor: self.name.clone(),
            value: format!("does not apply to the class {}", view.facts.subject.class),
            points: 0,
            max: self.max,
            source: "policy".to_owned(),
            as_of: None,
            defaulted: false,
            applicable: false,
        }
    }

    fn see<'a>(&self, view: &View<'a>, now: Timestamp) -> Seen<'a> {
        let context = &view.facts.knowledge.context;
        match self.reads {
            Reads::Exposure => {
                let exposure = view.facts.exposure;
                self.word(
                    view,
                    exposure as usize,
                    exposure.as_str(),
                    exposure != Exposure::Unknown,
                )
            }
            Reads::Validity => self.validity(view),
            Reads::Privilege => self.word(
                view,
                view.privilege as usize,
                view.privilege.as_str(),
                view.privilege != Privilege::Unknown,
            ),
            Reads::Environment => {
                let environment = view.environment;
                self.word(
                    view,
                    environment as usize,
                    environment.as_str(),
                    environment != Environment::Unknown,
                )
            }
            Reads::Criticality => {
                let criticality = context.criticality.unwrap_or(Criticality::Unknown);
                self.word(
                    view,
                    criticality as usize,
                    criticality.as_str(),
                    criticality != Criticality::Unknown,
                )
            }
            Reads::LastUsed => {
                let days = context
                    .last_used_at
                    .map(|used| now.seconds_since(used).max(0).unsigned_abs() / 86_400);
                self.number(view, days, |days| format!("used {days} d ago"))
            }
            Reads::Dependents => self.number(view, context.dependents.count, |count| {
                format!("{count} dependents")
            }),
        }
    }

    fn validity<'a>(&self, view: &View<'a>) -> Seen<'a> {
        let index = match view.facts.validity {
            Validity::Active => 0,
            _ if view.facts.suspected_misuse => 1,
            Validity::Unknown => 2,
            Validity::Inactive => 3,
        };
        self.word(view, index, VALIDITY[index], index != 2)
    }

    fn word<'a>(&self, view: &View<'a>, index: usize, word: &str, known: bool) -> Seen<'a> {
        let (source, as_of) = self.source(view, known);
        Seen {
            value: word.to_owned(),
            points: self.scale.word(index),
            source,
            as_of,
            known,
        }
    }

    fn number<'a>(&self, view: &View<'a>, value: Option<u64>, says: impl Fn(u64) -> String) -> Seen<'a> {
        let (source, as_of) = self.source(view, value.is_some());
        Seen {
            value: value.map_or_else(|| "unknown".to_owned(), says),
            points: value.map_or(self.scale.unknown(), |value| self.scale.step(value)),
            source,
            as_of,
            known: value.is_some(),
        }
    }

    fn source<'a>(&self, view: &View<'a>, known: bool) -> (&'a str, Option<Timestamp>) {
        let Some(field) = self.reads.field() else {
            return ("finding", Some(view.facts.last_observed_at));
        };
        let provenance = &view.facts.knowledge.context.provenance;
        let from = provenance
            .get(field)
            .or_else(|| provenance.get(field.split('.').next().unwrap_or(field)));
        match from {
            Some(from) if known => (&from.source, Some(from.as_of)),
            _ if known
                && self.reads == Reads::Privilege
                && view.facts.knowledge.context.privilege.is_none() =>
            {
                ("subject", None)
            }
            _ if known => ("inventory", None),
            _ => ("default", None),
        }
    }
}
