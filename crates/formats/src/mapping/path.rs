//! Where a value stands: `results[].rule.id`, `^.severity`, `$.account`, `@key`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

use super::scope::Scope;
use crate::json::Json;

/// More steps than this in one path help nobody.
const STEPS_MAX: usize = 32;

/// A path, split into its steps once.
#[derive(Clone)]
pub(super) struct Path {
    /// As it was written.
    written: Box<str>,
    start: Start,
    steps: Box<[Step]>,
    /// The key or the number of the place itself is meant, not what stands there.
    is_key: bool,
}

/// Where a path begins.
#[derive(Clone, Copy)]
enum Start {
    /// At the record, or at the element of a draft's `each`.
    Here,
    /// So many levels of `each` above it.
    Up(usize),
    /// At the whole object.
    Root,
}

#[derive(Clone)]
pub(super) enum Step {
    /// `name`; where there is none, a key that holds dots: `a.b` is found in `{"a":{"b":1}}` and in `{"a.b":1}`.
    Key(Box<str>),
    /// `[3]`
    Index(usize),
    /// `[]`: every element of an array.
    Elements,
    /// `{}`: every value of an object.
    Entries,
}

impl Path {
    /// The path as it was written; a word of the configuration, never of an alert.
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// The steps of a path that begins at the whole object.
    pub(super) fn steps_from_root(&self) -> Option<&[Step]> {
        let is_plain = matches!(self.start, Start::Here | Start::Root) && !self.is_key;
        is_plain.then_some(&*self.steps)
    }

    /// The steps of a path that begins where it is used.
    pub(super) fn steps_from_here(&self) -> Option<&[Step]> {
        (matches!(self.start, Start::Here) && !self.is_key).then_some(&*self.steps)
    }

    /// The first answer of `take` over everything that stands there, `null` included.
    pub(super) fn search<'d, R>(
        &self,
        scope: &Scope<'d>,
        take: &mut impl FnMut(Place<'d>) -> Option<R>,
    ) -> Option<R> {
        let level = match self.start {
            Start::Here => scope.up(0),
            Start::Up(levels) => scope.up(levels),
            Start::Root => scope.root(),
        }?;
        match self.is_key {
            true => level.key.and_then(|key| take(Place::Key(key))),
            false => walk(level.json, &self.steps, &mut |json| take(Place::Value(json))),
        }
    }

    /// The same below one value, for a path without a start of its own.
    pub(super) fn search_below<'d, R>(
        &self,
        json: &'d Json<'d>,
        take: &mut impl FnMut(&'d Json<'d>) -> Option<R>,
    ) -> Option<R> {
        walk(json, &self.steps, take)
    }
}

/// What stands at the end of a path.
#[derive(Clone, Copy)]
pub(super) enum Place<'d> {
    Key(&'d str),
    Value(&'d Json<'d>),
}

fn walk<'d, R>(
    json: &'d Json<'d>,
    steps: &[Step],
    take: &mut impl FnMut(&'d Json<'d>) -> Option<R>,
) -> Option<R> {
    let Some((step, rest)) = steps.split_first() else {
        return take(json);
    };
    match step {
        Step::Key(name) => {
            let entries = json.entries();
            let exact = entries.iter().find(|(key, _)| key == &**name);
            let found = exact.and_then(|(_, next)| walk(next, rest, take));
            match (found, rest.first()) {
                (None, Some(Step::Key(_))) => {
                    dotted(entries, name, rest).find_map(|(next, taken)| walk(next, &rest[taken..], take))
                }
                (found, _) => found,
            }
        }
        Step::Index(index) => walk(json.elements().get(*index)?, rest, take),
        Step::Elements => json.elements().iter().find_map(|one| walk(one, rest, take)),
        Step::Entries => json.entries().iter().find_map(|(_, one)| walk(one, rest, take)),
    }
}

/// The value of a key, else of a key that holds dots; and how many of the next steps it took.
fn lookup<'d>(json: &'d Json<'d>, name: &str, rest: &[Step]) -> Option<(&'d Json<'d>, usize)> {
    let entries = json.entries();
    let exact = entries.iter().find(|(key, _)| key == name);
    let exact = exact.map(|(_, value)| (value, 0));
    exact.or_else(|| dotted(entries, name, rest).next())
}

