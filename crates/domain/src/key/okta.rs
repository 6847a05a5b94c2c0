//! Okta: users, apps, tokens, logins and memberships of an org. Okta's own ids are case-sensitive.

use super::{Case, Class, Confidence, KeyError, Resolved, Strength, SubjectKey, UNKNOWN_SCOPE, mail};

const PROVIDER: &str = "okta";

/// A user by id (`00u…`); login and mail address are weak aliases.
///
/// # Errors
/// `Empty` without an id.
pub fn user(org: Option<&str>, id: &str, login: Option<&str>) -> Result<Resolved, KeyError> {
    let resolved = by_id("user", org, id)?;
    let Some(login) = login.map(str::trim).filter(|login| !login.is_empty()) else {
        return Ok(resolved);
    };
    let resolved = resolved
        .with_alias(login_key(org, login)?, Strength::Weak)
        .with_display(login);
    match mail::key(login) {
        Ok(person) => Ok(resolved.with_alias(person, Strength::Weak)),
        Err(_) => Ok(resolved),
    }
}

/// A user of whom only the login is known.
///
/// # Errors
/// `Empty` without a login.
pub fn login(org: Option<&str>, login: &str) -> Result<Resolved, KeyError> {
    let confidence = sure_of(org).min(Confidence::Medium);
    Ok(Resolved::new(login_key(org, login.trim())?, login, confidence))
}

/// An application by id (`0oa…`).
///
/// # Errors
/// `Empty` without an id.
pub fn app(org: Option<&str>, id: &str) -> Result<Resolved, KeyError> {
    by_id("app", org, id)
}

/// An API token by id (`00T…`): the identity that acts through it, never its value.
///
/// # Errors
/// `Empty` without an id.
pub fn token(org: Option<&str>, id: &str) -> Result<Resolved, KeyError> {
    by_id("token", org, id)
}

/// The membership of a subject in a group of the org.
///
/// # Errors
/// `Empty` without group or subject.
pub fn membership(org: Option<&str>, group: &str, subject: &str) -> Result<Resolved, KeyError> {
    let parts = [&scope(org), group.trim(), subject.trim()];
    let key = SubjectKey::of(
        Class::Entitlement,
        PROVIDER,
        "membership",
        &parts,
        Case::Sensitive,
    )?;
    Ok(Resolved::new(key, &format!("{subject} in {group}"), sure_of(org)))
}

fn by_id(kind: &str, org: Option<&str>, id: &str) -> Result<Resolved, KeyError> {
    let (scope, id) = (scope(org), id.trim());
    let key = SubjectKey::of(Class::Identity, PROVIDER, kind, &[&scope, id], Case::Sensitive)?;
    Ok(Resolved::new(key, id, sure_of(org)).with_known("org", org))
}

fn login_key(org: Option<&str>, login: &str) -> Result<SubjectKey, KeyError> {
    SubjectKey::of(
        Class::Identity,
        PROVIDER,
        "login",
        &[&scope(org), login],
        Case::Folded,
    )
}

/// `https://acme.okta.com/` → `acme.okta.com`.
fn scope(org: Option<&str>) -> String {
    let text = org.unwrap_or_default().trim().to_ascii_lowercase();
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    match rest.split('/').next().unwrap_or_default() {
        "" => UNKNOWN_SCOPE.to_owned(),
        name => name.to_owned(),
    }
}

fn sure_of(org: Option<&str>) -> Confidence {
    if scope(org) == UNKNOWN_SCOPE {
        Confidence::Low
    } else {
        Confidence::High
    }
}
