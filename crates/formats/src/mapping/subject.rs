//! Whom a record is about: subjects by kind, of which the first that has all it needs counts.

use std::borrow::Cow;
use std::fmt;

use reeve_domain::key::{Rel, Strength};
use reeve_domain::secret::{AliasKind, ValueHints};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::condition::{Condition, all_hold, first_broken};
use super::kinds::{HASH_FIELDS, KINDS, Kind, PLACE, SECRET, SECRET_FIELDS, SECRET_HASH};
use super::scope::Scope;
use super::value::Value;
use super::written::OneOrMany;
use crate::draft::{Also, HashKind, Named, SubjectOf};

/// One way to name a subject.
#[derive(Clone)]
pub(super) struct Subject {
    when: Vec<Condition>,
    form: Form,
    fields: Vec<Option<Value>>,
}

#[derive(Clone, Copy)]
enum Form {
    Named(&'static Kind),
    Secret,
    Hash,
    Place,
}

impl Subject {
    /// The subject, if everything that it needs is there.
    pub(super) fn of<'d>(&'d self, scope: &Scope<'d>) -> Option<SubjectOf<'d>> {
        if !all_hold(&self.when, scope) {
            return None;
        }
        match self.form {
            Form::Place => Some(SubjectOf::Place),
            Form::Named(kind) => self.named(kind, scope).map(SubjectOf::Named),
            Form::Secret => Some(SubjectOf::Value {
                value: self.raw(0, scope)?,
                half: self.raw(1, scope),
                hints: ValueHints {
                    account: borrowed(self.field(2, scope)),
                    host: borrowed(self.field(3, scope)),
                    user: borrowed(self.field(4, scope)),
                    ..ValueHints::default()
                },
                otherwise: None,
            }),
            Form::Hash => {
                let kinds = [
                    HashKind::Sha256,
                    HashKind::Alias(AliasKind::Sha1),
                    HashKind::Alias(AliasKind::Hmsl),
                ];
                let mut hashes = kinds.into_iter().enumerate();
                hashes.find_map(|(at, kind)| {
                    let hex = self.raw(at, scope)?;
                    Some(SubjectOf::Hash { kind, hex })
                })
            }
        }
    }

    /// The texts and the builder of a subject that can be named.
    pub(super) fn as_named<'d>(&'d self, scope: &Scope<'d>) -> Option<Named<'d>> {
        match self.form {
            Form::Named(kind) if all_hold(&self.when, scope) => self.named(kind, scope),
            _ => None,
        }
    }

    /// Values that must not leave.
    pub(super) fn secrets<'d>(&'d self, scope: &Scope<'d>, out: &mut Vec<Cow<'d, str>>) {
        let holding = match self.form {
            Form::Secret => 2,
            Form::Hash => self.fields.len(),
            Form::Named(_) | Form::Place => 0,
        };
        out.extend((0..holding).filter_map(|at| self.raw(at, scope)));
    }

    /// Why there is no such subject, in words of the configuration.
    pub(super) fn missing(&self, scope: &Scope<'_>) -> Option<String> {
        let reason = first_broken(&self.when, scope).or_else(|| {
            let (needs, _) = self.form.fields();
            let lacking = needs
                .iter()
                .enumerate()
                .find(|(at, _)| self.field(*at, scope).is_none())?;
            let value = self.fields.get(lacking.0)?.as_ref()?;
            Some(format!("nothing for `{}` at `{}`", lacking.1, value.written()))
        })?;
        Some(format!("{}: {reason}", self.form.name()))
    }

    fn named<'d>(&'d self, kind: &'static Kind, scope: &Scope<'d>) -> Option<Named<'d>> {
        let mut texts = Vec::with_capacity(self.fields.len());
        for at in 0..self.fields.len() {
            match self.field(at, scope) {
                Some(text) => texts.push(text),
                None if at < kind.needs.len() => return None,
                None => texts.push(Cow::Borrowed("")),
            }
        }
        Some(Named {
            texts,
            build: kind.build,
        })
    }

    /// What goes into a keyed hash and nowhere else.
    fn raw<'d>(&'d self, at: usize, scope: &Scope<'d>) -> Option<Cow<'d, str>> {
        self.fields.get(at)?.as_ref()?.text(&scope.unshielded())
    }

    fn field<'d>(&'d self, at: usize, scope: &Scope<'d>) -> Option<Cow<'d, str>> {
        self.fields.get(at)?.as_ref()?.text(scope)
    }
}

