//! From text to tree by serde_json, with limits of our own: depth, keys of an object, and no key twice.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use reeve_domain::reject::{Reason, Reject};
use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Json, Number};
use crate::formats;
use crate::settings::Limits;

/// Why a text is no tree: a category and a place, never a piece of the text.
pub(crate) struct Fault {
    reason: Reason,
    category: &'static str,
    line: usize,
    column: usize,
    path: String,
}

impl Fault {
    /// A text that is longer than a document may be.
    pub(crate) fn too_large(bytes_max: usize) -> Self {
        Self {
            category: "longer than a document may be",
            column: bytes_max,
            ..empty()
        }
        .with(Reason::TooLarge)
    }

    fn with(self, reason: Reason) -> Self {
        Self { reason, ..self }
    }

    /// Whether the text is JSON and only breaks a limit of ours.
    pub(crate) fn is_of_limits(&self) -> bool {
        self.reason != Reason::NotJson
    }

    /// The refusal; `lines_before` are the lines of the input before the text.
    pub(crate) fn into_reject(self, lines_before: usize) -> Reject {
        let Self {
            reason,
            category,
            line,
            column,
            path,
        } = self;
        let detail = format!("{category} at line {} column {column}", line + lines_before);
        if path.is_empty() {
            Reject::document(reason, detail)
        } else {
            Reject::field(reason, path, detail)
        }
    }
}

/// The only value of a text.
pub(crate) fn read_value<'a>(text: &'a str, limits: &Limits) -> Result<Json<'a>, Fault> {
    let mut documents = Documents::new(text, *limits);
    match documents.next() {
        Some(first) => {
            let first = first?;
            documents.finish()?;
            Ok(first)
        }
        None => Err(empty()),
    }
}

/// Whether a text is one JSON value and nothing else, however deep; costs no stack.
pub(crate) fn is_whole_value(text: &str) -> bool {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    IgnoredAny::deserialize(&mut deserializer).is_ok() && deserializer.end().is_ok()
}

/// The values of a text, one after the other; after a fault there are no more.
pub(crate) struct Documents<'a> {
    deserializer: serde_json::Deserializer<serde_json::de::StrRead<'a>>,
    limits: Limits,
    broken: bool,
}

impl<'a> Documents<'a> {
    pub(crate) fn new(text: &'a str, limits: Limits) -> Self {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        deserializer.disable_recursion_limit();
        Self {
            deserializer,
            limits,
            broken: false,
        }
    }

    /// Makes sure that nothing but white space is left.
    fn finish(&mut self) -> Result<(), Fault> {
        let no_context = Context::new(&self.limits);
        self.deserializer.end().map_err(|error| no_context.fault(&error))
    }
}

impl<'a> Iterator for Documents<'a> {
    type Item = Result<Json<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken || self.deserializer.end().is_ok() {
            return None;
        }
        let context = Context::new(&self.limits);
        let tree = Tree {
            context: &context,
            depth: 0,
        }
        .deserialize(&mut self.deserializer);
        self.broken = tree.is_err();
        Some(tree.map_err(|error| context.fault(&error)))
    }
}

fn empty() -> Fault {
    Fault {
        reason: Reason::NotJson,
        category: "no value",
        line: 1,
        column: 0,
        path: String::new(),
    }
}

/// What the visitors of one text share: the limits, and where they met a fault.
struct Context<'s> {
    limits: &'s Limits,
    broken: RefCell<Broken>,
}

#[derive(Default)]
struct Broken {
    reason: Option<(Reason, &'static str)>,
    /// Innermost segment first.
    segments: Vec<String>,
}

impl<'s> Context<'s> {
    fn new(limits: &'s Limits) -> Self {
        Self {
            limits,
            broken: RefCell::default(),
        }
    }

    fn refuse<E: serde::de::Error>(&self, reason: Reason, category: &'static str) -> E {
        self.broken.borrow_mut().reason.get_or_insert((reason, category));
        E::custom(category)
    }

    fn within_key<E>(&self, key: &str, error: E) -> E {
        self.broken
            .borrow_mut()
            .segments
            .push(formats::pointer_segment(key));
        error
    }

