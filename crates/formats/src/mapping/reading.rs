//! What a record says: one reading for each subject, compiled from what is written and the defaults of the file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use reeve_domain::observation::{EvidenceScope, IssueType, Statement};
use reeve_domain::reject::DropReason;
use serde::Deserialize;

use super::choice::{Choice, ExposureChoice, Meaning, Severity, StatementChoice, ValidityChoice};
use super::condition::{Condition, all_hold, first_broken};
use super::interned;
use super::moment::Moment;
use super::path::{Path, Step};
use super::scope::Scope;
use super::subject::{Other, RawAlias, RawLink, Subject};
use super::value::Value;
use super::written::OneOrMany;
use crate::draft::{Draft, Place, Problem, SourceOf, Times};
use crate::json::Json;

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

    /// What of this reading is missing in a record, in words of the configuration.
    pub(super) fn missing(&self, scope: &Scope<'_>) -> Vec<String> {
        if let Some(reason) = first_broken(&self.when, scope) {
            return vec![format!("does not apply: {reason}")];
        }
        let mut missing = Vec::new();
        if self.each.is_none() && self.subjects.iter().all(|subject| subject.of(scope).is_none()) {
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

/// Every value that steps lead to, with its key.
pub(super) fn for_each<'d>(
    json: &'d Json<'d>,
    steps: &[Step],
    take: &mut dyn FnMut(&'d Json<'d>, Option<&'d str>),
) {
    levels(json, None, steps, &mut |json, key, is_end| {
        if is_end {
            take(json, key);
        }
    });
}

/// The elements on the way and at the end of steps.
pub(super) fn levels<'d>(
    json: &'d Json<'d>,
    key: Option<&'d str>,
    steps: &[Step],
    take: &mut dyn FnMut(&'d Json<'d>, Option<&'d str>, bool),
) {
    let Some((step, rest)) = steps.split_first() else {
        return take(json, key, true);
    };
    match step {
        Step::Key(name) => {
            if let Some((next, taken)) = super::path::lookup(json, name, rest) {
                levels(next, key, &rest[taken..], take);
            }
        }
        Step::Index(index) => {
            if let Some(next) = json.elements().get(*index) {
                levels(next, None, rest, take);
            }
        }
        Step::Elements => json
            .elements()
            .iter()
            .for_each(|one| levels(one, None, rest, take)),
        Step::Entries => {
            let entries = json.entries().iter();
            entries.for_each(|(key, one)| levels(one, Some(key), rest, take));
        }
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

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    tool: Option<Value>,
    rule: Option<Value>,
    reference: Option<Value>,
    serial: Option<Value>,
    url: Option<Value>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLocation {
    repository: Option<Value>,
    path: Option<Value>,
    line: Option<Value>,
    commit: Option<Value>,
    resource: Option<Value>,
    region: Option<Value>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTimes {
    exposed_since: Option<Moment>,
    first_detected_at: Option<Moment>,
    observed_at: Option<Moment>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProblem {
    issue_type: Choice<Meaning>,
    title: Option<Value>,
    validity: Option<ValidityChoice>,
    exposure: Option<ExposureChoice>,
    severity: Option<Severity>,
    honeytoken: Option<OneOrMany<Condition>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvidence {
    #[serde(default)]
    when: OneOrMany<Condition>,
    statement: StatementChoice,
    scope: RawScope,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawScope {
    WholeSubject,
    Rule,
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

impl RawSource {
    fn or(self, other: Self) -> Self {
        Self {
            tool: self.tool.or(other.tool),
            rule: self.rule.or(other.rule),
            reference: self.reference.or(other.reference),
            serial: self.serial.or(other.serial),
            url: self.url.or(other.url),
        }
    }

    fn source<'d>(&'d self, scope: &Scope<'d>) -> SourceOf<'d> {
        let text = |value: &'d Option<Value>| value.as_ref().and_then(|value| value.text(scope));
        SourceOf {
            tool: text(&self.tool),
            rule: text(&self.rule).unwrap_or_default(),
            reference: text(&self.reference).unwrap_or_default(),
            serial: text(&self.serial).unwrap_or_default(),
            url: text(&self.url),
        }
    }

    fn values(&self) -> Vec<(&'static str, &Value)> {
        let named = [
            ("source.rule", &self.rule),
            ("source.reference", &self.reference),
            ("source.url", &self.url),
        ];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
            .collect()
    }
}

impl RawLocation {
    fn or(self, other: Self) -> Self {
        Self {
            repository: self.repository.or(other.repository),
            path: self.path.or(other.path),
            line: self.line.or(other.line),
            commit: self.commit.or(other.commit),
            resource: self.resource.or(other.resource),
            region: self.region.or(other.region),
        }
    }

    fn place<'d>(&'d self, scope: &Scope<'d>) -> Place<'d> {
        let text = |value: &'d Option<Value>| value.as_ref().and_then(|value| value.text(scope));
        Place {
            repository: text(&self.repository),
            path: text(&self.path),
            line: text(&self.line).and_then(|line| line.trim().parse().ok()),
            commit: text(&self.commit),
            resource: text(&self.resource),
            region: text(&self.region),
        }
    }

    fn values(&self) -> Vec<(&'static str, &Value)> {
        let named = [
            ("location.repository", &self.repository),
            ("location.path", &self.path),
            ("location.resource", &self.resource),
        ];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
            .collect()
    }
}

impl RawTimes {
    fn or(self, other: Self) -> Self {
        Self {
            exposed_since: self.exposed_since.or(other.exposed_since),
            first_detected_at: self.first_detected_at.or(other.first_detected_at),
            observed_at: self.observed_at.or(other.observed_at),
        }
    }

    fn times(&self, scope: &Scope<'_>) -> Times {
        let at = |moment: &Option<Moment>| moment.as_ref().and_then(|moment| moment.of(scope));
        Times {
            exposed_since: at(&self.exposed_since),
            first_detected_at: at(&self.first_detected_at),
            observed_at: at(&self.observed_at),
        }
    }
}

impl RawProblem {
    /// The problem, or why there is none.
    fn problem<'d>(
        &'d self,
        scope: &Scope<'d>,
        source: &'d RawSource,
    ) -> (Option<Problem<'d>>, Option<DropReason>) {
        let Some(choosen) = self.issue_type.choose(scope) else {
            return (None, None);
        };
        let issue_type: IssueType = match choosen.word {
            Meaning::Issue(issue_type) => issue_type,
            Meaning::Nothing(reason) => return (None, Some(reason)),
        };
        let title = self.title.as_ref().or(source.rule.as_ref());
        let title = title.and_then(|title| title.text(scope));
        let mut problem = Problem::new(issue_type, title.unwrap_or(Cow::Borrowed(issue_type.as_str())));
        problem.unmapped = choosen.by_default;
        if let Some(validity) = self.validity.as_ref().and_then(|choice| choice.word(scope)) {
            problem.validity = validity;
        }
        if let Some(exposure) = self.exposure.as_ref().and_then(|choice| choice.word(scope)) {
            problem.exposure = exposure;
        }
        if let Some(severity) = &self.severity {
            problem.severity = severity.of(scope);
        }
        problem.honeytoken = self
            .honeytoken
            .as_ref()
            .is_some_and(|when| all_hold(&when.0, scope));
        (Some(problem), None)
    }
}
