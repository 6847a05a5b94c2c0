//! A word of one of reeve's closed lists: written down, or told from what the alert says by tables.

use std::fmt;
use std::marker::PhantomData;

use aho_corasick::{AhoCorasick, MatchKind};
use reeve_domain::observation::{Exposure, IssueType, SourceSeverity, Statement, Validity};
use reeve_domain::reject::DropReason;
use serde::de::value::SeqAccessDeserializer;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::scope::Scope;
use super::value::Value;
use super::written::{OneOrMany, Pairs, Table};
use crate::severity;

/// Words looked for in one choice; more is a mistake.
const WORDS_MAX: usize = 1_000;

/// A `T`, or how to tell it.
#[derive(Clone)]
pub(super) enum Choice<T> {
    Fixed(T),
    Told(Box<Told<T>>),
}

/// How a word is told: by a whole word, by a word inside a text, else the default.
#[derive(Clone)]
pub(super) struct Told<T> {
    of: Vec<Value>,
    lookup: Option<Table<T>>,
    words: Option<Words<T>>,
    or_else: Option<T>,
}

/// The word that stands first in the table wins, wherever it stands in the text.
#[derive(Clone)]
struct Words<T> {
    finder: AhoCorasick,
    meanings: Vec<T>,
}

/// What was told, and whether only because nothing else was known.
pub(super) struct Chosen<T> {
    pub(super) word: T,
    pub(super) by_default: bool,
}

impl<T: Copy> Choice<T> {
    /// The word for a record.
    pub(super) fn choose(&self, scope: &Scope<'_>) -> Option<Chosen<T>> {
        match self {
            Self::Fixed(word) => Some(Chosen {
                word: *word,
                by_default: false,
            }),
            Self::Told(told) => match told.by_tables(scope) {
                Some(word) => Some(Chosen {
                    word,
                    by_default: false,
                }),
                None => told.or_else.map(|word| Chosen {
                    word,
                    by_default: true,
                }),
            },
        }
    }

    /// The word alone.
    pub(super) fn word(&self, scope: &Scope<'_>) -> Option<T> {
        self.choose(scope).map(|chosen| chosen.word)
    }

    /// Whether there is a word for every record.
    pub(super) fn is_total(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Told(told) => told.or_else.is_some(),
        }
    }
}

impl<T: Copy> Told<T> {
    fn by_tables(&self, scope: &Scope<'_>) -> Option<T> {
        let lookup = self.lookup.as_ref();
        let whole = lookup.and_then(|table| self.first(scope, &|text| table.get(text).copied()));
        whole.or_else(|| self.words.as_ref()?.find(&self.of, scope))
    }

    fn first(&self, scope: &Scope<'_>, meaning: &dyn Fn(&str) -> Option<T>) -> Option<T> {
        self.of
            .iter()
            .find_map(|value| value.search(scope, &mut |text| meaning(&text)))
    }
}

impl<T: Copy> Words<T> {
    fn find(&self, of: &[Value], scope: &Scope<'_>) -> Option<T> {
        let mut best = usize::MAX;
        for value in of {
            let end: Option<()> = value.search(scope, &mut |text| {
                let found = self.finder.find_overlapping_iter(&*text);
                best = found.map(|word| word.pattern().as_usize()).fold(best, usize::min);
                None
            });
            debug_assert!(end.is_none(), "every text is looked at");
        }
        self.meanings.get(best).copied()
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "T: Deserialize<'de>"))]
struct RawTold<T> {
    of: OneOrMany<Value>,
    lookup: Option<Pairs<T>>,
    words: Option<Pairs<T>>,
    #[serde(rename = "else")]
    or_else: Option<T>,
}

impl<T: Clone> RawTold<T> {
    fn compile(self) -> Result<Told<T>, &'static str> {
        if self.lookup.is_none() && self.words.is_none() {
            return Err("expected `lookup` or `words` beside `of`");
        }
        Ok(Told {
            of: self.of.0,
            lookup: self.lookup.map(Table::from),
            words: self.words.map(words).transpose()?,
            or_else: self.or_else,
        })
    }
}

fn words<T>(pairs: Pairs<T>) -> Result<Words<T>, &'static str> {
    if pairs.0.len() > WORDS_MAX || pairs.0.iter().any(|(word, _)| word.is_empty()) {
        return Err("expected at most 1000 words, none of them empty");
    }
    let (words, meanings): (Vec<String>, Vec<T>) = pairs.0.into_iter().unzip();
    let finder = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(words)
        .map_err(|_| "expected shorter words")?;
    Ok(Words { finder, meanings })
}

impl<'de, T: Deserialize<'de> + Clone> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyForm(PhantomData))
    }
}

struct AnyForm<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Clone> Visitor<'de> for AnyForm<T> {
    type Value = Choice<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word, or a map with `of`, `lookup`, `words` and `else`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(StrDeserializer::<E>::new(text)).map(Choice::Fixed)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let raw = RawTold::deserialize(MapAccessDeserializer::new(map))?;
        let told = raw.compile().map_err(A::Error::custom)?;
        Ok(Choice::Told(Box::new(told)))
    }
}

