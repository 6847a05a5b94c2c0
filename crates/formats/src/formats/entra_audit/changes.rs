//! What an audit says to have changed: old and new values, as JSON inside strings.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::json::{Json, read_value};
use crate::settings::Limits;

/// The modified properties of one object.
pub(super) struct Changes<'d>(&'d [Json<'d>]);

impl<'d> Changes<'d> {
    pub(super) fn of(target: &'d Json<'d>) -> Self {
        Self(target.get("modifiedProperties").elements())
    }

    /// The new value of a property, else the old one: of what is removed there is but that.
    pub(super) fn value(&self, name: &str) -> Option<Cow<'d, str>> {
        let old = || plain(self.find(name)?.get("oldValue").text()?);
        self.new_value(name).or_else(old)
    }

    /// What a property is now.
    pub(super) fn new_value(&self, name: &str) -> Option<Cow<'d, str>> {
        plain(self.find(name)?.get("newValue").text()?)
    }

    /// The ids of the credentials that are gone, and of those that are new.
    pub(super) fn credentials(&self) -> (Vec<String>, Vec<String>) {
        let Some(changed) = self.find("KeyDescription") else {
            return (Vec::new(), Vec::new());
        };
        let side = |name: &str| identifiers(changed.get(name).text().unwrap_or_default());
        let (before, after) = (side("oldValue"), side("newValue"));
        (
            before.difference(&after).cloned().collect(),
            after.difference(&before).cloned().collect(),
        )
    }

    fn find(&self, name: &str) -> Option<&'d Json<'d>> {
        self.0
            .iter()
            .find(|one| one.get("displayName").text() == Some(name))
    }
}

/// `"\"x\""`, `"[\"x\"]"`, `"[true]"`, `"x"` → `x`; nothing for an empty one.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    let inner = match read_value(text, &Limits::default()) {
        Ok(Json::Array(elements)) => Cow::Owned(elements.first()?.scalar()?.into_owned()),
        Ok(json) => Cow::Owned(json.scalar()?.into_owned()),
        Err(_) => Cow::Borrowed(text),
    };
    Some(inner).filter(|text| !text.is_empty())
}

/// `["[KeyIdentifier=…,KeyType=Password,…]"]` → the identifiers.
fn identifiers(text: &str) -> BTreeSet<String> {
    let parts = text.split("KeyIdentifier=").skip(1);
    let ids = parts.filter_map(|part| part.split([',', ']', '"', '\\']).next());
    ids.map(|id| id.trim().to_owned())
        .filter(|id| !id.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_any_wrapping() {
        for text in [r#""x""#, r#"["x"]"#, "x"] {
            assert_eq!(plain(text).as_deref(), Some("x"), "{text}");
        }
        assert_eq!(plain("[false]").as_deref(), Some("false"));
        assert_eq!(plain("[]"), None);
        assert_eq!(plain(r#""""#), None);
    }

    #[test]
    fn identifiers_are_read_from_descriptions() {
        let text =
            r#"["[KeyIdentifier=a-1,KeyType=Password,DisplayName=x]","[KeyIdentifier=b-2,KeyType=X]"]"#;
        assert_eq!(identifiers(text), ["a-1".to_owned(), "b-2".to_owned()].into());
        assert!(identifiers("[]").is_empty());
    }
}