    fn within_index<E>(&self, index: usize, error: E) -> E {
        self.broken.borrow_mut().segments.push(index.to_string());
        error
    }

    fn fault(&self, error: &serde_json::Error) -> Fault {
        let broken = self.broken.take();
        let syntax = if error.is_eof() {
            "the text ends too early"
        } else {
            "not JSON"
        };
        let (reason, category) = broken.reason.unwrap_or((Reason::NotJson, syntax));
        let path = broken
            .segments
            .iter()
            .rev()
            .flat_map(|segment| ["/", segment])
            .collect();
        Fault {
            reason,
            category,
            line: error.line(),
            column: error.column(),
            path,
        }
    }
}

#[derive(Clone, Copy)]
struct Tree<'s> {
    context: &'s Context<'s>,
    depth: u32,
}

impl<'s> Tree<'s> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > self.context.limits.depth {
            return Err(self.context.refuse(Reason::TooDeep, "nested too deep"));
        }
        Ok(Self { depth, ..self })
    }
}

impl Tree<'_> {
    fn twice<E: serde::de::Error>(self, key: &str) -> E {
        let error = self.context.refuse(Reason::DuplicateKey, "a key occurs twice");
        self.context.within_key(key, error)
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Json<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(Number::Unsigned(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(Number::Signed(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(Number::Float(value)))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut elements = Vec::new();
        loop {
            match access.next_element_seed(inner) {
                Ok(Some(element)) => elements.push(element),
                Ok(None) => return Ok(Json::Array(elements)),
                Err(error) => return Err(self.context.within_index(elements.len(), error)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut entries = Vec::with_capacity(if self.depth == 0 { OBJECT_KEYS_USUAL } else { 0 });
        let mut seen = Seen::default();
        while let Some(key) = access.next_key_seed(Key)? {
            if entries.len() >= self.context.limits.keys {
                return Err(self
                    .context
                    .refuse(Reason::TooLarge, "too many keys in an object"));
            }
            if seen.again(&key, &entries) {
                return Err(self.twice(&key));
            }
            match access.next_value_seed(inner) {
                Ok(value) => entries.push((key, value)),
                Err(error) => return Err(self.context.within_key(&key, error)),
            }
        }
        match repeated_key(&entries) {
            Some(key) => Err(self.twice(key)),
            None => Ok(Json::Object(entries)),
        }
    }
}

/// Room for the keys of a document.
const OBJECT_KEYS_USUAL: usize = 24;

/// A short object is checked key by key, a long one once at its end.
const SHORT_OBJECT_KEYS: usize = 64;

/// The keys of a short object so far, as bits that spare most of the scans.
#[derive(Default)]
struct Seen(u128);

impl Seen {
    /// Whether a short object has the key; remembers it.
    fn again(&mut self, key: &str, entries: &[(Cow<'_, str>, Json<'_>)]) -> bool {
        self.maybe(key, entries.len()) && entries.iter().any(|(name, _)| name == key)
    }

    /// Whether the key may have been seen in a short object; remembers it.
    fn maybe(&mut self, key: &str, keys_before: usize) -> bool {
        if keys_before >= SHORT_OBJECT_KEYS {
            return false;
        }
        let bytes = key.as_bytes();
        let (first, last) = (
            bytes.first().copied().unwrap_or(0),
            bytes.last().copied().unwrap_or(0),
        );
        let middle = bytes.get(bytes.len() / 2).copied().unwrap_or(0);
        let mixed = usize::from(first) * 7 + usize::from(middle) * 3 + usize::from(last) + bytes.len() * 31;
        let bit = 1_u128 << (mixed % 128);
        let known = self.0 & bit != 0;
        self.0 |= bit;
        known
    }
}

/// A key that occurs twice in a long object.
fn repeated_key<'e>(entries: &'e [(Cow<'_, str>, Json<'_>)]) -> Option<&'e str> {
    if entries.len() <= SHORT_OBJECT_KEYS {
        return None;
    }
    let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_ref()).collect();
    keys.sort_unstable();
    keys.windows(2)
        .find(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
