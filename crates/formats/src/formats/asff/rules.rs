//! Controls and types of ASFF → issue types, as data.

use std::sync::LazyLock;

use reeve_domain::observation::IssueType::{
    self, CredentialNotRotated, CredentialUnused, ExternalAccess, HoneytokenTriggered, IdentityDormant,
    IdentityOrphaned, InsecureFederation, OverPrivileged, PermissionUnused, RootUse, SecretExposed,
    SuspectedCompromise, WeakAuthentication,
};

use crate::issue::{Meaning, Words};
use crate::json::Json;

/// Security Hub's own controls.
const CONTROLS: &[(&str, IssueType)] = &[
    ("IAM.1", OverPrivileged),
    ("IAM.2", OverPrivileged),
    ("IAM.3", CredentialNotRotated),
    ("IAM.4", RootUse),
    ("IAM.5", WeakAuthentication),
    ("IAM.6", WeakAuthentication),
    ("IAM.7", WeakAuthentication),
    ("IAM.8", CredentialUnused),
    ("IAM.9", WeakAuthentication),
    ("IAM.10", WeakAuthentication),
    ("IAM.11", WeakAuthentication),
    ("IAM.12", WeakAuthentication),
    ("IAM.13", WeakAuthentication),
    ("IAM.14", WeakAuthentication),
    ("IAM.15", WeakAuthentication),
    ("IAM.16", WeakAuthentication),
    ("IAM.17", WeakAuthentication),
    ("IAM.19", WeakAuthentication),
    ("IAM.20", RootUse),
    ("IAM.21", OverPrivileged),
    ("IAM.22", CredentialUnused),
    ("IAM.27", OverPrivileged),
    ("KMS.1", OverPrivileged),
    ("KMS.2", OverPrivileged),
    ("SecretsManager.1", CredentialNotRotated),
    ("SecretsManager.2", CredentialNotRotated),
    ("SecretsManager.3", CredentialUnused),
    ("SecretsManager.4", CredentialNotRotated),
    ("CodeBuild.1", SecretExposed),
    ("CodeBuild.2", SecretExposed),
    ("ECS.8", SecretExposed),
];

/// Words of rules, types and titles; the first of the table that is in one of them wins.
const WORDS: &[(&str, Meaning)] = &[
    ("vulnerabilities/cve", None),
    ("cve-", None),
    ("identifications/pii", None),
    ("identifications/financial", None),
    ("identifications/legal", None),
    ("support_role", None),
    ("support role", None),
    ("should be tagged", None),
    ("external access analyzer should be enabled", None),
    ("external access granted", Some(ExternalAccess)),
    ("decoydetector", Some(HoneytokenTriggered)),
    ("honeytoken", Some(HoneytokenTriggered)),
    ("canarytoken", Some(HoneytokenTriggered)),
    ("rootcredentialusage", Some(RootUse)),
    ("ttps/", Some(SuspectedCompromise)),
    ("effects/", Some(SuspectedCompromise)),
    ("unusual behaviors", Some(SuspectedCompromise)),
    ("unauthorizedaccess", Some(SuspectedCompromise)),
    ("credentialaccess", Some(SuspectedCompromise)),
    ("credential exfiltration", Some(SuspectedCompromise)),
    ("anomalousbehavior", Some(SuspectedCompromise)),
    ("s3object/credentials", Some(SecretExposed)),
    ("sensitive data identifications", Some(SecretExposed)),
    ("clear text", Some(SecretExposed)),
    ("cleartext", Some(SecretExposed)),
    ("hardcoded", Some(SecretExposed)),
    ("no_secrets", Some(SecretExposed)),
    ("environment_secrets", Some(SecretExposed)),
    ("secrets_user_data", Some(SecretExposed)),
    ("mfa", Some(WeakAuthentication)),
    ("multi-factor", Some(WeakAuthentication)),
    ("password_policy", Some(WeakAuthentication)),
    ("password policy", Some(WeakAuthentication)),
    ("password policies", Some(WeakAuthentication)),
    ("avoid_root", Some(RootUse)),
    ("root_usage", Some(RootUse)),
    ("root_access_key", Some(RootUse)),
    ("root user", Some(RootUse)),
    ("root account", Some(RootUse)),
    ("rotate", Some(CredentialNotRotated)),
    ("rotation", Some(CredentialNotRotated)),
    ("unused permission", Some(PermissionUnused)),
    ("unused access key", Some(CredentialUnused)),
    ("unused access", Some(PermissionUnused)),
    ("unused iam role", Some(IdentityDormant)),
    ("unused", Some(CredentialUnused)),
    ("days_credentials", Some(CredentialUnused)),
    ("orphan", Some(IdentityOrphaned)),
    ("external access", Some(ExternalAccess)),
    ("public access", Some(ExternalAccess)),
    ("publicly", Some(ExternalAccess)),
    ("cross-account", Some(ExternalAccess)),
    ("cross_account", Some(ExternalAccess)),
    ("confused_deputy", Some(ExternalAccess)),
    ("role_assumption", Some(ExternalAccess)),
    ("oidc", Some(InsecureFederation)),
    ("saml", Some(InsecureFederation)),
    ("federat", Some(InsecureFederation)),
    ("privilege", Some(OverPrivileged)),
    ("administrat", Some(OverPrivileged)),
    ("full access", Some(OverPrivileged)),
    ("full_access", Some(OverPrivileged)),
    ("fullaccess", Some(OverPrivileged)),
    ("wildcard", Some(OverPrivileged)),
    ("permissive", Some(OverPrivileged)),
    ("inline_policy", Some(OverPrivileged)),
    ("inline polic", Some(OverPrivileged)),
    ("policy_attached", Some(OverPrivileged)),
    ("policies attached", Some(OverPrivileged)),
];

