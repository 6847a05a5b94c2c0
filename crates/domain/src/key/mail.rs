//! A person by mail address: only where nothing better is known, and never the bridge between two directory ids.

use super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey};

/// A person of whom only the address is known: `a@b`, `Name <a@b>`, `mailto:a@b`.
///
/// # Errors
/// `Expected` if the text is no mail address.
pub fn person(text: &str) -> Result<Resolved, KeyError> {
    let address = address(text)?;
    Ok(Resolved::new(key(&address)?, &address, Confidence::Medium))
}

/// The key of a person, for aliases and links.
///
/// # Errors
/// `Expected` if the text is no mail address.
pub fn key(text: &str) -> Result<SubjectKey, KeyError> {
    let address = address(text)?;
    SubjectKey::of(Class::Identity, "mail", "person", &[&address], Case::Folded)
}

/// The bare address within a text, in its spelling.
///
/// # Errors
/// `Expected` if there is none.
pub fn address(text: &str) -> Result<String, KeyError> {
    let text = text.trim();
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let bare = match (text.rfind('<'), text.ends_with('>')) {
        (Some(start), true) => &text[start + 1..text.len() - 1],
        _ => text,
    };
    if is_address(bare) {
        Ok(bare.to_owned())
    } else {
        Err(KeyError::Expected("a mail address"))
    }
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@<>,;".contains(c));
    plain(local) && plain(domain) && !domain.starts_with('.') && !domain.ends_with('.')
}
