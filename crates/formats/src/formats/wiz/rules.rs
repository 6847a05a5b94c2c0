//! Names of Wiz's rules → issue types, as data.

use std::sync::LazyLock;

use reeve_domain::observation::IssueType::{
    self, CredentialNotRotated, CredentialUnused, ExternalAccess, IdentityDormant, IdentityOrphaned,
    InsecureFederation, OverPrivileged, PermissionUnused, RootUse, SecretExposed, SuspectedCompromise,
    ThirdPartyRisk, WeakAuthentication,
};

use crate::issue::{Meaning, Words};

/// Words of names; the first of the table that is in a name wins.
const WORDS: &[(&str, Meaning)] = &[
    ("mfa", Some(WeakAuthentication)),
    ("multi-factor", Some(WeakAuthentication)),
    ("multifactor", Some(WeakAuthentication)),
    ("password policy", Some(WeakAuthentication)),
    ("weak password", Some(WeakAuthentication)),
    ("legacy authentication", Some(WeakAuthentication)),
    ("root account", Some(RootUse)),
    ("root user", Some(RootUse)),
    ("leaked", Some(SecretExposed)),
    ("cleartext", Some(SecretExposed)),
    ("clear text", Some(SecretExposed)),
    ("plaintext", Some(SecretExposed)),
    ("plain text", Some(SecretExposed)),
    ("hardcoded", Some(SecretExposed)),
    ("hard-coded", Some(SecretExposed)),
    ("exposed secret", Some(SecretExposed)),
    ("secret exposed", Some(SecretExposed)),
    ("secrets in", Some(SecretExposed)),
    ("secret in", Some(SecretExposed)),
    ("cloud keys", Some(SecretExposed)),
    ("private key", Some(SecretExposed)),
    ("rotat", Some(CredentialNotRotated)),
    ("older than", Some(CredentialNotRotated)),
    ("long-lived", Some(CredentialNotRotated)),
    ("long-term", Some(CredentialNotRotated)),
    ("unused access key", Some(CredentialUnused)),
    ("inactive access key", Some(CredentialUnused)),
    ("unused key", Some(CredentialUnused)),
    ("unused credential", Some(CredentialUnused)),
    ("unused permission", Some(PermissionUnused)),
    ("excessive", Some(PermissionUnused)),
    ("orphan", Some(IdentityOrphaned)),
    ("inactive", Some(IdentityDormant)),
    ("dormant", Some(IdentityDormant)),
    ("stale", Some(IdentityDormant)),
    ("unused", Some(IdentityDormant)),
    ("third-party", Some(ThirdPartyRisk)),
    ("third party", Some(ThirdPartyRisk)),
    ("vendor", Some(ThirdPartyRisk)),
    ("oidc", Some(InsecureFederation)),
    ("saml", Some(InsecureFederation)),
    ("federat", Some(InsecureFederation)),
    ("github actions", Some(InsecureFederation)),
    ("external", Some(ExternalAccess)),
    ("public", Some(ExternalAccess)),
    ("anonymous", Some(ExternalAccess)),
    ("cross-account", Some(ExternalAccess)),
    ("cross account", Some(ExternalAccess)),
    ("confused deputy", Some(ExternalAccess)),
    ("anyone", Some(ExternalAccess)),
    ("all users", Some(ExternalAccess)),
    ("compromise", Some(SuspectedCompromise)),
    ("suspicious", Some(SuspectedCompromise)),
    ("malicious", Some(SuspectedCompromise)),
    ("anomal", Some(SuspectedCompromise)),
    ("unusual", Some(SuspectedCompromise)),
    ("iamuser/", Some(SuspectedCompromise)),
    ("ec2/", Some(SuspectedCompromise)),
    ("admin", Some(OverPrivileged)),
    ("privilege", Some(OverPrivileged)),
    ("escalat", Some(OverPrivileged)),
    ("impersonat", Some(OverPrivileged)),
    ("permissive", Some(OverPrivileged)),
    ("wildcard", Some(OverPrivileged)),
    ("full access", Some(OverPrivileged)),
    ("permissions", Some(OverPrivileged)),
    ("inline polic", Some(OverPrivileged)),
    ("policies attached", Some(OverPrivileged)),
    ("owner role", Some(OverPrivileged)),
];

/// What a rule is about; none if no word of the table is in its name.
pub(super) fn meaning(name: &str) -> Option<IssueType> {
    static TABLE: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));
    TABLE.find([name]).flatten()
}
