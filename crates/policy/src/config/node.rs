//! A YAML document as a tree whose every value and key knows its line and column.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::{ConfigError, recovery};

/// One file of configuration, read but not yet understood.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) file: String,
    pub(super) root: Node,
}

/// Line and column, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Pre-order number, unique in the document.
    pub(super) id: usize,
    pub(super) place: Place,
    pub(super) body: Body,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    Seq(Vec<Node>),
    Map(Map),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    pub(super) entries: Vec<Entry>,
    /// Keys taken out because they were wrong: their absence is no second error.
    pub(super) removed: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

impl Document {
    /// Reads YAML.
    ///
    /// # Errors
    /// The first place where it is no YAML (nothing after it can be trusted), or a key that stands twice.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<ConfigError>> {
        let options = serde_saphyr::options! { with_snippet: false };
        let mut root: Node = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| vec![unreadable(file, &error)])?;
        number(&mut root, &mut 0);
        Ok(Self {
            file: file.to_owned(),
            root,
        })
    }

    /// Reads the document as a `T`.
    ///
    /// # Errors
    /// Everything that does not fit, in the order of the file.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Vec<ConfigError>> {
        recovery::parse(self)
    }

    /// An error at the value that `pointer` names (`/routes/3/queue`), or at the nearest value above it.
    pub fn error(&self, pointer: &str, message: impl Into<String>) -> ConfigError {
        let place = self.place(pointer);
        ConfigError {
            file: self.file.clone(),
            line: place.line,
            column: place.column,
            message: message.into(),
            suggestion: None,
        }
    }

    fn place(&self, pointer: &str) -> Place {
        let (mut node, mut place) = (&self.root, self.root.place);
        for step in pointer.split('/').skip(1) {
            let next = match &node.body {
                Body::Seq(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
                Body::Map(map) => map
                    .entries
                    .iter()
                    .find(|entry| entry.key == step)
                    .map(|entry| &entry.value),
                _ => None,
            };
            let Some(next) = next else { break };
            (node, place) = (next, next.place);
        }
        place
    }
}

fn unreadable(file: &str, error: &serde_saphyr::Error) -> ConfigError {
    let error = error.without_snippet();
    let place = error.location().map(Place::from).unwrap_or_default();
    let message = match error {
        serde_saphyr::Error::DuplicateMappingKey { .. } => "this key stands twice in the same map",
        serde_saphyr::Error::NullIntoString { .. } => "a key must be a text",
        serde_saphyr::Error::MultipleDocuments { .. } => "one file holds one YAML document",
        _ => "not valid YAML here: check indentation, quotes, brackets and colons",
    };
    ConfigError {
        file: file.to_owned(),
        line: place.line,
        column: place.column,
        message: message.to_owned(),
        suggestion: None,
    }
}

fn number(node: &mut Node, next: &mut usize) {
    node.id = *next;
    *next += 1;
    match &mut node.body {
        Body::Seq(items) => items.iter_mut().for_each(|item| number(item, next)),
        Body::Map(map) => map
            .entries
            .iter_mut()
            .for_each(|entry| number(&mut entry.value, next)),
        _ => {}
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self {
            line: location.line(),
            column: location.column(),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned {
            value: body,
            referenced,
            ..
        } = Spanned::<Body>::deserialize(deserializer)?;
        Ok(Self {
            id: 0,
            place: referenced.into(),
            body,
        })
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Body, E> {
        Ok(Body::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Body, E> {
        Ok(Body::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Body, E> {
        Ok(Body::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Body, E> {
        Ok(Body::Unsigned(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Body, E> {
        Ok(u64::try_from(value).map_or(Body::Signed(value), Body::Unsigned))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Body, E> {
        Ok(Body::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Body, E> {
        Ok(Body::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Body, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Body::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Body, A::Error> {
        let mut map = Map::default();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let value = access.next_value()?;
            map.entries.push(Entry {
                key: key.value,
                place: key.referenced.into(),
                value,
            });
        }
        Ok(Body::Map(map))
    }
}
