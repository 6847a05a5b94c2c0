//! The files a policy is compiled from.

use std::collections::BTreeMap;

/// The files that belong to the policy, with what ships.
pub const FILES: [(&str, &str); 8] = [
    (
        "deadlines.yaml",
        include_str!("../../../../config/deadlines.yaml"),
    ),
    ("evidence.yaml", include_str!("../../../../config/evidence.yaml")),
    ("issues.yaml", include_str!("../../../../config/issues.yaml")),
    ("ledger.yaml", include_str!("../../../../config/ledger.yaml")),
    ("owners.yaml", include_str!("../../../../config/owners.yaml")),
    ("paths.yaml", include_str!("../../../../config/paths.yaml")),
    ("priority.yaml", include_str!("../../../../config/priority.yaml")),
    ("routes.yaml", include_str!("../../../../config/routes.yaml")),
];

/// File name → text, variables already put in. What is not given is what ships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigTexts(BTreeMap<String, String>);

impl ConfigTexts {
    /// What ships.
    pub fn shipped() -> Self {
        Self(
            FILES
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }

    /// Puts a file in the place of the shipped one. Files of other crates may be given: they count in the hash alone.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), text.into());
        self
    }

    /// The text of a file of the policy.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Every file in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

impl Default for ConfigTexts {
    fn default() -> Self {
        Self::shipped()
    }
}
