//! How a text is drawn from an alert: paths in order of preference, and what is done with what stands there.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::path::{self, Path, Place};
use super::scope::Scope;
use super::template::Template;
use super::written::{OneOrMany, Pattern, Table};
use crate::envelope::decode_base64;
use crate::json::{Json, read_value};
use crate::settings::Limits;

/// A value: where its text comes from, and what is done with it.
#[derive(Clone)]
pub(super) struct Value {
    origin: Origin,
    change: Option<Box<Change>>,
}

#[derive(Clone)]
enum Origin {
    Path(Path),
    /// The first that gives anything.
    FirstOf(Vec<Value>),
    Constant(Box<str>),
    Template(Template),
}

/// What is done with a text, in this order.
#[derive(Clone, Default)]
struct Change {
    base64: bool,
    json: Option<Path>,
    find: Option<Find>,
    except: Vec<String>,
    capture: Option<Pattern>,
    lower: bool,
    lookup: Option<Table<String>>,
    or_else: Option<String>,
}

/// The text is a key of the object at `in`, or the `id` of an element there; `then` goes on from what it names.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Find {
    #[serde(rename = "in")]
    within: Path,
    #[serde(default)]
    by: Option<Path>,
    then: Path,
}

impl Value {
    /// The first text.
    pub(super) fn text<'d>(&'d self, scope: &Scope<'d>) -> Option<Cow<'d, str>> {
        let mut first = |text| Some(text);
        self.search(scope, &mut first)
    }

    /// The first answer of `take` over every text; empty texts and `null` are none.
    pub(super) fn search<'d, R>(
        &'d self,
        scope: &Scope<'d>,
        take: &mut dyn FnMut(Cow<'d, str>) -> Option<R>,
    ) -> Option<R> {
        let Some(change) = &self.change else {
            return self.origin.search(scope, take);
        };
        let mut changed_any = false;
        let found = self.origin.search(scope, &mut |text| {
            change.search(text, scope, &mut |text| {
                changed_any = true;
                take(text)
            })
        });
        match (&change.or_else, found, changed_any) {
            (Some(text), None, false) => take(Cow::Borrowed(text)),
            (_, found, _) => found,
        }
    }

    /// The value of a plain path, for what is no text.
    pub(super) fn plain<'d>(&'d self, scope: &Scope<'d>) -> Option<&'d Json<'d>> {
        match (&self.origin, &self.change) {
            (Origin::Path(path), None) => path.search(scope, &mut |place| match place {
                Place::Value(json) if !json.is_null() => Some(json),
                _ => None,
            }),
            _ => None,
        }
    }

    /// The paths it looks at, as they were written.
    pub(super) fn written(&self) -> String {
        match &self.origin {
            Origin::Path(path) => path.written().to_owned(),
            Origin::FirstOf(all) => all.iter().map(Self::written).collect::<Vec<_>>().join(" or "),
            Origin::Constant(_) => "a constant".to_owned(),
            Origin::Template(template) => template.written().to_owned(),
        }
    }

    /// The first of some paths that gives anything.
    pub(super) fn first_of_paths(paths: Vec<Path>) -> Self {
        let values = paths.into_iter().map(Self::of_path).collect();
        Self {
            origin: Origin::FirstOf(values),
            change: None,
        }
    }

    /// A value that is a plain path.
    pub(super) fn of_path(path: Path) -> Self {
        Self {
            origin: Origin::Path(path),
            change: None,
        }
    }
}

impl Origin {
    fn search<'d, R>(
        &'d self,
        scope: &Scope<'d>,
        take: &mut dyn FnMut(Cow<'d, str>) -> Option<R>,
    ) -> Option<R> {
        match self {
            Self::Path(path) => path.search(scope, &mut |place| match place {
                Place::Key(key) => take(Cow::Borrowed(key)),
                Place::Value(json) => texts(json, take),
            }),
            Self::FirstOf(all) => {
                let mut any = false;
                all.iter().find_map(|value| {
                    if any {
                        return None;
                    }
                    value.search(scope, &mut |text| {
                        any = true;
                        take(text)
                    })
                })
            }
            Self::Constant(text) => take(Cow::Borrowed(text)),
            Self::Template(template) => template.text(scope).and_then(|text| take(Cow::Owned(text))),
        }
    }
}

/// The text of a scalar, and those of the scalars of an array.
fn texts<'d, R>(json: &'d Json<'d>, take: &mut dyn FnMut(Cow<'d, str>) -> Option<R>) -> Option<R> {
    match json {
        Json::Array(elements) => elements.iter().filter_map(Json::scalar).find_map(take),
        json => json.scalar().and_then(take),
    }
}

impl Change {
    fn search<'d, R>(
        &'d self,
        text: Cow<'d, str>,
        scope: &Scope<'d>,
        take: &mut dyn FnMut(Cow<'d, str>) -> Option<R>,
    ) -> Option<R> {
        let text = match self.base64 {
            true => Cow::Owned(String::from_utf8(decode_base64(&text)?).ok()?),
            false => text,
        };
        match &self.json {
            Some(path) => embedded(&text, path)
                .into_iter()
                .find_map(|text| self.found(Cow::Owned(text), scope, take)),
            None => self.found(text, scope, take),
        }
    }

