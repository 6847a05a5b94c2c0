//! AWS entitlements: attached policies, unused permissions, access from outside.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey, UNKNOWN_SCOPE};
use super::{PROVIDER, is_account};

/// Stands for whomever a policy is attached to: the policy itself is the subject.
pub const ANY_PRINCIPAL: &str = "*";

const ACTIONS_HASH_CHARS: usize = 32;

/// A policy attached to a principal (`role/name`, `user/name`), or the policy itself with [`ANY_PRINCIPAL`].
/// The account of a policy that AWS manages is `aws`.
///
/// # Errors
/// `Empty` without principal or policy.
pub fn policy(account: &str, principal: &str, policy: &str) -> Result<Resolved, KeyError> {
    owned("policy", account, principal, policy)
}

/// What an account demands of the passwords of its users, which is nobody's own.
///
/// # Errors
/// `Empty` never: an account that is none is an unknown one.
pub fn password_policy(account: &str) -> Result<Resolved, KeyError> {
    owned("policy", account, "account", "password-policy")
}

/// The permission of a principal on a service that it does not use (`s3`, `iam`, …).
///
/// # Errors
/// `Empty` without principal or namespace.
pub fn service(account: &str, principal: &str, namespace: &str) -> Result<Resolved, KeyError> {
    owned("service", account, principal, namespace)
}

/// Access to a resource from outside its account. The order of the actions does not matter.
///
/// # Errors
/// `Empty` without resource or principal.
pub fn trust(resource_arn: &str, principal: &str, actions: &[&str]) -> Result<Resolved, KeyError> {
    let hash = hash_of_sorted(actions);
    let parts = [resource_arn.trim(), principal.trim(), &hash];
    let key = SubjectKey::of(Class::Entitlement, PROVIDER, "trust", &parts, Case::Sensitive)?;
    let display = format!("{principal} on {resource_arn}");
    let resolved = Resolved::new(key, &display, Confidence::High)
        .with_attribute("resource", resource_arn)
        .with_attribute("principal", principal)
        .with_attribute("actions", &actions.join(" "));
    Ok(resolved)
}

/// Access to a resource from outside its account where the source does not say whose: it may be any number of them.
///
/// # Errors
/// `Empty` without a resource.
pub fn access(resource_arn: &str) -> Result<Resolved, KeyError> {
    let parts = [resource_arn.trim(), UNKNOWN_SCOPE];
    let key = SubjectKey::of(Class::Entitlement, PROVIDER, "trust", &parts, Case::Sensitive)?;
    let display = format!("access to {resource_arn}");
    Ok(Resolved::new(key, &display, Confidence::Low).with_attribute("resource", resource_arn))
}

fn owned(kind: &str, account: &str, principal: &str, name: &str) -> Result<Resolved, KeyError> {
    let known = is_account(account) || account == "aws";
    let scope = if known { account } else { UNKNOWN_SCOPE };
    let parts = [scope, principal.trim(), name.trim()];
    let key = SubjectKey::of(Class::Entitlement, PROVIDER, kind, &parts, Case::Folded)?;
    let confidence = if known { Confidence::High } else { Confidence::Low };
    let display = if principal == ANY_PRINCIPAL {
        name.to_owned()
    } else {
        format!("{name} of {principal}")
    };
    let resolved = Resolved::new(key, &display, confidence).with_attribute("principal", principal);
    Ok(if known {
        resolved.with_attribute("account", account)
    } else {
        resolved
    })
}

fn hash_of_sorted(actions: &[&str]) -> String {
    let mut sorted: Vec<String> = actions
        .iter()
        .map(|action| action.trim().to_ascii_lowercase())
        .collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut hex = HEXLOWER.encode(&Sha256::digest(sorted.join("\n").as_bytes()));
    hex.truncate(ACTIONS_HASH_CHARS);
    hex
}
