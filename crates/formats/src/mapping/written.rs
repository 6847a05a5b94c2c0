//! Small shapes of the written form: a list that may be its only element, pairs in the order of the file, patterns.

use std::fmt;
use std::marker::PhantomData;

use regex::{Regex, RegexBuilder};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Bytes of a compiled pattern; one of alerts needs some thousands.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// One or several of `T`.
#[derive(Clone)]
pub(super) struct OneOrMany<T>(pub(super) Vec<T>, pub(super) Written);

/// Whether a list was written: pointers into the file count its elements then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Alone,
    List,
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new(), Written::List)
    }
}

impl<T> OneOrMany<T> {
    /// The pointer of an element, below the pointer of the whole.
    pub(super) fn pointer(&self, whole: &str, at: usize) -> String {
        match self.1 {
            Written::Alone => whole.to_owned(),
            Written::List => format!("{whole}/{at}"),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

struct Either<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one value or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(StrDeserializer::<E>::new(text)).map(|one| OneOrMany(vec![one], Written::Alone))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        self.visit_str(if value { "true" } else { "false" })
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMany(vec![one], Written::Alone))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut many = Vec::new();
        while let Some(one) = seq.next_element()? {
            many.push(one);
        }
        Ok(OneOrMany(many, Written::List))
    }
}

/// The entries of a map in the order of the file.
#[derive(Clone)]
pub(super) struct Pairs<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = Pairs<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of a word and what it means")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

/// What words mean, in any case of their letters; found without a copy of the word.
#[derive(Clone)]
pub(super) struct Table<T>(Box<[(Box<str>, T)]>);

impl<T> Table<T> {
    /// What a word means.
    pub(super) fn get(&self, word: &str) -> Option<&T> {
        let by_word = |entry: &(Box<str>, T)| folded(&entry.0).cmp(folded(word));
        self.0.binary_search_by(by_word).ok().map(|at| &self.0[at].1)
    }
}

fn folded(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().map(|byte| byte.to_ascii_lowercase())
}

impl<T> From<Pairs<T>> for Table<T> {
    fn from(pairs: Pairs<T>) -> Self {
        let mut entries: Vec<(Box<str>, T)> =
            pairs.0.into_iter().map(|(word, it)| (word.into(), it)).collect();
        entries.sort_by(|one, other| folded(&one.0).cmp(folded(&other.0)));
        Self(entries.into())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pairs::deserialize(deserializer).map(Self::from)
    }
}

/// A regular expression: linear in time, bounded in memory.
#[derive(Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Whether it is found in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Where the first group that took part stands, or the whole match where the pattern has no group.
    pub(super) fn captured(&self, text: &str) -> Option<std::ops::Range<usize>> {
        if self.0.captures_len() == 1 {
            return self.0.find(text).map(|found| found.range());
        }
        let captures = self.0.captures(text)?;
        captures
            .iter()
            .skip(1)
            .flatten()
            .next()
            .map(|group| group.range())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        RegexBuilder::new(&text)
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX)
            .build()
            .map(Self)
            .map_err(|error| D::Error::custom(refusal(&error)))
    }
}

fn refusal(error: &regex::Error) -> &'static str {
    match error {
        regex::Error::CompiledTooBig(_) => {
            "expected a smaller regular expression, this one takes too much memory"
        }
        _ => {
            "expected a regular expression without look-around and back-references; check brackets and escapes"
        }
    }
}
