//! Which subjects an inventory is asked about.

use reeve_domain::key::{Class, Subject};

use crate::raw::RawCovers;

/// Classes and providers; an empty list means all.
#[derive(Debug)]
pub(crate) struct Covers {
    classes: Vec<Class>,
    providers: Vec<String>,
}

impl From<RawCovers> for Covers {
    fn from(raw: RawCovers) -> Self {
        Self {
            classes: raw.classes,
            providers: raw.providers,
        }
    }
}

impl Covers {
    pub(crate) fn first_class(&self) -> Option<Class> {
        self.classes.first().copied()
    }

    pub(crate) fn first_provider(&self) -> Option<&str> {
        self.providers.first().map(String::as_str)
    }

    pub(crate) fn includes(&self, subject: &Subject) -> bool {
        let class = self.classes.is_empty() || self.classes.contains(&subject.class);
        class && (self.providers.is_empty() || self.providers.contains(&subject.provider))
    }
}
