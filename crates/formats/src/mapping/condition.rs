//! What must hold of a record: presence, words, patterns, types, and their combinations.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::path::{Path, Place};
use super::scope::Scope;
use super::value::Value;
use super::written::{OneOrMany, Pattern};
use crate::json::Json;

/// One condition.
#[derive(Clone)]
pub(super) enum Condition {
    /// All of these keys are there, `null` included.
    Has(Vec<Path>),
    /// None of these keys is there, but for `null`.
    Lacks(Vec<Path>),
    /// A value of this kind stands there.
    Type(Path, Kind),
    /// A value passes a test.
    Text(Value, Test),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// What a text must be.
#[derive(Clone)]
pub(super) enum Test {
    Exists,
    Is(Vec<String>),
    Matches(Pattern),
    AtLeast(f64),
    Below(f64),
}

/// The kinds of JSON values.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Object,
    Array,
    Text,
    Number,
    Bool,
    Null,
}

/// Whether all conditions hold.
pub(super) fn all_hold(conditions: &[Condition], scope: &Scope<'_>) -> bool {
    conditions.iter().all(|condition| condition.holds(scope))
}

/// The first condition that does not hold, in words of the configuration.
pub(super) fn first_broken(conditions: &[Condition], scope: &Scope<'_>) -> Option<String> {
    conditions.iter().find_map(|condition| condition.broken(scope))
}

/// How many conditions hold, and of how many; each key of `has` is one.
pub(super) fn counted(conditions: &[Condition], scope: &Scope<'_>) -> (usize, usize) {
    let one = |condition: &Condition| match condition {
        Condition::Has(paths) => (
            paths.iter().filter(|path| is_there(path, scope)).count(),
            paths.len(),
        ),
        Condition::All(inner) => counted(inner, scope),
        other => (usize::from(other.holds(scope)), 1),
    };
    let all = conditions.iter().map(one);
    all.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
}

impl Condition {
    fn holds(&self, scope: &Scope<'_>) -> bool {
        match self {
            Self::Has(paths) => paths.iter().all(|path| is_there(path, scope)),
            Self::Lacks(paths) => !paths.iter().any(|path| is_known(path, scope)),
            Self::Type(path, kind) => is_kind(path, *kind, scope),
            Self::Text(value, Test::Exists) => {
                value.plain(scope).is_some_and(holds_something)
                    || value.search(scope, &mut |_| Some(())).is_some()
            }
            Self::Text(value, test) => value
                .search(scope, &mut |text| test.passes(&text).then_some(()))
                .is_some(),
            Self::All(inner) => all_hold(inner, scope),
            Self::Any(inner) => inner.iter().any(|one| one.holds(scope)),
            Self::Not(inner) => !inner.holds(scope),
        }
    }

    /// Why it does not hold.
    fn broken(&self, scope: &Scope<'_>) -> Option<String> {
        if self.holds(scope) {
            return None;
        }
        Some(match self {
            Self::Has(paths) => {
                let missing = paths.iter().filter(|path| !is_there(path, scope));
                let missing: Vec<String> = missing.map(|path| format!("`{path}`")).collect();
                format!("{} is not there", missing.join(", "))
            }
            Self::Lacks(paths) => {
                let known = paths.iter().filter(|path| is_known(path, scope));
                let known: Vec<String> = known.map(|path| format!("`{path}`")).collect();
                format!("{} is there", known.join(", "))
            }
            Self::Type(path, kind) => format!("`{path}` is not {}", kind.in_words()),
            Self::Text(value, test) => {
                let is_empty = value.search(scope, &mut |_| Some(())).is_none();
                let what = if is_empty { "has no value" } else { test.in_words() };
                format!("`{}` {what}", value.written())
            }
            Self::All(inner) => first_broken(inner, scope)?,
            Self::Any(inner) => {
                let reasons: Vec<String> = inner.iter().filter_map(|one| one.broken(scope)).collect();
                format!("none of: {}", reasons.join("; "))
            }
            Self::Not(_) => "what must not hold does".to_owned(),
        })
    }
}

impl Test {
    fn passes(&self, text: &str) -> bool {
        let number = || text.trim().parse::<f64>().ok();
        match self {
            Self::Exists => true,
            Self::Is(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            Self::Matches(pattern) => pattern.is_in(text),
            Self::AtLeast(least) => number().is_some_and(|number| number >= *least),
            Self::Below(limit) => number().is_some_and(|number| number < *limit),
        }
    }

    fn in_words(&self) -> &'static str {
        match self {
            Self::Exists => "has no value",
            Self::Is(_) => "is none of the words",
            Self::Matches(_) => "does not match the pattern",
            Self::AtLeast(_) => "is less than asked for",
            Self::Below(_) => "is not below the limit",
        }
    }
}

