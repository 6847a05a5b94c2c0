//! Conditions on a task, the same in every file: fields are joined by "and", the words of one field by "or".

mod cover;
mod field;
mod raw;
mod view;
mod words;

pub(crate) use cover::{Reach, covers};
pub(crate) use field::Field;
pub(crate) use raw::RawMatches;
pub(crate) use view::View;
pub(crate) use words::Words;

use crate::config::{ConfigError, Document};

/// Fits if any of its alternatives fits; no alternative fits everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matches {
    alternatives: Vec<Matcher>,
}

/// Fits if every test does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matcher {
    tests: Vec<Test>,
}

/// One field against the words that are allowed for it.
#[derive(Clone, Debug)]
enum Test {
    Closed { field: Field, allowed: u32 },
    Open { field: Field, allowed: Words },
    Tag { name: String, allowed: Words },
}

impl Matches {
    /// Checks and compiles what was written at `pointer`; fields outside `known` are not known where it is used.
    pub(crate) fn compile(
        raw: Option<RawMatches>,
        known: &[Field],
        (document, pointer): (&Document, &str),
        errors: &mut Vec<ConfigError>,
    ) -> Self {
        let written = raw.map(|raw| raw.0).unwrap_or_default();
        let single = written.len() == 1;
        let place = |index: usize| {
            if single {
                pointer.to_owned()
            } else {
                format!("{pointer}/{index}")
            }
        };
        let compiled = written.into_iter().enumerate();
        let alternatives = compiled
            .map(|(index, raw)| {
                let matcher = raw.compile();
                matcher.check(known, (document, &place(index)), errors);
                matcher
            })
            .collect();
        Self { alternatives }
    }

    /// Whether it fits.
    pub(crate) fn fits(&self, view: &View<'_>) -> bool {
        self.alternatives.is_empty()
            || self
                .alternatives
                .iter()
                .any(|matcher| matcher.failing(view).is_none())
    }

    /// The first test that fails, in words; of several alternatives one each. None if it fits.
    pub(crate) fn failure(&self, view: &View<'_>) -> Option<String> {
        let mut failures = Vec::new();
        for matcher in &self.alternatives {
            failures.push(matcher.failing(view)?.failure(view));
        }
        if failures.is_empty() {
            None
        } else {
            Some(failures.join("; or "))
        }
    }

    /// What it can fit at all, one per alternative; the whole space if it has none.
    pub(crate) fn reaches(&self) -> Vec<Reach> {
        if self.alternatives.is_empty() {
            return vec![Reach::of(&Matcher::default())];
        }
        self.alternatives.iter().map(Reach::of).collect()
    }

    /// In words, e.g. `class: secret, band: P1 | P2`.
    pub(crate) fn says(&self) -> String {
        let each: Vec<String> = self.alternatives.iter().map(Matcher::says).collect();
        if each.iter().all(String::is_empty) {
            "everything".to_owned()
        } else {
            each.join("; or ")
        }
    }
}

impl Matcher {
    fn check(&self, known: &[Field], (document, pointer): (&Document, &str), errors: &mut Vec<ConfigError>) {
        for field in self
            .tests
            .iter()
            .map(Test::field)
            .filter(|field| !known.contains(field))
        {
            let at = format!("{pointer}/{}", field.written());
            errors.push(document.error(
                &at,
                format!("`{}` is not known yet where this is decided", field.as_str()),
            ));
        }
        if let Some(why) = Reach::of(self).contradiction() {
            errors.push(document.error(pointer, format!("this can never match: {why}")));
        }
    }

    fn failing(&self, view: &View<'_>) -> Option<&Test> {
        self.tests.iter().find(|test| !test.holds(view))
    }

    fn says(&self) -> String {
        self.tests.iter().map(Test::says).collect::<Vec<_>>().join(", ")
    }
}

impl Test {
    fn field(&self) -> Field {
        match self {
            Self::Closed { field, .. } | Self::Open { field, .. } => *field,
            Self::Tag { .. } => Field::Tags,
        }
    }

    fn holds(&self, view: &View<'_>) -> bool {
        match self {
            Self::Closed { field, allowed } => view.bit(*field) & allowed != 0,
            Self::Open { field, allowed } => allowed.fits(view.word(*field)),
            Self::Tag { name, allowed } => view.tag(name).is_some_and(|value| allowed.fits(value)),
        }
    }

    /// `environment: staging ≠ production`: what is, then what was wanted.
    fn failure(&self, view: &View<'_>) -> String {
        let wanted = self.wanted();
        match self {
            Self::Closed { field, .. } => {
                format!("{}: {} ≠ {wanted}", field.as_str(), field.names(view.bit(*field)))
            }
            Self::Open { field, .. } => format!(
                "{}: {} ≠ {wanted}",
                field.as_str(),
                none_if_empty(view.word(*field))
            ),
            Self::Tag { name, .. } => format!("tag {name}: {} ≠ {wanted}", view.tag(name).unwrap_or("none")),
        }
    }

    fn says(&self) -> String {
        match self {
            Self::Tag { name, .. } => format!("tag {name}: {}", self.wanted()),
            _ => format!("{}: {}", self.field().as_str(), self.wanted()),
        }
    }

    fn wanted(&self) -> String {
        match self {
            Self::Closed { field, allowed } => field.names(*allowed),
            Self::Open { allowed, .. } | Self::Tag { allowed, .. } => allowed.to_string(),
        }
    }
}

fn none_if_empty(word: &str) -> &str {
    if word.is_empty() { "none" } else { word }
}
