//! What a record says: one reading for each subject, compiled from what is written and the defaults of the file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use reeve_domain::observation::{EvidenceScope, Statement};
use reeve_domain::reject::DropReason;
use serde::Deserialize;

use super::condition::{Condition, all_hold, first_broken};
use super::interned;
use super::parts::{RawEvidence, RawLocation, RawProblem, RawScope, RawSource, RawTimes};
use super::path::{Path, for_each};
use super::scope::Scope;
use super::subject::{Other, RawAlias, RawLink, Subject};
use super::value::Value;
use super::written::OneOrMany;
use crate::draft::Draft;

/// Attributes of one subject; more is a mistake.
const ATTRIBUTES_MAX: usize = 32;

/// What is said of one subject of a record.
#[derive(Clone)]
pub(super) struct Reading {
    when: Vec<Condition>,
    each: Option<Path>,
    subjects: Vec<Subject>,
    others: Vec<Other>,
    attributes: Vec<(&'static str, Value)>,
    source: RawSource,
    location: RawLocation,
    times: RawTimes,
    problem: Option<RawProblem>,
    evidence: Vec<RawEvidence>,
    secrets: Vec<Value>,
}

/// What the readings of one record come to.
#[derive(Default)]
pub(super) struct Said<'d> {
    pub(super) secrets: Vec<Cow<'d, str>>,
    pub(super) drafts: Vec<Draft<'d>>,
    /// Why a problem is none, where a table says so.
    pub(super) nothing: Option<DropReason>,
    /// Something would have been said, but of whom?
    pub(super) lacks_subject: bool,
}

impl Reading {
    /// Adds the secrets of a record, whether or not the reading applies to it.
    pub(super) fn secrets<'d>(&'d self, scope: &Scope<'d>, said: &mut Said<'d>) {
        self.for_each(scope, &mut |scope| self.draw_secrets(scope, &mut said.secrets));
    }

    /// Adds what this reading says of a record.
    pub(super) fn read<'d>(&'d self, scope: &Scope<'d>, said: &mut Said<'d>) {
        self.for_each(scope, &mut |scope| self.read_one(scope, said));
    }

    fn for_each<'d>(&self, scope: &Scope<'d>, take: &mut dyn FnMut(&Scope<'d>)) {
        let Some(steps) = self.each.as_ref().and_then(Path::steps_from_here) else {
            return take(scope);
        };
        let Some(here) = scope.up(0) else { return };
        for_each(here.json, steps, &mut |json, key| take(&scope.below(json, key)));
    }

    fn read_one<'d>(&'d self, scope: &Scope<'d>, said: &mut Said<'d>) {
        if !all_hold(&self.when, scope) {
            return;
        }
        let (problem, nothing) = match &self.problem {
            Some(raw) => raw.problem(scope, &self.source),
            None => (None, None),
        };
        let statements = self.statements(scope);
        said.nothing = said.nothing.or(nothing);
        if problem.is_none() && statements.is_empty() {
            return;
        }
        let Some(subject) = self.subjects.iter().find_map(|subject| subject.of(scope)) else {
            said.lacks_subject = true;
            return;
        };
        said.drafts.push(Draft {
            also: self.others.iter().filter_map(|other| other.of(scope)).collect(),
            attributes: self.attributes(scope),
            place: self.location.place(scope),
            times: self.times.times(scope),
            problem,
            statements,
            ..Draft::new(subject, self.source.source(scope))
        });
    }

    fn draw_secrets<'d>(&'d self, scope: &Scope<'d>, out: &mut Vec<Cow<'d, str>>) {
        for value in &self.secrets {
            let end: Option<()> = value.search(scope, &mut |text| {
                out.push(text);
                None
            });
            debug_assert!(end.is_none(), "every secret is drawn");
        }
        self.subjects
            .iter()
            .for_each(|subject| subject.secrets(scope, out));
    }

    fn attributes<'d>(&'d self, scope: &Scope<'d>) -> Vec<(&'static str, Cow<'d, str>)> {
        let known = |(name, value): &'d (&'static str, Value)| Some((*name, value.text(scope)?));
        self.attributes.iter().filter_map(known).collect()
    }

    fn statements(&self, scope: &Scope<'_>) -> Vec<(Statement, EvidenceScope)> {
        let applying = self.evidence.iter().filter(|one| all_hold(&one.when.0, scope));
        let said = applying.filter_map(|one| {
            let statement = one.statement.word(scope)?;
            let scope = match one.scope {
                RawScope::WholeSubject => EvidenceScope::WholeSubject,
                RawScope::Rule => {
                    let rule = self.source.rule.as_ref().and_then(|rule| rule.text(scope));
                    EvidenceScope::Rule(rule.unwrap_or_default().into_owned())
                }
            };
            Some((statement, scope))
        });
        said.collect()
    }

    /// What of this reading is missing in a record, in words of the configuration; what is missing in several elements
    /// of it is said once.
    pub(super) fn missing(&self, scope: &Scope<'_>) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut is_empty = true;
        self.for_each(scope, &mut |scope| {
            is_empty = false;
            for line in self.missing_in_one(scope) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        });
        if let Some(each) = self.each.as_ref().filter(|_| is_empty) {
            lines.push(format!("each: nothing at `{}`", each.written()));
        }
        lines
    }

    fn missing_in_one(&self, scope: &Scope<'_>) -> Vec<String> {
        if let Some(reason) = first_broken(&self.when, scope) {
            return vec![format!("does not apply: {reason}")];
        }
        let mut missing = Vec::new();
        if self.subjects.iter().all(|subject| subject.of(scope).is_none()) {
            missing.extend(self.subjects.iter().filter_map(|subject| subject.missing(scope)));
        }
        let values = self.source.values().into_iter().chain(self.location.values());
        for (name, value) in values {
            if value.text(scope).is_none() {
                missing.push(format!("{name}: nothing at `{}`", value.written()));
            }
        }
        missing
    }
}