/// Hints outlive the reading only where they stand in the alert as they are.
fn borrowed(text: Option<Cow<'_, str>>) -> Option<&str> {
    match text {
        Some(Cow::Borrowed(text)) => Some(text),
        _ => None,
    }
}

impl Form {
    fn named(name: &str) -> Option<Self> {
        match name {
            SECRET => Some(Self::Secret),
            SECRET_HASH => Some(Self::Hash),
            PLACE => Some(Self::Place),
            name => KINDS.iter().find(|kind| kind.name == name).map(Self::Named),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Named(kind) => kind.name,
            Self::Secret => SECRET,
            Self::Hash => SECRET_HASH,
            Self::Place => PLACE,
        }
    }

    fn fields(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Named(kind) => (kind.needs, kind.takes),
            Self::Secret => SECRET_FIELDS,
            Self::Hash => HASH_FIELDS,
            Self::Place => (&[], &[]),
        }
    }

    fn field_names(self) -> Vec<&'static str> {
        let (needs, takes) = self.fields();
        needs.iter().chain(takes).copied().collect()
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = deserializer.deserialize_map(AsSubject { extra: &[] })?;
        Ok(written.subject)
    }
}

/// A subject, and the words beside it that say what it is to the draft's own.
struct Written {
    subject: Subject,
    words: Vec<(&'static str, String)>,
}

/// Reads `kind` before its fields; `when` and `extra` stand anywhere.
struct AsSubject {
    extra: &'static [&'static str],
}

impl<'de> Visitor<'de> for AsSubject {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with `kind` and the fields of that kind")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Written, E> {
        Err(E::custom("expected a map such as `{ kind: place }`"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let (mut when, mut words, mut is_late) = (Vec::new(), Vec::new(), false);
        let early = KeySeed {
            form: None,
            extra: self.extra,
        };
        let form = loop {
            match map.next_key_seed(early)? {
                Some(Key::Kind) => break map.next_value_seed(FormSeed)?,
                Some(Key::When) => when = map.next_value::<OneOrMany<Condition>>()?.0,
                Some(Key::Extra(name)) => words.push((name, map.next_value()?)),
                Some(Key::Field(_)) => {
                    map.next_value::<IgnoredAny>()?;
                    is_late = true;
                }
                None => return Err(A::Error::missing_field("kind")),
            }
        };
        if is_late {
            return Err(A::Error::custom("expected `kind` before the fields of the kind"));
        }
        let (needs, _) = form.fields();
        let names = form.field_names();
        let mut subject = Subject {
            when,
            form,
            fields: names.iter().map(|_| None).collect(),
        };
        let seed = || KeySeed {
            form: Some(form),
            extra: self.extra,
        };
        while let Some(key) = map.next_key_seed(seed())? {
            match key {
                Key::Field(at) => subject.fields[at] = Some(map.next_value()?),
                Key::When => subject.when = map.next_value::<OneOrMany<Condition>>()?.0,
                Key::Extra(name) => words.push((name, map.next_value()?)),
                Key::Kind => return Err(A::Error::duplicate_field("kind")),
            }
        }
        if let Some((_, missing)) = subject
            .fields
            .iter()
            .zip(needs)
            .find(|(value, _)| value.is_none())
        {
            return Err(A::Error::missing_field(missing));
        }
        let is_empty_hash = matches!(form, Form::Hash) && subject.fields.iter().all(Option::is_none);
        match is_empty_hash {
            true => Err(A::Error::custom("expected one of `sha256`, `sha1`, `hmsl`")),
            false => Ok(Written { subject, words }),
        }
    }
}

enum Key {
    Kind,
    Field(usize),
    When,
    Extra(&'static str),
}

/// A key of a subject; which are known follows from the kind.
#[derive(Clone, Copy)]
struct KeySeed {
    form: Option<Form>,
    extra: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "kind" {
            return Ok(Key::Kind);
        }
        if text == "when" {
            return Ok(Key::When);
        }
        if let Some(extra) = self.extra.iter().find(|extra| **extra == text) {
            return Ok(Key::Extra(extra));
        }
        let Some(form) = self.form else {
            return Ok(Key::Field(0));
        };
        let names = form.field_names();
        match names.iter().position(|name| *name == text) {
            Some(at) => Ok(Key::Field(at)),
            None => Err(D::Error::unknown_field(&text, names.leak())),
        }
    }
}

struct FormSeed;

impl<'de> DeserializeSeed<'de> for FormSeed {
    type Value = Form;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Form, D::Error> {
        let text = String::deserialize(deserializer)?;
        Form::named(&text).ok_or_else(|| D::Error::unknown_variant(&text, every_kind()))
    }
}

/// For an error of the configuration alone: what is leaked here is small, and the process ends.
fn every_kind() -> &'static [&'static str] {
    let own = [SECRET, SECRET_HASH, PLACE];
    let all = own.into_iter().chain(KINDS.iter().map(|kind| kind.name));
    all.collect::<Vec<_>>().leak()
}

