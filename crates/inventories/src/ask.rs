//! What is asked: one subject, with everything an inventory may be asked by.

use reeve_domain::key::{Alias, Link, Rel, Strength, Subject, SubjectKey};
use reeve_domain::observation::Location;

use crate::raw::RawKey;

/// Keys tried for one subject in one inventory, at most.
const KEYS_MAX: usize = 4;

/// One subject to be looked up.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who or what it is about.
    pub subject: &'a Subject,
    /// Other keys of the same subject.
    pub aliases: &'a [Alias],
    /// Subjects it is joined to.
    pub links: &'a [Link],
    /// Where it was found.
    pub location: Option<&'a Location>,
    /// Whether an older answer will do.
    pub freshness: Freshness,
}

/// Whether an older answer will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// What is known is used at once, and asked again behind the scenes if it is old: for the line.
    Known,
    /// What is old is asked again, and used only if there is no answer: for the refresh of open tasks.
    Renewed,
}

impl<'a> Ask<'a> {
    /// Asks about a subject of which nothing else is known.
    pub fn about(subject: &'a Subject) -> Self {
        Self {
            subject,
            aliases: &[],
            links: &[],
            location: None,
            freshness: Freshness::Known,
        }
    }

    /// The keys to try, in the order the inventory wants them, each once.
    pub(crate) fn keys(&self, wanted: &[RawKey]) -> Vec<&'a SubjectKey> {
        let mut keys: Vec<&SubjectKey> = Vec::new();
        for key in wanted.iter().flat_map(|kind| self.keys_of(*kind)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys.truncate(KEYS_MAX);
        keys
    }

    fn keys_of(&self, kind: RawKey) -> Vec<&'a SubjectKey> {
        let strong = |alias: &&Alias| alias.strength == Strength::Strong;
        let authenticated = |link: &&Link| link.rel == Rel::Authenticates;
        match kind {
            RawKey::Subject => vec![&self.subject.key],
            RawKey::Aliases => self
                .aliases
                .iter()
                .filter(strong)
                .map(|alias| &alias.key)
                .collect(),
            RawKey::Authenticates => self
                .links
                .iter()
                .filter(authenticated)
                .map(|link| &link.key)
                .collect(),
        }
    }
}
