//! Which field stands where in an answer: JSON pointers, compiled.

use std::collections::BTreeMap;

use reeve_domain::context::OwnerConfidence;
use serde_json::Value;

use crate::fault::{Faults, segment};
use crate::field::{FIELDS, Fact, Field, Role, owner, text};
use crate::merge::Answer;
use crate::raw::{RawMapped, RawOwner, RawPick, RawSource};

/// A JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer(String);

impl Pointer {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.starts_with('/') {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected a JSON pointer: empty, or starting with `/`".to_owned())
        }
    }

    pub(crate) fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.pointer(&self.0)
    }
}

/// Every field an inventory fills, with where it stands.
#[derive(Debug)]
pub(crate) struct Mapping {
    fields: Vec<(Field, String, Source)>,
    confidence: OwnerConfidence,
}

#[derive(Debug)]
enum Source {
    Pick(Pick),
    Owner(Box<OwnerParts>),
}

#[derive(Debug)]
struct OwnerParts {
    kind: Option<Pick>,
    reference: Option<Pick>,
    name: Option<Pick>,
    contact: Option<Pick>,
}

#[derive(Debug)]
enum Pick {
    First(Vec<Pointer>),
    Mapped(Pointer, BTreeMap<String, String>),
    Constant(String),
}

impl Mapping {
    /// The plain inventory's own names: each field stands under the name it has in tasks.
    pub(crate) fn plain(confidence: OwnerConfidence) -> Self {
        let fields = FIELDS
            .into_iter()
            .chain([("tags", Field::Tags)])
            .map(|(name, field)| {
                let mut pointers = vec![Pointer(format!("/{}", name.replace('.', "/")))];
                if name == "vendor.name" {
                    pointers.push(Pointer("/vendor".to_owned()));
                }
                (field, name.to_owned(), Source::Pick(Pick::First(pointers)))
            });
        Self {
            fields: fields.collect(),
            confidence,
        }
    }

    pub(crate) fn compile(
        raw: &BTreeMap<String, RawSource>,
        confidence: OwnerConfidence,
        at: &str,
        faults: &mut Faults,
    ) -> Self {
        let mut fields = Vec::new();
        for (name, source) in raw {
            let at = format!("{at}/{}", segment(name));
            let field = Field::named(name).ok_or_else(|| unknown_field(name));
            let source = Source::compile(source, matches!(field, Ok(Field::Owner(_))));
            if let (Some(field), Some(source)) = (faults.keep(&at, field), faults.keep(&at, source)) {
                fields.push((field, name.clone(), source));
            }
        }
        Self { fields, confidence }
    }

    /// Everything the object says. `rule` names what matched, where that is not the field itself.
    pub(crate) fn answer(&self, object: &Value, rule: Option<&str>) -> Answer {
        let mut answer = Answer::default();
        for (field, name, source) in &self.fields {
            let mut facts = source.facts(field, object);
            for fact in &mut facts {
                if let Fact::Owner(_, owner) = fact {
                    owner.rule = rule.unwrap_or(name).to_owned();
                    owner.confidence = self.confidence;
                }
            }
            answer.facts.append(&mut facts);
        }
        answer
    }
}

impl Source {
    fn compile(raw: &RawSource, is_owner: bool) -> Result<Self, String> {
        match raw {
            RawSource::Pick(pick) => Pick::compile(pick).map(Self::Pick),
            RawSource::Owner(parts) if is_owner => OwnerParts::compile(parts).map(Box::new).map(Self::Owner),
            RawSource::Owner(_) => Err("expected a pointer; only owners have parts".to_owned()),
        }
    }

    fn facts(&self, field: &Field, object: &Value) -> Vec<Fact> {
        match (self, field) {
            (Self::Pick(pick), _) => pick.facts(field, object),
            (Self::Owner(parts), Field::Owner(role)) => parts.fact(*role, object).into_iter().collect(),
            (Self::Owner(_), _) => Vec::new(),
        }
    }
}

impl OwnerParts {
    fn compile(raw: &RawOwner) -> Result<Self, String> {
        let part = |pick: &Option<RawPick>| pick.as_ref().map(Pick::compile).transpose();
        let parts = Self {
            kind: part(&raw.kind)?,
            reference: part(&raw.reference)?,
            name: part(&raw.name)?,
            contact: part(&raw.contact)?,
        };
        if parts.reference.is_none() && parts.contact.is_none() && parts.name.is_none() {
            return Err("an owner needs at least one of `ref`, `contact`, `name`".to_owned());
        }
        Ok(parts)
    }

    fn fact(&self, role: Role, object: &Value) -> Option<Fact> {
        let part = |pick: &Option<Pick>| pick.as_ref().and_then(|pick| pick.text(object));
        let owner = owner(
            part(&self.kind),
            part(&self.reference),
            part(&self.name),
            part(&self.contact),
        )?;
        Some(Fact::Owner(role, Box::new(owner)))
    }
}

impl Pick {
    fn compile(raw: &RawPick) -> Result<Self, String> {
        match raw {
            RawPick::Pointer(pointer) => Ok(Self::First(vec![Pointer::parse(pointer)?])),
            RawPick::Pointers(list) if list.is_empty() => Err("expected at least one pointer".to_owned()),
            RawPick::Pointers(list) => list
                .iter()
                .map(|pointer| Pointer::parse(pointer))
                .collect::<Result<_, _>>()
                .map(Self::First),
            RawPick::Mapped(RawMapped { pointer, map }) => {
                Ok(Self::Mapped(Pointer::parse(pointer)?, map.clone()))
            }
            RawPick::Constant(constant) => Ok(Self::Constant(constant.value.clone())),
        }
    }

    fn facts(&self, field: &Field, object: &Value) -> Vec<Fact> {
        let said = |value: &Value| Some(field.facts(value)).filter(|facts| !facts.is_empty());
        let facts = match self {
            Self::First(pointers) => pointers.iter().find_map(|pointer| said(pointer.of(object)?)),
            Self::Mapped(..) | Self::Constant(_) => {
                self.text(object).and_then(|word| said(&Value::String(word)))
            }
        };
        facts.unwrap_or_default()
    }

    fn text(&self, object: &Value) -> Option<String> {
        match self {
            Self::First(pointers) => pointers.iter().find_map(|pointer| text(pointer.of(object)?)),
            Self::Mapped(pointer, map) => {
                let word = text(pointer.of(object)?)?;
                Some(map.get(&word).cloned().unwrap_or(word))
            }
            Self::Constant(value) => Some(value.clone()),
        }
    }
}

fn unknown_field(name: &str) -> String {
    let near = FIELDS
        .into_iter()
        .map(|(known, _)| known)
        .find(|known| known.ends_with(name) || alike(known, name));
    match near {
        Some(known) => format!("unknown task field; did you mean `{known}`?"),
        None => "unknown task field".to_owned(),
    }
}

/// At most two letters differ.
fn alike(known: &str, name: &str) -> bool {
    strsim::levenshtein(known, name) <= 2
}