/// Another key of the subject, or another subject.
#[derive(Clone)]
pub(super) struct Other {
    relation: Relation,
    subject: Subject,
}

#[derive(Clone, Copy)]
enum Relation {
    Alias(Strength),
    Link(Rel),
}

impl Other {
    /// What it adds to a draft, if it has what it needs.
    pub(super) fn of<'d>(&'d self, scope: &Scope<'d>) -> Option<Also<'d>> {
        let named = self.subject.as_named(scope)?;
        Some(match self.relation {
            Relation::Alias(strength) => Also::Alias(strength, named),
            Relation::Link(rel) => Also::Link(rel, named),
        })
    }
}

/// An alias as it is written: a subject with `strength`.
#[derive(Clone)]
pub(super) struct RawAlias(pub(super) Other);
/// A link as it is written: a subject with `rel`.
#[derive(Clone)]
pub(super) struct RawLink(pub(super) Other);

impl<'de> Deserialize<'de> for RawAlias {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = deserializer.deserialize_map(AsSubject { extra: &["strength"] })?;
        let strength = match written.words.first().map(|(_, word)| word.as_str()) {
            Some("strong") => Strength::Strong,
            Some("weak") => Strength::Weak,
            _ => {
                return Err(D::Error::custom(
                    "expected `strength: strong` (the same) or `strength: weak` (possibly)",
                ));
            }
        };
        named_only(&written.subject).map_err(D::Error::custom)?;
        Ok(Self(Other {
            relation: Relation::Alias(strength),
            subject: written.subject,
        }))
    }
}

impl<'de> Deserialize<'de> for RawLink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = deserializer.deserialize_map(AsSubject { extra: &["rel"] })?;
        let word = written
            .words
            .first()
            .map(|(_, word)| word.as_str())
            .unwrap_or_default();
        let read: Result<Rel, de::value::Error> = Rel::deserialize(de::value::StrDeserializer::new(word));
        let rel = read.map_err(|_| {
            D::Error::custom(
                "expected `rel`: `authenticates`, `holds`, `held_by`, `found_in`, `used_by`, `instance_of` or `certifies`",
            )
        })?;
        named_only(&written.subject).map_err(D::Error::custom)?;
        Ok(Self(Other {
            relation: Relation::Link(rel),
            subject: written.subject,
        }))
    }
}

fn named_only(subject: &Subject) -> Result<(), &'static str> {
    match subject.form {
        Form::Named(_) => Ok(()),
        _ => Err("expected a kind that names its subject; a secret's other keys are made by themselves"),
    }
}
