//! `{{ owners.resolver }}`: text with places for the owners of a task.

use reeve_domain::context::{Owner, Owners};

use crate::config::suggestion;

/// A text with places, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Owner(Role, Part),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Resolver,
    Business,
    Exception,
    Executive,
    CanRevoke,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Reference,
    Contact,
    Kind,
}

const ROLES: [(&str, Role); 5] = [
    ("resolver", Role::Resolver),
    ("business", Role::Business),
    ("exception", Role::Exception),
    ("executive", Role::Executive),
    ("can_revoke", Role::CanRevoke),
];
const PARTS: [(&str, Part); 3] = [
    ("ref", Part::Reference),
    ("contact", Part::Contact),
    ("type", Part::Kind),
];

/// What is wrong with a template, and what was probably meant.
pub(super) type Wrong = (String, Option<String>);

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, opened)) = rest.split_once("{{") {
            let (inside, after) = opened
                .split_once("}}")
                .ok_or_else(|| ("`{{` without `}}`".to_owned(), None))?;
            pieces.extend(literal(before));
            pieces.push(place(inside.trim())?);
            rest = after;
        }
        pieces.extend(literal(rest));
        if pieces.is_empty() {
            Err(("this may not be empty".to_owned(), None))
        } else {
            Ok(Self(pieces))
        }
    }

    /// The same for every task: no place for an owner in it.
    pub(super) fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text for these owners. Where nobody has a role, the resolver stands in; an owner without a contact is named
    /// by its reference.
    pub(super) fn fill(&self, owners: &Owners) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Owner(role, part) => {
                    let owner = role.of(owners).or(owners.resolver.as_ref());
                    text.push_str(owner.map_or("", |owner| part.of(owner)));
                }
            }
        }
        text
    }
}

impl Role {
    fn of(self, owners: &Owners) -> Option<&Owner> {
        match self {
            Self::Resolver => owners.resolver.as_ref(),
            Self::Business => owners.business.as_ref(),
            Self::Exception => owners.exception.as_ref(),
            Self::Executive => owners.executive.as_ref(),
            Self::CanRevoke => owners.can_revoke.as_ref(),
        }
    }
}

impl Part {
    fn of(self, owner: &Owner) -> &str {
        match self {
            Self::Reference => &owner.reference,
            Self::Contact => owner.contact.as_deref().unwrap_or(&owner.reference),
            Self::Kind => &owner.kind,
        }
    }
}

fn literal(text: &str) -> Option<Piece> {
    (!text.is_empty()).then(|| Piece::Text(text.to_owned()))
}

fn place(text: &str) -> Result<Piece, Wrong> {
    let mut steps = text.split('.');
    if steps.next() != Some("owners") {
        return Err((
            "expected `{{ owners.<role> }}`".to_owned(),
            suggestion(text, ["owners.resolver"]),
        ));
    }
    let role = word("role of an owner", steps.next().unwrap_or_default(), &ROLES)?;
    let part = word("part of an owner", steps.next().unwrap_or("ref"), &PARTS)?;
    match steps.next() {
        None => Ok(Piece::Owner(role, part)),
        Some(_) => Err(("expected `{{ owners.<role>.<part> }}`".to_owned(), None)),
    }
}

fn word<T: Copy>(what: &str, written: &str, known: &[(&str, T)]) -> Result<T, Wrong> {
    let found = known
        .iter()
        .find(|(name, _)| *name == written)
        .map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let meant = suggestion(written, names.iter().copied());
        (
            format!("not a {what}, expected one of `{}`", names.join("`, `")),
            meant,
        )
    })
}
