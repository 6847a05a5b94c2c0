//! Categories and classes of Security Command Center → issue types, as data.

use std::sync::LazyLock;

use reeve_domain::observation::IssueType::{
    CredentialAdded, CredentialNotRotated, ExternalAccess, IdentityDormant, InsecureFederation,
    OverPrivileged, PermissionUnused, SecretExposed, SuspectedCompromise, WeakAuthentication,
};

use crate::issue::{Meaning, Words};

/// Words of categories, `_` read as a blank; the first of the table that is in a category wins.
const WORDS: &[(&str, Meaning)] = &[
    ("leaked credential", Some(SecretExposed)),
    ("mfa not enforced", Some(WeakAuthentication)),
    ("2sv", Some(WeakAuthentication)),
    ("two step verification", Some(WeakAuthentication)),
    ("strong authentication", Some(WeakAuthentication)),
    ("not rotated", Some(CredentialNotRotated)),
    ("user managed service account key", Some(CredentialNotRotated)),
    ("apis unrestricted", Some(OverPrivileged)),
    ("apps unrestricted", Some(OverPrivileged)),
    ("api key not restricted", Some(OverPrivileged)),
    ("api key exists", Some(WeakAuthentication)),
    ("ssh key added", Some(CredentialAdded)),
    ("non org iam member", Some(ExternalAccess)),
    ("open group iam member", Some(ExternalAccess)),
    ("external member", Some(ExternalAccess)),
    ("public", Some(ExternalAccess)),
    ("allusers", Some(ExternalAccess)),
    ("unused iam role", Some(PermissionUnused)),
    ("excessive permission", Some(PermissionUnused)),
    ("dormant", Some(IdentityDormant)),
    ("inactive", Some(IdentityDormant)),
    ("federat", Some(InsecureFederation)),
    ("admin service account", Some(OverPrivileged)),
    ("primitive role", Some(OverPrivileged)),
    ("basic role", Some(OverPrivileged)),
    ("role separation", Some(OverPrivileged)),
    ("over privileged", Some(OverPrivileged)),
    ("overly permissive", Some(OverPrivileged)),
    ("highly privileged", Some(OverPrivileged)),
    ("sensitive role", Some(OverPrivileged)),
    ("full api access", Some(OverPrivileged)),
    ("default service account", Some(OverPrivileged)),
    ("role used on org", Some(OverPrivileged)),
    ("has owner", Some(OverPrivileged)),
    ("privilege", Some(OverPrivileged)),
    ("iam role", Some(OverPrivileged)),
];

/// Classes that say enough by themselves. A vulnerability is nobody's credential, unless its category is one of keys
/// and rights: Google has called some of those so.
const CLASSES: &[(&str, Meaning)] = &[
    ("THREAT", Some(SuspectedCompromise)),
    ("VULNERABILITY", None),
    ("SENSITIVE_DATA_RISK", None),
];

/// What a finding is about; none if no table knows it.
pub(super) fn meaning(category: &str, class: &str) -> Option<Meaning> {
    static TABLE: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));
    let folded = category.replace('_', " ");
    if folded.to_ascii_lowercase().contains("leaked credential") {
        return Some(Some(SecretExposed));
    }
    let of_class = CLASSES.iter().find(|(name, _)| *name == class);
    match of_class {
        Some(("VULNERABILITY", meaning)) => TABLE.find([folded.as_str()]).or(Some(*meaning)),
        Some((_, meaning)) => Some(*meaning),
        None => TABLE.find([folded.as_str()]),
    }
}
