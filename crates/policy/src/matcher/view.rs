//! A task as conditions see it: facts, and what was decided so far.

use reeve_domain::context::{Environment, IdentityClass, Owner, OwnerConfidence, Privilege};
use reeve_domain::priority::Band;

use super::Field;
use crate::facts::Facts;

/// Facts with what was decided so far; what is not decided yet is none and fits nothing.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) environment: Environment,
    pub(crate) privilege: Privilege,
    pub(crate) identity_class: IdentityClass,
    pub(crate) ownerless: bool,
    pub(crate) band: Option<Band>,
    pub(crate) resolver: Option<&'a Owner>,
    pub(crate) jit_capable: bool,
}

impl<'a> View<'a> {
    /// What is known before anything is decided.
    pub(crate) fn of(facts: &'a Facts<'a>) -> Self {
        let context = &facts.knowledge.context;
        Self {
            facts,
            environment: context.environment.unwrap_or(Environment::Unknown),
            privilege: context.privilege.unwrap_or(Privilege::Unknown),
            identity_class: context.identity_class.unwrap_or(IdentityClass::Unknown),
            ownerless: facts.knowledge.is_ownerless(),
            band: None,
            resolver: facts.knowledge.owners.resolver.as_ref(),
            jit_capable: false,
        }
    }

    /// Whether an inventory (not a fallback) named the resolver.
    pub(crate) fn owner_known(&self) -> bool {
        self.resolver
            .is_some_and(|owner| owner.confidence != OwnerConfidence::None)
    }

    /// The value of a closed field as a set of one word; empty if it is not known.
    pub(crate) fn bit(&self, field: Field) -> u32 {
        let facts = self.facts;
        match field {
            Field::Class => 1 << facts.subject.class as u32,
            Field::IssueType => 1 << facts.issue_type as u32,
            Field::Band => self.band.map_or(0, |band| 1 << band as u32),
            Field::Environment => 1 << self.environment as u32,
            Field::IdentityClass => 1 << self.identity_class as u32,
            Field::Privilege => 1 << self.privilege as u32,
            Field::Validity => 1 << facts.validity as u32,
            Field::Exposure => 1 << facts.exposure as u32,
            Field::Honeytoken => 1 << u32::from(facts.honeytoken),
            Field::SuspectedMisuse => 1 << u32::from(facts.suspected_misuse),
            Field::Enrichment => 1 << facts.knowledge.enrichment.status as u32,
            Field::OwnerKnown => 1 << u32::from(self.owner_known()),
            Field::Ownerless => 1 << u32::from(self.ownerless),
            Field::JitCapable => 1 << u32::from(self.jit_capable),
            Field::Provider | Field::Kind | Field::OwnerType | Field::OwnerRef | Field::Tags => 0,
        }
    }

    /// The value of an open field; empty if it is not known.
    pub(crate) fn word(&self, field: Field) -> &'a str {
        match field {
            Field::Provider => &self.facts.subject.provider,
            Field::Kind => &self.facts.subject.kind,
            Field::OwnerType => self.resolver.map_or("", |owner| &owner.kind),
            Field::OwnerRef => self.resolver.map_or("", |owner| &owner.reference),
            _ => "",
        }
    }

    /// The value of a tag.
    pub(crate) fn tag(&self, name: &str) -> Option<&'a str> {
        self.facts.knowledge.context.tags.get(name).map(String::as_str)
    }
}
