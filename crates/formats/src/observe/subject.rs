//! From what a format says of a subject to its key, its other keys and its links.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use reeve_domain::alert::Origin;
use reeve_domain::key::location::{self, Scope, family_of};
use reeve_domain::key::{KeyError, Link, Rel, Resolved, Strength};
use reeve_domain::secret::{ValueHints, of_alias_hex, of_sha256_hex, of_value};
use reeve_domain::text::clean;

use super::{Scene, WORD_CHARS_MAX};
use crate::draft::{Also, Draft, HashKind, Named, Place, SubjectOf};
use crate::scrub::{self, Scrubber};

/// Where a secret lies, as far as that can stand in for its value.
pub(super) struct Home<'h> {
    pub(super) place: &'h Place<'h>,
    pub(super) rule: &'h str,
    /// What stays the same from scan to scan; a reference with a line number in it does not.
    pub(super) serial: &'h str,
    /// What the sender calls itself and what it speaks of, where the envelope says it.
    pub(super) sender: Option<&'h str>,
    /// Where the alert was read from.
    pub(super) origin: &'h Origin,
}

impl Home<'_> {
    /// The subject with everything that is known besides its key.
    pub(super) fn subject(
        &self,
        draft: &Draft<'_>,
        scrubber: &Scrubber,
        scene: &Scene<'_>,
    ) -> Result<Resolved, KeyError> {
        let resolved = match &draft.subject {
            SubjectOf::Named(named) => build(named, scrubber)?,
            SubjectOf::Place => self.location(self.rule)?,
            SubjectOf::Hash { kind, hex } => {
                let hints = ValueHints {
                    rule: Some(self.rule),
                    ..ValueHints::default()
                };
                let keys = &scene.settings.keys;
                let resolved = match kind {
                    HashKind::Sha256 => of_sha256_hex(hex, &hints, keys),
                    HashKind::Alias(kind) => of_alias_hex(*kind, hex, &hints, keys),
                };
                match resolved {
                    Ok(resolved) => self.found_in(resolved),
                    Err(_) => self.location(self.rule)?,
                }
            }
            SubjectOf::Value {
                value,
                half,
                hints,
                otherwise,
            } => {
                let seen_at = Some(*scene.alert.received_at);
                let hints = ValueHints {
                    rule: Some(self.rule),
                    seen_at,
                    ..*hints
                };
                match (
                    of_value(value, half.as_deref(), &hints, &scene.settings.keys),
                    otherwise,
                ) {
                    (Ok(resolved), _) => self.found_in(without_secrets_beside(resolved, scrubber)),
                    (Err(_), Some(named)) => build(named, scrubber)?,
                    (Err(_), None) if value.contains("PRIVATE KEY") => self.location("private-key")?,
                    (Err(_), None) => self.location(self.rule)?,
                }
            }
        };
        Ok(with_attributes(
            with_others(resolved, &draft.also, scrubber),
            draft,
            scrubber,
        ))
    }

    /// Two repositories may have the same path: where nothing tells which one it is, the place is one of this alert
    /// alone.
    fn location(&self, rule: &str) -> Result<Resolved, KeyError> {
        let path = self.place.path.as_deref().unwrap_or_default();
        match self.scope() {
            Some(scope) => location::file(scope, path, rule),
            None => location::file(Scope::Reference(&self.origin.coordinates()), path, rule),
        }
    }

    fn scope(&self) -> Option<Scope<'_>> {
        let Place {
            repository,
            commit,
            resource,
            ..
        } = self.place;
        let of_place = match (known(repository), known(commit), known(resource)) {
            (Some(repository), ..) => Some(Scope::Repository(repository)),
            (_, Some(commit), _) => Some(Scope::Commit(commit)),
            (.., Some(resource)) => Some(Scope::Source(resource)),
            _ => None,
        };
        let serial = || Some(self.serial).filter(|serial| !serial.is_empty());
        of_place
            .or(self.sender.map(Scope::Source))
            .or_else(|| serial().map(Scope::Reference))
    }

    /// Another place in every scan would be no link.
    fn found_in(&self, resolved: Resolved) -> Resolved {
        let known = self.place.path.as_deref().zip(self.scope());
        match known.map(|(path, scope)| location::file_key(scope, path, self.rule)) {
            Some(Ok(location)) => resolved.with_link(Rel::FoundIn, location),
            _ => resolved,
        }
    }
}

/// The id of a rule, or what it is called where that alone tells the family.
pub(super) fn telling<'r>(id: &'r str, named: Option<&'r str>) -> &'r str {
    let tells = |text: &&str| family_of(text) != "generic";
    named.filter(tells).filter(|_| !tells(&id)).unwrap_or(id)
}

fn known<'t>(text: &'t Option<Cow<'_, str>>) -> Option<&'t str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// A name that holds a secret is no name: its key would hide which one it was.
fn build(named: &Named<'_>, scrubber: &Scrubber) -> Result<Resolved, KeyError> {
    let texts: Vec<Cow<'_, str>> = named.texts.iter().map(|text| scrubber.text(text)).collect();
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    let resolved = (named.build)(&texts)?;
    match resolved.subject.key.as_str().contains(scrub::MARK) {
        true => Err(KeyError::Expected("a name without a secret in it")),
        false => Ok(resolved),
    }
}

/// What was read from inside a value (claims of a token, names in a connection string) is scrubbed like the rest, and
/// links nothing where a secret stands in it.
fn without_secrets_beside(mut resolved: Resolved, scrubber: &Scrubber) -> Resolved {
    let subject = &mut resolved.subject;
    for text in subject.attributes.values_mut().chain([&mut subject.display]) {
        if let Cow::Owned(clean) = scrubber.text(text) {
            *text = clean;
        }
    }
    let is_clean = |link: &Link| {
        let name = percent_decode_str(link.key.as_str()).decode_utf8_lossy();
        matches!(scrubber.text(&name), Cow::Borrowed(_))
    };
    resolved.links.retain(is_clean);
    resolved
}

/// Other keys and subjects; one that cannot be made is left out. No strong alias is made from a location.
fn with_others(resolved: Resolved, others: &[Also<'_>], scrubber: &Scrubber) -> Resolved {
    let is_location = resolved.subject.key.provider() == "location";
    others.iter().fold(resolved, |resolved, other| match other {
        Also::Alias(Strength::Strong, _) if is_location => resolved,
        Also::Alias(strength, named) => match build(named, scrubber) {
            Ok(alias) => resolved.with_alias(alias.subject.key, *strength),
            Err(_) => resolved,
        },
        Also::Link(rel, named) => match build(named, scrubber) {
            Ok(link) => resolved.with_link(*rel, link.subject.key),
            Err(_) => resolved,
        },
    })
}

fn with_attributes(resolved: Resolved, draft: &Draft<'_>, scrubber: &Scrubber) -> Resolved {
    draft.attributes.iter().fold(resolved, |resolved, (name, value)| {
        resolved.with_attribute(name, &clean(&scrubber.text(value), WORD_CHARS_MAX))
    })
}
