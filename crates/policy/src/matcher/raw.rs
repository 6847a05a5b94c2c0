//! A condition as it is written.

use std::collections::BTreeMap;

use reeve_domain::context::{EnrichmentStatus, Environment, IdentityClass, Privilege};
use reeve_domain::key::Class;
use reeve_domain::observation::{Exposure, IssueType, Validity};
use reeve_domain::priority::Band;
use serde::Deserialize;

use super::{Field, Matcher, Test, Words};
use crate::config::OneOrMany;

/// One condition, or several of which any may fit.
pub(crate) type RawMatches = OneOrMany<RawMatch>;

/// Every field given must fit; a field may be one word or a list of which one must fit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMatch {
    pub(crate) class: Option<OneOrMany<Class>>,
    pub(crate) provider: Option<OneOrMany<String>>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<OneOrMany<String>>,
    pub(crate) issue_type: Option<OneOrMany<IssueType>>,
    pub(crate) band: Option<OneOrMany<Band>>,
    pub(crate) at_least: Option<Band>,
    pub(crate) environment: Option<OneOrMany<Environment>>,
    pub(crate) identity_class: Option<OneOrMany<IdentityClass>>,
    pub(crate) privilege: Option<OneOrMany<Privilege>>,
    pub(crate) validity: Option<OneOrMany<Validity>>,
    pub(crate) exposure: Option<OneOrMany<Exposure>>,
    pub(crate) honeytoken: Option<bool>,
    pub(crate) suspected_misuse: Option<bool>,
    pub(crate) enrichment: Option<OneOrMany<EnrichmentStatus>>,
    pub(crate) ownerless: Option<bool>,
    pub(crate) owner: Option<RawOwnerMatch>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, OneOrMany<String>>,
    pub(crate) jit_capable: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOwnerMatch {
    #[serde(rename = "type")]
    kind: Option<OneOrMany<String>>,
    #[serde(rename = "ref")]
    reference: Option<OneOrMany<String>>,
    known: Option<bool>,
}

impl RawMatch {
    /// The tests in the order in which a reader would ask them.
    pub(super) fn compile(self) -> Matcher {
        let owner = self.owner.unwrap_or_default();
        let band = bands(self.band, self.at_least);
        let mut tests = Vec::new();
        closed(&mut tests, Field::Honeytoken, flag(self.honeytoken));
        closed(&mut tests, Field::Class, set(self.class, |word| word as u32));
        open(&mut tests, Field::Provider, self.provider);
        open(&mut tests, Field::Kind, self.kind);
        closed(
            &mut tests,
            Field::IssueType,
            set(self.issue_type, |word| word as u32),
        );
        closed(
            &mut tests,
            Field::Validity,
            set(self.validity, |word| word as u32),
        );
        closed(
            &mut tests,
            Field::Exposure,
            set(self.exposure, |word| word as u32),
        );
        closed(&mut tests, Field::SuspectedMisuse, flag(self.suspected_misuse));
        closed(
            &mut tests,
            Field::Environment,
            set(self.environment, |word| word as u32),
        );
        closed(
            &mut tests,
            Field::IdentityClass,
            set(self.identity_class, |word| word as u32),
        );
        closed(
            &mut tests,
            Field::Privilege,
            set(self.privilege, |word| word as u32),
        );
        closed(&mut tests, Field::Band, band);
        closed(
            &mut tests,
            Field::Enrichment,
            set(self.enrichment, |word| word as u32),
        );
        closed(&mut tests, Field::Ownerless, flag(self.ownerless));
        closed(&mut tests, Field::OwnerKnown, flag(owner.known));
        open(&mut tests, Field::OwnerType, owner.kind);
        open(&mut tests, Field::OwnerRef, owner.reference);
        closed(&mut tests, Field::JitCapable, flag(self.jit_capable));
        let tags = self.tags.into_iter();
        tests.extend(tags.map(|(name, words)| Test::Tag {
            name,
            allowed: Words::new(words.0),
        }));
        Matcher { tests }
    }
}

fn closed(tests: &mut Vec<Test>, field: Field, allowed: Option<u32>) {
    tests.extend(allowed.map(|allowed| Test::Closed { field, allowed }));
}

fn open(tests: &mut Vec<Test>, field: Field, words: Option<OneOrMany<String>>) {
    tests.extend(words.map(|words| Test::Open {
        field,
        allowed: Words::new(words.0),
    }));
}

fn set<T: Copy>(words: Option<OneOrMany<T>>, index: impl Fn(T) -> u32) -> Option<u32> {
    words.map(|words| words.0.into_iter().fold(0, |set, word| set | 1 << index(word)))
}

fn flag(wanted: Option<bool>) -> Option<u32> {
    wanted.map(|wanted| 1 << u32::from(wanted))
}

fn bands(exact: Option<OneOrMany<Band>>, at_least: Option<Band>) -> Option<u32> {
    let exact = set(exact, |band| band as u32);
    let at_least = at_least.map(|least| (1u32 << (least as u32 + 1)) - 1);
    match (exact, at_least) {
        (Some(exact), Some(at_least)) => Some(exact & at_least),
        (exact, at_least) => exact.or(at_least),
    }
}
