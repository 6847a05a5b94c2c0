//! What can be asked of a task, and the closed lists of words behind most of it.

use reeve_domain::context::{EnrichmentStatus, Environment, IdentityClass, Privilege};
use reeve_domain::key::Class;
use reeve_domain::observation::{Exposure, IssueType, Validity};
use reeve_domain::priority::Band;

/// Something that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Class,
    Provider,
    Kind,
    IssueType,
    Band,
    Environment,
    IdentityClass,
    Privilege,
    Validity,
    Exposure,
    Honeytoken,
    SuspectedMisuse,
    Enrichment,
    OwnerKnown,
    Ownerless,
    JitCapable,
    OwnerType,
    OwnerRef,
    Tags,
}

/// The classes in the order of their declaration.
pub(crate) const CLASSES: [Class; 3] = [Class::Identity, Class::Secret, Class::Entitlement];

impl Field {
    /// The fields whose words are a closed list.
    pub(crate) const CLOSED: [Self; 14] = [
        Self::Class,
        Self::IssueType,
        Self::Band,
        Self::Environment,
        Self::IdentityClass,
        Self::Privilege,
        Self::Validity,
        Self::Exposure,
        Self::Honeytoken,
        Self::SuspectedMisuse,
        Self::Enrichment,
        Self::OwnerKnown,
        Self::Ownerless,
        Self::JitCapable,
    ];

    /// All of them, in the order in which a decision comes to know them.
    const AS_KNOWN: [Self; 19] = [
        Self::Class,
        Self::Provider,
        Self::Kind,
        Self::IssueType,
        Self::Environment,
        Self::IdentityClass,
        Self::Privilege,
        Self::Validity,
        Self::Exposure,
        Self::Honeytoken,
        Self::SuspectedMisuse,
        Self::Enrichment,
        Self::Tags,
        Self::Band,
        Self::OwnerKnown,
        Self::Ownerless,
        Self::OwnerType,
        Self::OwnerRef,
        Self::JitCapable,
    ];

    /// What is known of a task before its urgency: all but band, owners and the means to fix it.
    pub(crate) const BEFORE_BAND: &'static [Self] = Self::AS_KNOWN.split_at(13).0;

    /// What a route may ask: everything but the means to fix it.
    pub(crate) const FOR_ROUTES: &'static [Self] = Self::AS_KNOWN.split_at(18).0;

    /// What a gate may ask: also whether it can be replaced just in time.
    pub(crate) const FOR_GATES: &'static [Self] = &Self::AS_KNOWN;

    /// How explanations call it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Provider => "provider",
            Self::Kind => "type",
            Self::IssueType => "issue type",
            Self::Band => "band",
            Self::Environment => "environment",
            Self::IdentityClass => "identity class",
            Self::Privilege => "privilege",
            Self::Validity => "validity",
            Self::Exposure => "exposure",
            Self::Honeytoken => "honeytoken",
            Self::SuspectedMisuse => "suspected misuse",
            Self::Enrichment => "enrichment",
            Self::OwnerKnown => "owner known",
            Self::Ownerless => "ownerless",
            Self::JitCapable => "jit capable",
            Self::OwnerType => "owner type",
            Self::OwnerRef => "owner",
            Self::Tags => "tags",
        }
    }

    /// How it is written in a file.
    pub(crate) const fn written(self) -> &'static str {
        match self {
            Self::IssueType => "issue_type",
            Self::IdentityClass => "identity_class",
            Self::SuspectedMisuse => "suspected_misuse",
            Self::JitCapable => "jit_capable",
            Self::OwnerKnown => "owner/known",
            Self::OwnerType => "owner/type",
            Self::OwnerRef => "owner/ref",
            _ => self.as_str(),
        }
    }

    /// How many words its closed list has; 0 for an open one.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::Class => CLASSES.len(),
            Self::IssueType => IssueType::ALL.len(),
            Self::Band => Band::ALL.len(),
            Self::Environment => Environment::ALL.len(),
            Self::IdentityClass => IdentityClass::ALL.len(),
            Self::Privilege => Privilege::ALL.len(),
            Self::Validity => Validity::ALL.len(),
            Self::Exposure => Exposure::ALL.len(),
            Self::Enrichment => EnrichmentStatus::ALL.len(),
            Self::Honeytoken
            | Self::SuspectedMisuse
            | Self::OwnerKnown
            | Self::Ownerless
            | Self::JitCapable => 2,
            Self::Provider | Self::Kind | Self::OwnerType | Self::OwnerRef | Self::Tags => 0,
        }
    }

    /// Every word of its closed list.
    pub(crate) const fn all(self) -> u32 {
        (1u32 << self.size()) - 1
    }

    /// The words of a set, joined by ` | `; `not known` for none.
    pub(crate) fn names(self, set: u32) -> String {
        let words: Vec<&str> = (0..self.size())
            .filter(|i| set & (1 << i) != 0)
            .map(|i| self.name(i))
            .collect();
        if words.is_empty() {
            "not known".to_owned()
        } else {
            words.join(" | ")
        }
    }

    fn name(self, index: usize) -> &'static str {
        match self {
            Self::Class => CLASSES[index].as_str(),
            Self::IssueType => IssueType::ALL[index].as_str(),
            Self::Band => Band::ALL[index].as_str(),
            Self::Environment => Environment::ALL[index].as_str(),
            Self::IdentityClass => IdentityClass::ALL[index].as_str(),
            Self::Privilege => Privilege::ALL[index].as_str(),
            Self::Validity => Validity::ALL[index].as_str(),
            Self::Exposure => Exposure::ALL[index].as_str(),
            Self::Enrichment => EnrichmentStatus::ALL[index].as_str(),
            _ => ["no", "yes"][index],
        }
    }
}