impl Kind {
    fn of(json: &Json<'_>) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(_) => Self::Bool,
            Json::Number(_) => Self::Number,
            Json::Text(_) => Self::Text,
            Json::Array(_) => Self::Array,
            Json::Object(_) => Self::Object,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Null => "null",
        }
    }
}

fn holds_something(json: &Json<'_>) -> bool {
    !json.elements().is_empty() || !json.entries().is_empty()
}

fn is_there(path: &Path, scope: &Scope<'_>) -> bool {
    path.search(scope, &mut |_| Some(())).is_some()
}

fn is_known(path: &Path, scope: &Scope<'_>) -> bool {
    let known = |place: Place<'_>| match place {
        Place::Value(json) if json.is_null() => None,
        _ => Some(()),
    };
    path.search(scope, &mut |place| known(place)).is_some()
}

fn is_kind(path: &Path, kind: Kind, scope: &Scope<'_>) -> bool {
    let fits = |place: Place<'_>| match place {
        Place::Value(json) => (Kind::of(json) == kind).then_some(()),
        Place::Key(_) => (kind == Kind::Text).then_some(()),
    };
    path.search(scope, &mut |place| fits(place)).is_some()
}

/// A condition as it is written: one line of a list of which all must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCondition {
    #[serde(default)]
    has: OneOrMany<Path>,
    #[serde(default)]
    lacks: OneOrMany<Path>,
    #[serde(default)]
    at: OneOrMany<Path>,
    of: Option<Value>,
    is: Option<OneOrMany<String>>,
    is_not: Option<OneOrMany<String>>,
    matches: Option<Pattern>,
    exists: Option<bool>,
    at_least: Option<f64>,
    below: Option<f64>,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    all: Option<OneOrMany<Condition>>,
    any: Option<OneOrMany<Condition>>,
    not: Option<OneOrMany<Condition>>,
}

impl RawCondition {
    fn compile(mut self) -> Result<Condition, &'static str> {
        let mut all = Vec::new();
        let of = self.of.take();
        let value = match (self.at.0.as_slice(), of) {
            ([], value) => value,
            ([path], None) => Some(Value::of_path(path.clone())),
            (paths, None) => Some(Value::first_of_paths(paths.to_vec())),
            (_, Some(_)) => return Err("expected one of `at` and `of`, not both"),
        };
        if let Some(value) = value {
            all = self.tests(&value)?;
        } else if self.is_test() {
            return Err("expected `at` or `of`: which value is tested?");
        }
        if !self.has.0.is_empty() {
            all.push(Condition::Has(self.has.0));
        }
        if !self.lacks.0.is_empty() {
            all.push(Condition::Lacks(self.lacks.0));
        }
        all.extend(self.all.map(|inner| Condition::All(inner.0)));
        all.extend(self.any.map(|inner| Condition::Any(inner.0)));
        let not = self
            .not
            .map(|inner| Condition::Not(Box::new(Condition::All(inner.0))));
        all.extend(not);
        match all.len() {
            0 => Err("expected a condition: `has`, `lacks`, `at` with a test, `all`, `any` or `not`"),
            1 => Ok(all.remove(0)),
            _ => Ok(Condition::All(all)),
        }
    }

    fn is_test(&self) -> bool {
        let words = self.is.is_some() || self.is_not.is_some() || self.matches.is_some();
        words
            || self.exists.is_some()
            || self.at_least.is_some()
            || self.below.is_some()
            || self.kind.is_some()
    }

    fn tests(&mut self, value: &Value) -> Result<Vec<Condition>, &'static str> {
        let mut all = Vec::new();
        let text = |test| Condition::Text(value.clone(), test);
        let not = |test| Condition::Not(Box::new(text(test)));
        all.extend(self.is.take().map(|words| text(Test::Is(words.0))));
        all.extend(self.is_not.take().map(|words| not(Test::Is(words.0))));
        all.extend(self.matches.take().map(|pattern| text(Test::Matches(pattern))));
        all.extend(self.at_least.map(|least| text(Test::AtLeast(least))));
        all.extend(self.below.map(|limit| text(Test::Below(limit))));
        match self.exists {
            Some(true) => all.push(text(Test::Exists)),
            Some(false) => all.push(not(Test::Exists)),
            None => {}
        }
        match (self.kind, self.at.0.as_slice()) {
            (Some(kind), [path]) => all.push(Condition::Type(path.clone(), kind)),
            (Some(_), _) => return Err("expected `at` with one path beside `type`"),
            (None, _) => {}
        }
        match all.is_empty() {
            true => Err(
                "expected a test beside `at`: `is`, `is_not`, `matches`, `exists`, `at_least`, `below` or `type`",
            ),
            false => Ok(all),
        }
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawCondition::deserialize(deserializer)?
            .compile()
            .map_err(D::Error::custom)
    }
}
