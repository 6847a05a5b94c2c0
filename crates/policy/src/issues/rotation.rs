//! How a credential is replaced: what an inventory says, else the first entry of the catalogue that fits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::matcher::{Matches, View};

/// How something is done.
#[derive(Clone, Debug)]
pub(super) struct Method {
    pub(super) name: String,
    pub(super) automation: Automation,
    pub(super) steps: Vec<String>,
    pub(super) guide_url: Option<String>,
}

/// How much of it can be done by a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Automation {
    Full,
    Partial,
    Manual,
}

impl Automation {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Manual => "manual",
        }
    }
}

impl Method {
    pub(super) fn is_automatic(&self) -> bool {
        self.automation == Automation::Full
    }
}

/// The catalogue.
#[derive(Clone, Debug)]
pub(super) struct Rotations {
    pub(super) entries: Vec<(Matches, Method)>,
    pub(super) default: Method,
    /// Methods that inventories name, by that name.
    pub(super) named: BTreeMap<String, Method>,
}

impl Rotations {
    /// The method for a subject.
    pub(super) fn of(&self, view: &View<'_>) -> Cow<'_, Method> {
        match &view.facts.knowledge.context.rotation.method {
            Some(name) => self.named(name),
            None => Cow::Borrowed(self.fitting(view).unwrap_or(&self.default)),
        }
    }

    fn fitting(&self, view: &View<'_>) -> Option<&Method> {
        self.entries
            .iter()
            .find(|(matches, _)| matches.fits(view))
            .map(|(_, method)| method)
    }

    /// What an inventory names is taken by its name, even where nothing more is known of it.
    fn named(&self, name: &str) -> Cow<'_, Method> {
        let catalogue = self
            .entries
            .iter()
            .map(|(_, method)| method)
            .find(|method| method.name == name);
        match self.named.get(name).or(catalogue) {
            Some(method) => Cow::Borrowed(method),
            None => Cow::Owned(Method {
                name: name.to_owned(),
                ..self.default.clone()
            }),
        }
    }
}
