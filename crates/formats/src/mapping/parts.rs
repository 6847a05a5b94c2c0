//! The parts of a reading: source, place, times, problem and evidence, as they are written and as they are drawn.

use std::borrow::Cow;

use reeve_domain::observation::IssueType;
use reeve_domain::reject::DropReason;
use serde::Deserialize;

use super::choice::{Choice, ExposureChoice, Meaning, Severity, StatementChoice, ValidityChoice};
use super::condition::{Condition, all_hold};
use super::moment::Moment;
use super::scope::Scope;
use super::value::Value;
use super::written::OneOrMany;
use crate::draft::{Place, Problem, SourceOf, Times};

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    tool: Option<Value>,
    pub(super) rule: Option<Value>,
    /// What the rule is called, where its id may be no more than a number.
    named: Option<Value>,
    reference: Option<Value>,
    serial: Option<Value>,
    url: Option<Value>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLocation {
    repository: Option<Value>,
    path: Option<Value>,
    line: Option<Value>,
    commit: Option<Value>,
    resource: Option<Value>,
    region: Option<Value>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTimes {
    exposed_since: Option<Moment>,
    first_detected_at: Option<Moment>,
    observed_at: Option<Moment>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProblem {
    pub(super) issue_type: Choice<Meaning>,
    title: Option<Value>,
    validity: Option<ValidityChoice>,
    exposure: Option<ExposureChoice>,
    severity: Option<Severity>,
    honeytoken: Option<OneOrMany<Condition>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvidence {
    #[serde(default)]
    pub(super) when: OneOrMany<Condition>,
    pub(super) statement: StatementChoice,
    pub(super) scope: RawScope,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawScope {
    WholeSubject,
    Rule,
}

impl RawSource {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            tool: self.tool.or(other.tool),
            rule: self.rule.or(other.rule),
            named: self.named.or(other.named),
            reference: self.reference.or(other.reference),
            serial: self.serial.or(other.serial),
            url: self.url.or(other.url),
        }
    }

    pub(super) fn source<'d>(&'d self, scope: &Scope<'d>) -> SourceOf<'d> {
        let text = |value: &'d Option<Value>| value.as_ref().and_then(|value| value.text(scope));
        SourceOf {
            tool: text(&self.tool),
            rule: text(&self.rule).unwrap_or_default(),
            named: text(&self.named),
            reference: text(&self.reference).unwrap_or_default(),
            serial: text(&self.serial).unwrap_or_default(),
            url: text(&self.url),
        }
    }

    pub(super) fn values(&self) -> Vec<(&'static str, &Value)> {
        let named = [
            ("source.rule", &self.rule),
            ("source.named", &self.named),
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
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            repository: self.repository.or(other.repository),
            path: self.path.or(other.path),
            line: self.line.or(other.line),
            commit: self.commit.or(other.commit),
            resource: self.resource.or(other.resource),
            region: self.region.or(other.region),
        }
    }

    pub(super) fn place<'d>(&'d self, scope: &Scope<'d>) -> Place<'d> {
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

    pub(super) fn values(&self) -> Vec<(&'static str, &Value)> {
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
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            exposed_since: self.exposed_since.or(other.exposed_since),
            first_detected_at: self.first_detected_at.or(other.first_detected_at),
            observed_at: self.observed_at.or(other.observed_at),
        }
    }

    pub(super) fn times(&self, scope: &Scope<'_>) -> Times {
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
    pub(super) fn problem<'d>(
        &'d self,
        scope: &Scope<'d>,
        source: &'d RawSource,
    ) -> (Option<Problem<'d>>, Option<DropReason>) {
        let Some(chosen) = self.issue_type.choose(scope) else {
            return (None, None);
        };
        let issue_type: IssueType = match chosen.word {
            Meaning::Issue(issue_type) => issue_type,
            Meaning::Nothing(reason) => return (None, Some(reason)),
        };
        let title = self.title.as_ref().or(source.rule.as_ref());
        let title = title.and_then(|title| title.text(scope));
        let mut problem = Problem::new(issue_type, title.unwrap_or(Cow::Borrowed(issue_type.as_str())));
        problem.unmapped = chosen.by_default;
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
