//! Who answers: what inventories say, completed by the fallbacks of `owners.yaml`.

use reeve_domain::context::{Owner, OwnerConfidence, Owners};
use serde::Deserialize;

use crate::config::{ConfigError, Document};
use crate::matcher::{Field, Matches, RawMatches, View};

/// The name by which a fallback shows that it is none of an inventory.
pub(crate) const SOURCE: &str = "owners.yaml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOwners {
    #[serde(default)]
    fallbacks: Vec<RawFallback>,
    #[serde(default)]
    co_owners: Vec<RawCoOwner>,
    default: RawDefault,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFallback {
    name: String,
    #[serde(rename = "match")]
    matches: RawMatches,
    resolver: Option<RawOwner>,
    business: Option<RawOwner>,
    exception: Option<RawOwner>,
    executive: Option<RawOwner>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCoOwner {
    name: String,
    #[serde(rename = "match")]
    matches: RawMatches,
    roles: Vec<Role>,
    owner: RawOwner,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDefault {
    name: String,
    resolver: RawOwner,
    business: RawOwner,
    exception: RawOwner,
    executive: RawOwner,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOwner {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "ref")]
    reference: String,
    name: Option<String>,
    contact: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    Resolver,
    Business,
    Exception,
    Executive,
}

const ROLES: [Role; 4] = [Role::Resolver, Role::Business, Role::Exception, Role::Executive];

/// The fallbacks in order; the last one fits everything and names every role.
#[derive(Clone, Debug)]
pub(crate) struct Fallbacks {
    fallbacks: Vec<Fallback>,
    co_owners: Vec<CoOwner>,
}

#[derive(Clone, Debug)]
struct Fallback {
    matches: Matches,
    owners: [Option<Owner>; 4],
}

#[derive(Clone, Debug)]
struct CoOwner {
    matches: Matches,
    roles: Vec<Role>,
    owner: Owner,
}

impl RawOwners {
    pub(crate) fn compile(self, document: &Document, errors: &mut Vec<ConfigError>) -> Fallbacks {
        let mut fallbacks = Vec::new();
        for (index, raw) in self.fallbacks.into_iter().enumerate() {
            let at = format!("/fallbacks/{index}");
            let owners = [raw.resolver, raw.business, raw.exception, raw.executive];
            if owners.iter().all(Option::is_none) {
                errors.push(document.error(&at, "a fallback names at least one owner"));
            }
            let owners =
                owners.map(|owner| owner.map(|owner| owner.compile(&raw.name, (document, &at), errors)));
            let place = format!("{at}/match");
            let matches = Matches::compile(Some(raw.matches), Field::BEFORE_BAND, (document, &place), errors);
            fallbacks.push(Fallback { matches, owners });
        }
        let mut co_owners = Vec::new();
        for (index, raw) in self.co_owners.into_iter().enumerate() {
            let at = format!("/co_owners/{index}");
            if raw.roles.is_empty() {
                errors.push(document.error(&at, "a co-owner has at least one role"));
            }
            let place = format!("{at}/match");
            let matches = Matches::compile(Some(raw.matches), Field::BEFORE_BAND, (document, &place), errors);
            let owner = raw.owner.compile(&raw.name, (document, &at), errors);
            co_owners.push(CoOwner {
                matches,
                roles: raw.roles,
                owner,
            });
        }
        fallbacks.push(self.default.compile(document, errors));
        Fallbacks { fallbacks, co_owners }
    }
}

impl RawDefault {
    fn compile(self, document: &Document, errors: &mut Vec<ConfigError>) -> Fallback {
        let owners = [self.resolver, self.business, self.exception, self.executive];
        let owners = owners.map(|owner| Some(owner.compile(&self.name, (document, "/default"), errors)));
        Fallback {
            matches: Matches::default(),
            owners,
        }
    }
}

impl RawOwner {
    fn compile(
        self,
        rule: &str,
        (document, pointer): (&Document, &str),
        errors: &mut Vec<ConfigError>,
    ) -> Owner {
        if self.kind.trim().is_empty() || self.reference.trim().is_empty() {
            errors.push(document.error(pointer, "an owner needs a type and a ref"));
        }
        Owner {
            kind: self.kind,
            reference: self.reference,
            name: self.name,
            contact: self.contact,
            source: SOURCE.to_owned(),
            rule: rule.to_owned(),
            confidence: OwnerConfidence::None,
            as_of: None,
        }
    }
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Resolver => "resolver",
            Self::Business => "business",
            Self::Exception => "exception",
            Self::Executive => "executive",
        }
    }

    fn slot(self, owners: &mut Owners) -> &mut Option<Owner> {
        match self {
            Self::Resolver => &mut owners.resolver,
            Self::Business => &mut owners.business,
            Self::Exception => &mut owners.exception,
            Self::Executive => &mut owners.executive,
        }
    }
}

impl Fallbacks {
    /// The owners of a task, every role filled but `can_revoke`, and how each was found.
    pub(crate) fn complete(&self, view: &View<'_>) -> (Owners, Vec<String>) {
        let mut owners = view.facts.knowledge.owners.clone();
        let mut steps = Vec::new();
        for role in ROLES {
            if let Some(owner) = role.slot(&mut owners) {
                steps.push(format!("{}: {}", role.as_str(), named(owner)));
            }
        }
        self.add_co_owners(view, &mut owners, &mut steps);
        for role in ROLES {
            let slot = role.slot(&mut owners);
            if slot.is_none() {
                *slot = self.fallback(view, role);
                let owner = slot.as_ref();
                steps.extend(
                    owner.map(|owner| format!("{}: {}, {}", role.as_str(), unnamed(view), named(owner))),
                );
            }
        }
        if let Some(owner) = &owners.can_revoke {
            steps.push(format!("can revoke: {}", named(owner)));
        }
        (owners, steps)
    }

    fn add_co_owners(&self, view: &View<'_>, owners: &mut Owners, steps: &mut Vec<String>) {
        for co_owner in self
            .co_owners
            .iter()
            .filter(|co_owner| co_owner.matches.fits(view))
        {
            let free = co_owner
                .roles
                .iter()
                .copied()
                .find(|role| role.slot(owners).is_none());
            let name = &co_owner.owner.rule;
            match free {
                Some(role) => {
                    *role.slot(owners) = Some(co_owner.owner.clone());
                    steps.push(format!(
                        "{}: {} as co-owner",
                        role.as_str(),
                        named(&co_owner.owner)
                    ));
                }
                None => steps.push(format!(
                    "co-owner {name}: inventories have given every role it could take"
                )),
            }
        }
    }

    fn fallback(&self, view: &View<'_>, role: Role) -> Option<Owner> {
        let fitting = self
            .fallbacks
            .iter()
            .filter(|fallback| fallback.matches.fits(view));
        fitting
            .filter_map(|fallback| fallback.owners[role as usize].as_ref())
            .next()
            .cloned()
    }
}

fn named(owner: &Owner) -> String {
    let confidence = match owner.confidence {
        OwnerConfidence::High => "explicit",
        OwnerConfidence::Medium => "derived",
        OwnerConfidence::Low => "suggested",
        OwnerConfidence::None => "fallback",
    };
    format!(
        "{} from {} (`{}`, {confidence})",
        owner.reference, owner.source, owner.rule
    )
}

fn unnamed(view: &View<'_>) -> &'static str {
    if view.ownerless {
        "every inventory answered and none names one"
    } else if view.facts.knowledge.enrichment.missing.is_empty() {
        "no inventory names one"
    } else {
        "not every inventory has answered"
    }
}
