//! Active Directory: accounts by SID, logins and principal names.

use super::{Case, Class, Confidence, KeyError, Resolved, Strength, SubjectKey, UNKNOWN_SCOPE, entra};

const PROVIDER: &str = "ad";

/// What else is known of an account.
#[derive(Debug, Clone, Copy, Default)]
pub struct AccountNames<'a> {
    /// `DOMAIN\sam`, `sam`, or `sam$` of a computer: a weak alias.
    pub sam: Option<&'a str>,
    /// `sam@dns.domain`: a weak alias.
    pub upn: Option<&'a str>,
    /// The tenant of an Entra sync, if known.
    pub tenant: Option<&'a str>,
    /// The Entra object id of a synchronized account: a strong alias.
    pub entra_object_id: Option<&'a str>,
}

/// An account by its SID.
///
/// # Errors
/// `Expected` if the text is no SID.
pub fn account(sid: &str, names: &AccountNames<'_>) -> Result<Resolved, KeyError> {
    let sid = sid.trim();
    if !is_sid(sid) {
        return Err(KeyError::Expected("a security identifier S-1-…"));
    }
    let key = SubjectKey::of(Class::Identity, PROVIDER, "account", &[sid], Case::Folded)?;
    let display = names.sam.or(names.upn).unwrap_or(sid);
    let mut resolved = Resolved::new(key, display, sure_of_sid(sid));
    for alias in [names.sam.map(login), names.upn.map(upn)].into_iter().flatten() {
        resolved = resolved.with_alias(alias?.subject.key, Strength::Weak);
    }
    match names.entra_object_id {
        Some(id) => with_entra(resolved, names.tenant, id),
        None => Ok(resolved),
    }
}

/// An account of which only `DOMAIN\sam`, `sam` or `sam$` is known. `sam$` is a computer.
///
/// # Errors
/// `Empty` without a name.
pub fn login(text: &str) -> Result<Resolved, KeyError> {
    let text = text.trim();
    let (domain, sam) = text.split_once('\\').unwrap_or((UNKNOWN_SCOPE, text));
    let domain = if domain.is_empty() || domain == "." {
        UNKNOWN_SCOPE
    } else {
        domain
    };
    let key = SubjectKey::of(Class::Identity, PROVIDER, "login", &[domain, sam], Case::Folded)?;
    let confidence = if domain == UNKNOWN_SCOPE {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    let resolved = Resolved::new(key, text, confidence);
    Ok(if sam.ends_with('$') {
        resolved.with_attribute("computer", "true")
    } else {
        resolved
    })
}

/// An account of which only the principal name `sam@dns.domain` is known.
///
/// # Errors
/// `Empty` without a name.
pub fn upn(text: &str) -> Result<Resolved, KeyError> {
    let key = SubjectKey::of(Class::Identity, PROVIDER, "upn", &[text.trim()], Case::Folded)?;
    Ok(Resolved::new(key, text, Confidence::Medium))
}

fn with_entra(resolved: Resolved, tenant: Option<&str>, object_id: &str) -> Result<Resolved, KeyError> {
    let user = entra::user(tenant, object_id, None)?.subject.key;
    Ok(resolved.with_alias(user, Strength::Strong))
}

fn is_sid(text: &str) -> bool {
    let mut parts = text.split('-');
    let starts = parts.next().is_some_and(|part| part.eq_ignore_ascii_case("s"));
    let mut count = 0;
    let numeric = parts.all(|part| {
        count += 1;
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    starts && numeric && count >= 3
}

/// Well-known SIDs (`S-1-5-18`, `S-1-5-32-…`) are the same on every machine.
fn sure_of_sid(sid: &str) -> Confidence {
    let of_a_domain = sid.get(2..).is_some_and(|rest| rest.starts_with("1-5-21-"));
    if of_a_domain {
        Confidence::High
    } else {
        Confidence::Low
    }
}
