//! AWS: ARNs of any partition, unique ids, access keys and entitlements.
//!
//! The partition and the IAM path are no part of a key: assumed-role ARNs do not carry the path, and names are
//! unique in an account without it, whatever their case.

mod access_key;
mod arn;
pub mod entitlement;

pub use access_key::{access_key, account_of, is_access_key_id};
pub use arn::from_arn;

use super::{Case, Class, Confidence, KeyError, Rel, Resolved, Strength, SubjectKey, UNKNOWN_SCOPE, mail};

const PROVIDER: &str = "aws";
const UNIQUE_ID_PREFIXES: [(&str, &str); 4] = [
    ("AIDA", "user"),
    ("AROA", "role"),
    ("AGPA", "group"),
    ("ANPA", "policy"),
];

/// An IAM user. An unknown account is `-`.
///
/// # Errors
/// `Empty` without a name.
pub fn user(account: &str, name: &str) -> Result<Resolved, KeyError> {
    named("user", account, name)
}

/// An IAM role. An unknown account is `-`.
///
/// # Errors
/// `Empty` without a name.
pub fn role(account: &str, name: &str) -> Result<Resolved, KeyError> {
    named("role", account, name)
}

/// An IAM group. An unknown account is `-`.
///
/// # Errors
/// `Empty` without a name.
pub fn group(account: &str, name: &str) -> Result<Resolved, KeyError> {
    named("group", account, name)
}

/// A federated user (`GetFederationToken`). An unknown account is `-`.
///
/// # Errors
/// `Empty` without a name.
pub fn federated(account: &str, name: &str) -> Result<Resolved, KeyError> {
    named("federated", account, name)
}

/// The root user of an account.
///
/// # Errors
/// `Expected` if the account is not 12 digits.
pub fn root(account: &str) -> Result<Resolved, KeyError> {
    if !is_account(account) {
        return Err(KeyError::Expected("an AWS account of 12 digits"));
    }
    let key = SubjectKey::of(Class::Identity, PROVIDER, "root", &[account], Case::Folded)?;
    Ok(
        Resolved::new(key, &format!("root of {account}"), Confidence::High)
            .with_attribute("account", account),
    )
}

/// A role in use: the role is the subject, the session is an attribute. For `AWSReservedSSO_*` the session is the
/// human; as a mail address it becomes a link to the person.
///
/// # Errors
/// `Empty` without a role.
pub fn assumed_role(account: &str, role_name: &str, session: &str) -> Result<Resolved, KeyError> {
    let resolved = role(account, role_name)?.with_attribute("session", session);
    if !role_name.to_ascii_lowercase().starts_with("awsreservedsso_") {
        return Ok(resolved);
    }
    let resolved = resolved.with_attribute("human", session);
    match mail::key(session) {
        Ok(person) => Ok(resolved.with_link(Rel::UsedBy, person)),
        Err(_) => Ok(resolved),
    }
}

/// A subject of which only the unique id is known: `AIDA…`, `AROA…`, `AROA…:session`.
///
/// # Errors
/// `Expected` if the text is no unique id of a user, a role, a group or a policy.
pub fn from_unique_id(text: &str) -> Result<Resolved, KeyError> {
    let (id, session) = split_session(text);
    let kind = unique_id_kind(id).ok_or(KeyError::Expected("an AWS unique id such as AIDA…"))?;
    let resolved = Resolved::new(unique_id_key(id)?, id, Confidence::High)
        .with_attribute("principal_kind", kind)
        .with_attribute("session", session);
    Ok(resolved)
}

/// Adds a unique id (`AIDA…`, `AROA…:session`) to a subject known by name, as a strong alias; any other text
/// (the principal id of a root user is its account) changes nothing.
#[must_use]
pub fn with_unique_id(resolved: Resolved, text: &str) -> Resolved {
    let (id, session) = split_session(text);
    match unique_id_kind(id).map(|_| unique_id_key(id)) {
        Some(Ok(key)) => resolved
            .with_alias(key, Strength::Strong)
            .with_attribute("session", session),
        _ => resolved,
    }
}

/// Whether a text is an AWS account: 12 digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn named(kind: &str, account: &str, name: &str) -> Result<Resolved, KeyError> {
    let (account, name) = (account.trim(), name.trim());
    let known = is_account(account);
    let scope = if known { account } else { UNKNOWN_SCOPE };
    let key = SubjectKey::of(Class::Identity, PROVIDER, kind, &[scope, name], Case::Folded)?;
    let confidence = if known { Confidence::High } else { Confidence::Low };
    let resolved = Resolved::new(key, name, confidence);
    Ok(if known {
        resolved.with_attribute("account", account)
    } else {
        resolved
    })
}

fn split_session(text: &str) -> (&str, &str) {
    text.trim().split_once(':').unwrap_or((text.trim(), ""))
}

fn unique_id_kind(id: &str) -> Option<&'static str> {
    let shaped = (16..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let prefix = id.get(..4).filter(|_| shaped)?;
    UNIQUE_ID_PREFIXES
        .iter()
        .find(|(known, _)| prefix.eq_ignore_ascii_case(known))
        .map(|(_, kind)| *kind)
}

fn unique_id_key(id: &str) -> Result<SubjectKey, KeyError> {
    let id = id.to_ascii_uppercase();
    SubjectKey::of(Class::Identity, PROVIDER, "unique-id", &[&id], Case::Sensitive)
}