/// What is wrong, or that nothing is: the record is understood and nobody's task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Issue(IssueType),
    Nothing(DropReason),
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Some(reason) = drop_reason(&text) {
            return Ok(Self::Nothing(reason));
        }
        IssueType::named(&text)
            .map(Self::Issue)
            .ok_or_else(|| D::Error::unknown_variant(&text, every_meaning()))
    }
}

/// A drop that a mapping may decide.
pub(super) fn drop_reason(text: &str) -> Option<DropReason> {
    let control = DropReason::ControlMessage;
    DropReason::ALL
        .into_iter()
        .find(|reason| *reason != control && reason.as_str() == text)
}

/// For an error of the configuration alone: what is leaked here is small, and the process ends.
fn every_meaning() -> &'static [&'static str] {
    let issues = IssueType::ALL.iter().map(|issue| issue.as_str());
    let drops = DropReason::ALL.into_iter().map(DropReason::as_str);
    issues.chain(drops).collect::<Vec<_>>().leak()
}

/// Words that are read as they are by serde.
pub(super) type ValidityChoice = Choice<Validity>;
pub(super) type ExposureChoice = Choice<Exposure>;
pub(super) type StatementChoice = Choice<Statement>;

/// The source's severity: its own word or number, and what that means on the scale of 0–100.
#[derive(Clone)]
pub(super) enum Severity {
    Fixed(u8),
    Told {
        of: Value,
        lookup: Option<Table<Score>>,
        scale: f64,
        or_else: Option<Score>,
    },
}

/// A place on the scale of 0–100: a number or one of the words for it.
#[derive(Clone, Copy)]
pub(super) struct Score(u8);

impl Severity {
    /// The severity of a record.
    pub(super) fn of(&self, scope: &Scope<'_>) -> SourceSeverity {
        let (of, lookup, scale, or_else) = match self {
            Self::Fixed(score) => return severity::of_score(u64::from(*score)),
            Self::Told {
                of,
                lookup,
                scale,
                or_else,
            } => (of, lookup, scale, or_else),
        };
        let Some(word) = of.text(scope) else {
            return or_else.map_or_else(SourceSeverity::default, |score| {
                severity::of_score(score.0.into())
            });
        };
        let known = lookup.as_ref().and_then(|table| table.get(word.trim()).copied());
        match (known, word.trim().parse::<f64>()) {
            (Some(score), _) => labeled(&word, score),
            (None, Ok(number)) => labeled(&word, Score::clamped(number * scale)),
            (None, Err(_)) => match or_else {
                Some(score) if !severity::is_word(&word) => labeled(&word, *score),
                _ => severity::of_word(&word),
            },
        }
    }
}

fn labeled(word: &str, score: Score) -> SourceSeverity {
    SourceSeverity {
        label: word.to_owned(),
        score: score.0,
    }
}

impl Score {
    fn clamped(number: f64) -> Self {
        Self(number.clamp(0.0, 100.0) as u8)
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if severity::is_word(&text) {
            return Ok(Self(severity::of_word(&text).score));
        }
        match text.trim().parse::<f64>() {
            Ok(number) if (0.0..=100.0).contains(&number) => Ok(Self::clamped(number)),
            _ => Err(D::Error::custom(
                "expected `critical`, `high`, `medium`, `low`, `info` or a number of 0 to 100",
            )),
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSeverity {
    at: Option<OneOrMany<super::path::Path>>,
    of: Option<Value>,
    lookup: Option<Table<Score>>,
    scale: Option<f64>,
    #[serde(rename = "else")]
    or_else: Option<Score>,
}

impl RawSeverity {
    fn compile(self) -> Result<Severity, &'static str> {
        let of = match (self.at, self.of) {
            (Some(OneOrMany(paths, _)), None) if !paths.is_empty() => Value::first_of_paths(paths),
            (None, Some(value)) => value,
            _ => return Err("expected one of `at` and `of`"),
        };
        Ok(Severity::Told {
            of,
            lookup: self.lookup,
            scale: self.scale.unwrap_or(1.0),
            or_else: self.or_else,
        })
    }
}

impl<'de> Deserialize<'de> for Severity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeverityForm)
    }
}

struct SeverityForm;

impl<'de> Visitor<'de> for SeverityForm {
    type Value = Severity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`critical` to `info`, a path, or a map with `at`, `lookup`, `scale` and `else`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Severity, E> {
        if severity::is_word(text) {
            return Ok(Severity::Fixed(severity::of_word(text).score));
        }
        let path = super::path::parse(text).map_err(E::custom)?;
        Ok(Severity::Told {
            of: Value::of_path(path),
            lookup: None,
            scale: 1.0,
            or_else: None,
        })
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Severity, E> {
        u8::try_from(number)
            .ok()
            .filter(|number| *number <= 100)
            .map(Severity::Fixed)
            .ok_or_else(|| E::custom("expected a number of 0 to 100"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Severity, A::Error> {
        Ok(Severity::Told {
            of: Value::deserialize(SeqAccessDeserializer::new(seq))?,
            lookup: None,
            scale: 1.0,
            or_else: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Severity, A::Error> {
        RawSeverity::deserialize(MapAccessDeserializer::new(map))?
            .compile()
            .map_err(A::Error::custom)
    }
}