/// What one of Security Hub's own controls is about, by its id or by a path that ends with it.
pub(in crate::formats) fn of_control(rule: &str) -> Option<IssueType> {
    let control = rule.rsplit('/').next().unwrap_or(rule);
    let known = CONTROLS.iter().find(|(known, _)| *known == control);
    known.map(|(_, issue_type)| *issue_type)
}

/// Controls of Security Hub's own about the password policy of the account.
const PASSWORD_CONTROLS: &[&str] = &[
    "IAM.7", "IAM.10", "IAM.11", "IAM.12", "IAM.13", "IAM.14", "IAM.15", "IAM.16", "IAM.17",
];

/// Whether a control is about an account's password policy, by its id or by the words of its rule and title.
pub(in crate::formats) fn is_of_passwords(rule: &str, title: &str) -> bool {
    let control = rule.rsplit('/').next().unwrap_or(rule);
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["password policy", "password policies", "password_policy"]
            .iter()
            .any(|word| text.contains(word))
    };
    PASSWORD_CONTROLS.contains(&control) || says(rule) || says(title)
}

/// What a finding is about; none if no table knows its rule.
pub(super) fn meaning(json: &Json<'_>, rule: &str) -> Option<Meaning> {
    static TABLE: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));
    if let Some(issue_type) = of_control(rule) {
        return Some(Some(issue_type));
    }
    if holds_credentials(json) {
        return Some(Some(SecretExposed));
    }
    let types = json.get("Types").elements().iter().filter_map(Json::text);
    let others = ["GeneratorId", "ProductName", "Title"]
        .iter()
        .filter_map(|field| json.get(field).text());
    TABLE.find(std::iter::once(rule).chain(types).chain(others))
}

/// Whether Macie found credentials, among other things: then its type names the other things, or none.
fn holds_credentials(json: &Json<'_>) -> bool {
    let resources = json.get("Resources").elements().iter();
    let mut found = resources.flat_map(|resource| {
        let result = resource.at(&["DataClassification", "Result", "SensitiveData"]);
        result.elements()
    });
    found.any(|one| one.get("Category").text() == Some("CREDENTIALS"))
}
