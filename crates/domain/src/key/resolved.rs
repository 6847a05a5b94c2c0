//! What a builder answers: the subject, its other keys, and the subjects it is joined to.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Class, SubjectKey};
use crate::text::clean;

const DISPLAY_CHARS_MAX: usize = 256;

/// The thing a finding speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// Its canonical name.
    pub key: SubjectKey,
    /// Identity, secret or entitlement; the class of the key.
    pub class: Class,
    /// Who issued it. As in the key, but for a keyed hash the issuer recognised from the value (`github`, …).
    pub provider: String,
    /// What it is. As in the key, but for a keyed hash the kind recognised from the value.
    #[serde(rename = "type")]
    pub kind: String,
    /// For people, in the original spelling; at most 256 characters, never a secret.
    pub display: String,
    /// What is known besides the key: account, session, host, …; never a secret.
    pub attributes: BTreeMap<String, String>,
    /// How sure it is that the key names this subject and no other.
    pub confidence: Confidence,
}

/// How sure it is that a key names this subject and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The scope is unknown, the value is unknown or a check failed: the key is weak.
    Low,
    /// The key rests on a name that can be given again, or on a value of unknown kind.
    Medium,
    /// The key rests on an id that its provider never gives twice.
    High,
}

/// Another key of the same subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Alias {
    /// The other key.
    pub key: SubjectKey,
    /// Whether it is known or only possible that it means the same subject.
    pub strength: Strength,
}

/// Whether an alias is known or only possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Known to mean the same subject: cases merge on it.
    Strong,
    /// Possibly the same subject: shown, never merged on.
    Weak,
}

/// A different subject that this one is joined to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// What this subject is to the other.
    pub rel: Rel,
    /// The other subject.
    pub key: SubjectKey,
}

/// What one subject is to another, read from the subject to the link's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rel {
    /// Secret → identity: whoever has the secret acts as the identity.
    Authenticates,
    /// Identity → entitlement.
    Holds,
    /// Entitlement → identity: the other side of `holds`.
    HeldBy,
    /// Secret → location.
    FoundIn,
    /// Identity → person who acts through it.
    UsedBy,
    /// Service principal → the application it is an instance of.
    InstanceOf,
    /// Certificate → the key pair it vouches for.
    Certifies,
}

/// A subject with its other keys and its links; what every builder returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolved {
    /// The subject itself.
    pub subject: Subject,
    /// Its other keys, each once, never its own.
    pub aliases: Vec<Alias>,
    /// The subjects it is joined to, each once.
    pub links: Vec<Link>,
}

impl Resolved {
    /// A subject without aliases and links. Control characters of `display` are dropped.
    pub fn new(key: SubjectKey, display: &str, confidence: Confidence) -> Self {
        let subject = Subject {
            class: key.class(),
            provider: key.provider().to_owned(),
            kind: key.kind().to_owned(),
            display: clean(display, DISPLAY_CHARS_MAX),
            attributes: BTreeMap::new(),
            confidence,
            key,
        };
        Resolved {
            subject,
            aliases: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Another name to be shown by, cleaned as the first.
    #[must_use]
    pub fn with_display(mut self, display: &str) -> Self {
        self.subject.display = clean(display, DISPLAY_CHARS_MAX);
        self
    }

    /// Adds what is known besides the key; an empty value adds nothing.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: &str) -> Self {
        let value = clean(value, DISPLAY_CHARS_MAX);
        if !value.is_empty() {
            self.subject.attributes.insert(name.to_owned(), value);
        }
        self
    }

    /// Adds an attribute if its value is known.
    #[must_use]
    pub fn with_known(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with_attribute(name, value),
            None => self,
        }
    }

    /// Adds another key of the same subject. Its own key adds nothing, and a strong alias replaces a weak one.
    #[must_use]
    pub fn with_alias(mut self, key: SubjectKey, strength: Strength) -> Self {
        if key == self.subject.key {
            return self;
        }
        match self.aliases.iter_mut().find(|alias| alias.key == key) {
            Some(known) => known.strength = known.strength.min(strength),
            None => self.aliases.push(Alias { key, strength }),
        }
        self
    }

    /// Adds several aliases.
    #[must_use]
    pub fn with_aliases(self, aliases: impl IntoIterator<Item = Alias>) -> Self {
        aliases.into_iter().fold(self, |resolved, alias| {
            resolved.with_alias(alias.key, alias.strength)
        })
    }

    /// Joins the subject to another one.
    #[must_use]
    pub fn with_link(mut self, rel: Rel, key: SubjectKey) -> Self {
        let link = Link { rel, key };
        if link.key != self.subject.key && !self.links.contains(&link) {
            self.links.push(link);
        }
        self
    }

    /// Lowers the confidence to at most this one.
    #[must_use]
    pub fn at_most(mut self, confidence: Confidence) -> Self {
        self.subject.confidence = self.subject.confidence.min(confidence);
        self
    }

    pub(crate) fn with_issuer(mut self, provider: &str, kind: &str) -> Self {
        self.subject.provider = provider.to_owned();
        self.subject.kind = kind.to_owned();
        self.with_attribute("provider", provider)
            .with_attribute("kind", kind)
    }
}