/// The values of keys that are a name and some of the next ones joined by dots, and how many of those they took.
fn dotted<'d>(
    entries: &'d [(Cow<'d, str>, Json<'d>)],
    name: &str,
    rest: &[Step],
) -> impl Iterator<Item = (&'d Json<'d>, usize)> {
    entries.iter().filter_map(move |(key, value)| {
        let taken = joined(key.strip_prefix(name)?, rest)?;
        Some((value, taken))
    })
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
            if let Some((next, taken)) = lookup(json, name, rest) {
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

/// How many steps a rest of a key (`.b.c`) stands for, if it is made of them.
fn joined(mut tail: &str, rest: &[Step]) -> Option<usize> {
    let mut taken = 0;
    while !tail.is_empty() {
        let Some(Step::Key(name)) = rest.get(taken) else {
            return None;
        };
        tail = tail.strip_prefix('.')?.strip_prefix(&**name)?;
        taken += 1;
    }
    (taken > 0).then_some(taken)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map_err(D::Error::custom)
    }
}

/// Reads a path.
pub(super) fn parse(text: &str) -> Result<Path, &'static str> {
    let (start, rest) = start(text);
    let rest = match start {
        Start::Here => rest,
        _ => rest.strip_prefix('.').unwrap_or(rest),
    };
    let is_key = rest == "@key";
    let steps = match rest {
        "@key" | "" | "." => Vec::new(),
        rest => steps(rest)?,
    };
    if steps.len() > STEPS_MAX {
        return Err("expected a path of at most 32 steps");
    }
    Ok(Path {
        written: text.into(),
        start,
        steps: steps.into(),
        is_key,
    })
}

fn start(text: &str) -> (Start, &str) {
    let above = text.bytes().take_while(|byte| *byte == b'^').count();
    match text.strip_prefix('$') {
        Some(rest) => (Start::Root, rest),
        None if above > 0 => (Start::Up(above), &text[above..]),
        None => (Start::Here, text),
    }
}

fn steps(text: &str) -> Result<Vec<Step>, &'static str> {
    let (mut steps, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (step, after) = step(rest)?;
        let is_name = matches!(step, Step::Key(_));
        if is_name && !steps.is_empty() && !text[..text.len() - rest.len()].ends_with('.') {
            return Err("expected a dot between two names of a path");
        }
        steps.push(step);
        rest = match after.strip_prefix('.') {
            Some("") => return Err("expected a name behind the last dot of a path"),
            Some(next) => next,
            None => after,
        };
    }
    Ok(steps)
}

fn step(text: &str) -> Result<(Step, &str), &'static str> {
    if let Some(rest) = text.strip_prefix("{}") {
        return Ok((Step::Entries, rest));
    }
    if let Some(inner) = text.strip_prefix('[') {
        let (inside, rest) = inner
            .split_once(']')
            .ok_or("expected `[]` or `[0]` in a path, this bracket is not closed")?;
        let step = match inside {
            "" => Step::Elements,
            number => Step::Index(
                number
                    .parse()
                    .map_err(|_| "expected `[]` or a number in brackets")?,
            ),
        };
        return Ok((step, rest));
    }
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted
            .split_once('"')
            .ok_or("expected a closing quote in a path")?;
        return Ok((Step::Key(name.into()), rest));
    }
    let end = text.find(['.', '[', '{']).unwrap_or(text.len());
    match &text[..end] {
        "" => Err("expected a path such as `a.b`, `list[].id`, `map{}.id`, `^.id`, `$.id` or `@key`"),
        name => Ok((Step::Key(name.into()), &text[end..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read_value;
    use crate::settings::Limits;

    fn check(document: &str, path: &str, expected: &[&str]) {
        let Ok(json) = read_value(document, &Limits::default()) else {
            panic!("the test's own JSON must be readable")
        };
        let path = parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let scope = Scope::of(&json);
        let mut found = Vec::new();
        let end: Option<()> = path.search(&scope, &mut |place| {
            let Place::Value(json) = place else { return None };
            found.push(json.scalar().unwrap_or_default().into_owned());
            None
        });
        assert!(end.is_none());
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn a_path_reads_names_arrays_maps_and_numbers() {
        let document = r#"{"a":{"b":["x","y"],"m":{"k":{"id":1},"l":{"id":2}}},"odd key":{"with.dot":"z"}}"#;
        check(document, "a.b[]", &["x", "y"]);
        check(document, "a.b[1]", &["y"]);
        check(document, "a.m{}.id", &["1", "2"]);
        check(document, r#"odd key."with.dot""#, &["z"]);
        check(document, "$.a.b[0]", &["x"]);
        check(document, "a.nothing.at.all", &[]);
        check(document, "a.b[9]", &[]);
    }

    #[test]
    fn a_key_with_dots_is_found_like_nested_ones() {
        let document =
            r#"{"kibana.alert.rule":{"name":"r"},"kibana.alert.severity":"low","user":{"name":"u"}}"#;
        check(document, "kibana.alert.rule.name", &["r"]);
        check(document, "kibana.alert.severity", &["low"]);
        check(document, "kibana.alert", &[]);
        check(document, "user.name", &["u"]);
        let both = r#"{"ct.user":"u","ct.user.arn":"arn","ct":{"region":"r"}}"#;
        check(both, "ct.user", &["u"]);
        check(both, "ct.user.arn", &["arn"]);
        check(both, "ct.region", &["r"]);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["a..b", "a.", ".a.", "a[", "a[x]", "a\"b", "\"a", "a]"] {
            let read = parse(text);
            let is_name = matches!(&read, Ok(path) if path.steps.len() == 1);
            assert!(read.is_err() || is_name, "{text}");
        }
        assert!(parse("a..b").is_err());
        assert!(parse("a[").is_err());
        assert!(parse("\"a").is_err());
    }
}
