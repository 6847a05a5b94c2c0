//! Checks and classes of OCSF → issue types, as data.

use std::sync::LazyLock;

use reeve_domain::observation::IssueType::{
    self, CredentialNotRotated, CredentialUnused, ExternalAccess, IdentityDormant, InsecureFederation,
    OverPrivileged, PermissionUnused, RootUse, SecretExposed, SuspectedCompromise, WeakAuthentication,
};
use reeve_domain::observation::Statement;

use crate::formats::asff::rules::of_control;
use crate::issue::{Meaning, Words};
use crate::json::Json;

/// Words of checks, titles and types; the first of the table that is in one of them wins.
const WORDS: &[(&str, Meaning)] = &[
    ("cve-", None),
    ("api_restrict", Some(OverPrivileged)),
    ("accessanalyzer_enabled", None),
    ("account_maintain_", None),
    ("account_security_", None),
    ("support_role", None),
    ("apiserver_", None),
    ("mfa", Some(WeakAuthentication)),
    ("password_policy", Some(WeakAuthentication)),
    ("avoid_root", Some(RootUse)),
    ("root_usage", Some(RootUse)),
    ("no_root_access_key", Some(RootUse)),
    ("root user", Some(RootUse)),
    ("rotate", Some(CredentialNotRotated)),
    ("rotation", Some(CredentialNotRotated)),
    ("unused permission", Some(PermissionUnused)),
    ("unused access key", Some(CredentialUnused)),
    ("unused access", Some(PermissionUnused)),
    ("unused iam role", Some(IdentityDormant)),
    ("unused", Some(CredentialUnused)),
    ("_days", Some(CredentialUnused)),
    ("hardcoded", Some(SecretExposed)),
    ("no_secrets", Some(SecretExposed)),
    ("secrets_in", Some(SecretExposed)),
    ("secrets_user_data", Some(SecretExposed)),
    ("sensitive data", Some(SecretExposed)),
    ("s3object/credentials", Some(SecretExposed)),
    ("ttps/", Some(SuspectedCompromise)),
    ("unauthorizedaccess", Some(SuspectedCompromise)),
    ("credentialaccess", Some(SuspectedCompromise)),
    ("attacksequence", Some(SuspectedCompromise)),
    ("anomalousbehavior", Some(SuspectedCompromise)),
    ("permissive_trust", Some(ExternalAccess)),
    ("cross_account", Some(ExternalAccess)),
    ("cross-account", Some(ExternalAccess)),
    ("confused_deputy", Some(ExternalAccess)),
    ("external access", Some(ExternalAccess)),
    ("oidc", Some(InsecureFederation)),
    ("saml", Some(InsecureFederation)),
    ("privilege", Some(OverPrivileged)),
    ("administrat", Some(OverPrivileged)),
    ("full_access", Some(OverPrivileged)),
    ("wildcard", Some(OverPrivileged)),
    ("cluster_admin", Some(OverPrivileged)),
    ("inline_policy", Some(OverPrivileged)),
    ("policy_attached", Some(OverPrivileged)),
    ("policies attached", Some(OverPrivileged)),
];

/// What a finding is about; none if no table knows its check. A vulnerability is nobody's credential.
pub(super) fn meaning<'t>(
    class: Option<u64>,
    rule: &'t str,
    texts: impl Iterator<Item = &'t str>,
) -> Option<Meaning> {
    static TABLE: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));
    match (class, of_control(rule)) {
        (Some(2002), _) => Some(None),
        (_, Some(issue_type)) => Some(Some(issue_type)),
        (_, None) => TABLE.find(std::iter::once(rule).chain(texts)),
    }
}

/// Words of what a detector of data found that can let somebody in.
const CREDENTIALS: &[&str] = &[
    "credential",
    "secret",
    "password",
    "private_key",
    "private key",
    "access_key",
    "access key",
    "api_key",
    "api key",
];

/// What a finding about data is about: credentials in it are exposed, anything else is nobody's credential.
pub(super) fn of_data(json: &Json<'_>) -> Option<IssueType> {
    let found = json.get("data_security");
    let says = ["detection_pattern", "category"].iter().any(|name| {
        let text = found.get(name).text().unwrap_or_default().to_ascii_lowercase();
        CREDENTIALS.iter().any(|word| text.contains(word))
    });
    says.then_some(SecretExposed)
}

/// Kinds of access, the narrower first, and what each is.
const ACCESS: &[(&str, IssueType)] = &[
    ("internal", OverPrivileged),
    ("intra", OverPrivileged),
    ("federat", InsecureFederation),
];

/// What an analysis that no word tells is about, by what was analyzed.
pub(super) fn of_analysis(json: &Json<'_>) -> Option<IssueType> {
    let result = json.get("access_analysis_result");
    if result.is_object() {
        let kind = result
            .get("access_type")
            .text()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let known = ACCESS.iter().find(|(word, _)| kind.contains(word));
        return Some(known.map_or(ExternalAccess, |(_, issue_type)| *issue_type));
    }
    let metrics = json.get("identity_activity_metrics");
    match metrics.has("credential_uid") {
        _ if !json.get("permission_analysis_results").elements().is_empty() => Some(PermissionUnused),
        true => Some(CredentialUnused),
        false if metrics.is_object() => Some(IdentityDormant),
        false => None,
    }
}

/// What a check proves by passing, so that it can close what it opened.
pub(in crate::formats) fn proven_by_passing(issue_type: IssueType) -> Statement {
    match issue_type {
        CredentialNotRotated => Statement::Rotated,
        CredentialUnused | IdentityDormant | RootUse => Statement::Disabled,
        SecretExposed => Statement::RemovedFromSource,
        _ => Statement::PrivilegeReduced,
    }
}
