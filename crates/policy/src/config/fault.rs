//! What serde says is wrong, kept as categories so that no value of the file can reach a message.

use std::fmt;

use serde::de;

/// Where in the tree: a node by number, or one key of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Site {
    Node(usize),
    Key { map: usize, key: String },
}

/// One failure of reading a tree as a type.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) what: What,
    pub(super) site: Option<Site>,
}

#[derive(Debug)]
pub(super) enum What {
    UnknownField {
        field: String,
        expected: &'static [&'static str],
    },
    UnknownVariant {
        variant: String,
        expected: &'static [&'static str],
    },
    MissingField(&'static str),
    Expected(String),
    Duplicate(&'static str),
    Refused(String),
}

impl Fault {
    /// The same fault at `site`, unless a deeper place is known already.
    pub(super) fn at(mut self, site: Site) -> Self {
        self.site.get_or_insert(site);
        self
    }

    fn of(what: What) -> Self {
        Self { what, site: None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be read")
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(What::Refused(message.to_string()))
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::of(What::Expected(expected.to_string()))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::of(What::Expected(expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn de::Expected) -> Self {
        Self::of(What::Expected(expected.to_string()))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::of(What::UnknownVariant {
            variant: variant.to_owned(),
            expected,
        })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::of(What::UnknownField {
            field: field.to_owned(),
            expected,
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(What::MissingField(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of(What::Duplicate(field))
    }
}
