//! A JSON tree that borrows from its text: no copies of what is not needed, look-ups by linear scan over short objects.

mod read;

use std::borrow::Cow;

use reeve_domain::reject::{Reason, Reject};

pub(crate) use read::{Documents, Fault, is_whole_value, read_value};

/// A JSON value. It may hold live secrets, so it has no `Debug`.
#[derive(Clone)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string; borrowed unless it holds an escape.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object in the order of its text; no key occurs twice.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// A number as the text had it: integers stay exact.
#[derive(Clone, Copy, PartialEq)]
pub enum Number {
    /// Not negative.
    Unsigned(u64),
    /// Negative.
    Signed(i64),
    /// With a fraction or an exponent.
    Float(f64),
}

static NULL: Json<'static> = Json::Null;

impl<'a> Json<'a> {
    /// Every value of a text that can be read, for tests of detectors.
    #[doc(hidden)]
    pub fn documents_of(text: &'a str) -> Vec<Self> {
        Documents::new(text, crate::Limits::default())
            .filter_map(Result::ok)
            .collect()
    }

    /// The value of a key of an object; `Null` where there is none, or where this is no object.
    pub fn get(&self, key: &str) -> &Json<'a> {
        match self {
            Self::Object(entries) => entries
                .iter()
                .find(|(name, _)| is_key(name, key))
                .map_or(&NULL, |(_, value)| value),
            _ => &NULL,
        }
    }

    /// The value at the end of a path of keys; `Null` where there is none.
    pub fn at(&self, path: &[&str]) -> &Json<'a> {
        path.iter().fold(self, |json, key| json.get(key))
    }

    /// Whether an object has the key, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        matches!(self, Self::Object(entries) if entries.iter().any(|(name, _)| is_key(name, key)))
    }

    /// Whether an object has all of the keys.
    pub fn has_all(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.has(key))
    }

    /// A string that is not empty.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A string, a number or a bool as text; not an empty string.
    pub fn scalar(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
            Self::Number(Number::Unsigned(number)) => Some(number.to_string().into()),
            Self::Number(Number::Signed(number)) => Some(number.to_string().into()),
            Self::Number(Number::Float(number)) => Some(number.to_string().into()),
            Self::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
            _ => None,
        }
    }

    /// A whole number that is not negative, also where it is written as a string.
    pub fn unsigned(&self) -> Option<u64> {
        match self {
            Self::Number(Number::Unsigned(number)) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A bool, also where it is written as a string.
    pub fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// The elements of an array; none where this is no array.
    pub fn elements(&self) -> &[Json<'a>] {
        match self {
            Self::Array(elements) => elements,
            _ => &[],
        }
    }

    /// The entries of an object; none where this is no object.
    pub fn entries(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        match self {
            Self::Object(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is `null` or absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// The text at a path of names that the format knows.
    ///
    /// # Errors
    /// `missing_field` where there is none or an empty one, `invalid_field` where it is no string.
    pub fn require_text(&self, path: &[&str]) -> Result<&str, Reject> {
        let json = self.at(path);
        json.text()
            .ok_or_else(|| json.lacks(path, "expected a string that is not empty"))
    }

    /// The whole number at a path of names that the format knows.
    ///
    /// # Errors
    /// `missing_field` where there is none, `invalid_field` where it is none.
    pub fn require_unsigned(&self, path: &[&str]) -> Result<u64, Reject> {
        let json = self.at(path);
        json.unsigned()
            .ok_or_else(|| json.lacks(path, "expected a whole number"))
    }

    /// The array at a path of names that the format knows.
    ///
    /// # Errors
    /// `missing_field` where there is none, `invalid_field` where it is none.
    pub fn require_array(&self, path: &[&str]) -> Result<&[Json<'a>], Reject> {
        match self.at(path) {
            Self::Array(elements) => Ok(elements),
            other => Err(other.lacks(path, "expected an array")),
        }
    }

    fn lacks(&self, path: &[&str], expected: &str) -> Reject {
        let reason = match self {
            Self::Null => Reason::MissingField,
            Self::Text(text) if text.is_empty() => Reason::MissingField,
            _ => Reason::InvalidField,
        };
        let pointer: String = path.iter().flat_map(|name| ["/", name]).collect();
        Reject::field(reason, pointer, expected)
    }
}

/// Whether two keys are the same; most that are not differ in their length or their last byte.
fn is_key(name: &str, key: &str) -> bool {
    name.len() == key.len() && name.as_bytes().last() == key.as_bytes().last() && name == key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Limits;

    fn tree(text: &str) -> Json<'_> {
        match read_value(text, &Limits::default()) {
            Ok(json) => json,
            Err(_) => panic!("the test's own JSON must be readable"),
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_is_null() {
        let json = tree(r#"{"a":{"b":"c"},"n":7}"#);
        assert_eq!(json.at(&["a", "b"]).text(), Some("c"));
        assert!(json.at(&["a", "x", "y"]).is_null());
        assert!(json.at(&["n", "x"]).is_null());
    }

    #[test]
    fn a_wrong_type_is_named_with_its_pointer_and_never_quoted() {
        let json = tree(r#"{"alert":{"number":"hunter2","secret":[1]}}"#);
        let number = json.require_unsigned(&["alert", "number"]).unwrap_err();
        assert_eq!(number.reason, Reason::InvalidField);
        assert_eq!(number.path.as_deref(), Some("/alert/number"));
        assert!(!number.detail.contains("hunter2"));
        let missing = json.require_text(&["alert", "title"]).unwrap_err();
        assert_eq!(missing.reason, Reason::MissingField);
    }
}