/// A reading as it is written; what is left out is taken from `defaults`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReading {
    #[serde(default)]
    when: OneOrMany<Condition>,
    each: Option<Path>,
    subject: Option<OneOrMany<Subject>>,
    aliases: Option<OneOrMany<RawAlias>>,
    links: Option<OneOrMany<RawLink>>,
    attributes: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    source: RawSource,
    #[serde(default)]
    location: RawLocation,
    #[serde(default)]
    times: RawTimes,
    problem: Option<RawProblem>,
    evidence: Option<OneOrMany<RawEvidence>>,
    #[serde(default)]
    secrets: OneOrMany<Value>,
}

/// Where in a reading something is wrong, as the end of a pointer, and what.
pub(super) type ReadingFault = (&'static str, &'static str);

impl RawReading {
    /// A reading that can be run.
    pub(super) fn compile(self, defaults: &Self) -> Result<Reading, ReadingFault> {
        let defaults = defaults.clone();
        let problem = self.problem.or(defaults.problem);
        let evidence = self.evidence.or(defaults.evidence).unwrap_or_default().0;
        let subjects = self.subject.or(defaults.subject).unwrap_or_default().0;
        let attributes = self.attributes.or(defaults.attributes).unwrap_or_default();
        let aliases = self.aliases.or(defaults.aliases).unwrap_or_default().0;
        let links = self.links.or(defaults.links).unwrap_or_default().0;
        let reading = Reading {
            when: both(self.when, defaults.when),
            each: self.each.or(defaults.each),
            subjects,
            others: aliases
                .into_iter()
                .map(|alias| alias.0)
                .chain(links.into_iter().map(|link| link.0))
                .collect(),
            attributes: attributes
                .into_iter()
                .map(|(name, value)| (interned(&name), value))
                .collect(),
            source: self.source.or(defaults.source),
            location: self.location.or(defaults.location),
            times: self.times.or(defaults.times),
            problem,
            evidence,
            secrets: both(self.secrets, defaults.secrets),
        };
        reading.checked()
    }
}

fn both<T>(own: OneOrMany<T>, defaults: OneOrMany<T>) -> Vec<T> {
    own.0.into_iter().chain(defaults.0).collect()
}

impl Reading {
    fn checked(self) -> Result<Self, ReadingFault> {
        if self.subjects.is_empty() {
            return Err(("", "expected `subject`: whom is this about?"));
        }
        if self.problem.is_none() && self.evidence.is_empty() {
            return Err(("", "expected `problem`, `evidence` or both: what is said?"));
        }
        if self
            .problem
            .as_ref()
            .is_some_and(|problem| !problem.issue_type.is_total())
        {
            return Err((
                "/problem/issue_type",
                "expected `else`: an issue type, or `not_identity_relevant`, for what no table knows",
            ));
        }
        if self.source.rule.is_none() {
            return Err((
                "",
                "expected `source: { rule: … }`: which rule or control says so?",
            ));
        }
        if self.attributes.len() > ATTRIBUTES_MAX {
            return Err(("/attributes", "expected at most 32 attributes"));
        }
        let each = self.each.as_ref();
        if each.is_some_and(|each| each.steps_from_here().is_none()) {
            return Err(("/each", "expected a path that begins at the record"));
        }
        Ok(self)
    }
}