    fn found<'d, R>(
        &'d self,
        text: Cow<'d, str>,
        scope: &Scope<'d>,
        take: &mut dyn FnMut(Cow<'d, str>) -> Option<R>,
    ) -> Option<R> {
        match &self.find {
            Some(find) => find.search(&text, scope, &mut |text| take(self.finished(text, scope)?)),
            None => take(self.finished(text, scope)?),
        }
    }

    fn finished<'d>(&'d self, text: Cow<'d, str>, scope: &Scope<'d>) -> Option<Cow<'d, str>> {
        if self
            .except
            .iter()
            .any(|none| none.eq_ignore_ascii_case(text.trim()))
        {
            return None;
        }
        let text = match self.capture.is_some() || self.lower {
            true => scope.before_cut(text),
            false => text,
        };
        let text = match &self.capture {
            Some(pattern) => part(&text, pattern.captured(&text)?),
            None => text,
        };
        let text = match self.lower {
            true => Cow::Owned(text.to_lowercase()),
            false => text,
        };
        let text = match &self.lookup {
            Some(table) => Cow::Borrowed(table.get(&text)?.as_str()),
            None => text,
        };
        (!text.is_empty()).then_some(text)
    }
}

impl Find {
    fn search<'d, R>(
        &'d self,
        text: &str,
        scope: &Scope<'d>,
        take: &mut dyn FnMut(Cow<'d, str>) -> Option<R>,
    ) -> Option<R> {
        self.within.search(scope, &mut |place| {
            let Place::Value(json) = place else { return None };
            let named = match (&self.by, json) {
                (Some(by), _) => {
                    let is_it = |one: &&'d Json<'d>| {
                        by.search_below(one, &mut |id| (id.scalar()? == text).then_some(()))
                            .is_some()
                    };
                    let mut all = json
                        .elements()
                        .iter()
                        .chain(json.entries().iter().map(|(_, one)| one));
                    all.find(is_it)?
                }
                (None, json) => &json.entries().iter().find(|(key, _)| key == text)?.1,
            };
            self.then.search_below(named, &mut |json| texts(json, take))
        })
    }
}

/// A part of a text, borrowed where the text is.
fn part<'d>(text: &Cow<'d, str>, range: std::ops::Range<usize>) -> Cow<'d, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
    }
}

/// Every text at a path of a JSON document inside a text; the limits are those of any document.
fn embedded(text: &str, path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(json) = read_value(text, &Limits::default()) else {
        return found;
    };
    let end: Option<()> = path.search(&Scope::of(&json), &mut |place| match place {
        Place::Value(json) => texts(json, &mut |text| {
            found.push(text.into_owned());
            None
        }),
        Place::Key(_) => None,
    });
    debug_assert!(end.is_none(), "every text is kept");
    found
}

/// A value as a map of what is done.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValue {
    at: Option<OneOrMany<Path>>,
    of: Option<Value>,
    #[serde(rename = "const")]
    constant: Option<String>,
    text: Option<Template>,
    #[serde(default)]
    base64: bool,
    json: Option<Path>,
    find: Option<Find>,
    #[serde(default)]
    except: OneOrMany<String>,
    capture: Option<Pattern>,
    #[serde(default)]
    lower: bool,
    lookup: Option<Table<String>>,
    #[serde(rename = "else")]
    or_else: Option<String>,
}

impl RawValue {
    fn compile(self) -> Result<Value, &'static str> {
        let origin = match (self.at, self.of, self.constant, self.text) {
            (Some(OneOrMany(paths, _)), None, None, None) if !paths.is_empty() => {
                let mut values: Vec<Value> = paths.into_iter().map(Value::of_path).collect();
                match values.len() {
                    1 => values.remove(0).origin,
                    _ => Origin::FirstOf(values),
                }
            }
            (None, Some(value), None, None) => Origin::FirstOf(vec![value]),
            (None, None, Some(text), None) => Origin::Constant(text.into()),
            (None, None, None, Some(template)) => Origin::Template(template),
            _ => return Err("expected exactly one of `at`, `of`, `const`, `text`"),
        };
        Ok(Value {
            origin,
            change: Some(Box::new(Change {
                base64: self.base64,
                json: self.json,
                find: self.find,
                except: self.except.0,
                capture: self.capture,
                lower: self.lower,
                lookup: self.lookup,
                or_else: self.or_else,
            })),
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyForm)
    }
}

struct AnyForm;

impl<'de> Visitor<'de> for AnyForm {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a path, a list of values of which the first counts, or a map with `at`, `of`, `const` or `text`",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        path::parse(text).map(Value::of_path).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = seq.next_element()? {
            all.push(one);
        }
        Ok(Value {
            origin: Origin::FirstOf(all),
            change: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        RawValue::deserialize(MapAccessDeserializer::new(map))?
            .compile()
            .map_err(A::Error::custom)
    }
}
