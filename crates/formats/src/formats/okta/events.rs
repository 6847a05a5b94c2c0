//! The events of Okta's System Log that say something, what they are about and what they say, as data.

use reeve_domain::observation::{IssueType, Statement};

/// What an event says of a subject.
#[derive(Clone, Copy)]
pub(super) enum Says {
    Problem(IssueType),
    Proof(Statement),
    /// A factor is no privilege: it closes only what asks for it.
    ProofFor(Statement, IssueType),
    /// Of an administrator's roles.
    Grant,
    /// Of the roles that it names.
    Revocation,
}

/// Event, the kind of target that it is about, what it says. The actor is the subject where there is no such target.
pub(super) const EVENTS: &[(&str, &str, Says)] = &[
    (
        "security.threat.detected",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    (
        "user.account.report_suspicious_activity_by_enduser",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    (
        "security.breached_credential.detected",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    (
        "user.risk.detect",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    (
        "user.mfa.okta_verify.deny_push",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    // A refresh token that is used twice is in two hands.
    (
        "app.oauth2.token.detect_reuse",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    (
        "app.oauth2.as.token.detect_reuse",
        "User",
        Says::Problem(IssueType::SuspectedCompromise),
    ),
    (
        "user.session.impersonation.grant",
        "User",
        Says::Problem(IssueType::HumanUse),
    ),
    (
        "user.session.impersonation.initiate",
        "User",
        Says::Problem(IssueType::HumanUse),
    ),
    ("user.account.privilege.grant", "User", Says::Grant),
    (
        "user.mfa.factor.deactivate",
        "User",
        Says::Problem(IssueType::WeakAuthentication),
    ),
    (
        "user.mfa.factor.suspend",
        "User",
        Says::Problem(IssueType::WeakAuthentication),
    ),
    (
        "user.mfa.factor.activate",
        "User",
        Says::ProofFor(Statement::PrivilegeReduced, IssueType::WeakAuthentication),
    ),
    // A kind of factor is switched off for everybody; who did it is all that is known.
    (
        "system.mfa.factor.deactivate",
        "User",
        Says::Problem(IssueType::WeakAuthentication),
    ),
    (
        "user.mfa.factor.reset_all",
        "User",
        Says::Problem(IssueType::WeakAuthentication),
    ),
    (
        "user.mfa.attempt_bypass",
        "User",
        Says::Problem(IssueType::WeakAuthentication),
    ),
    (
        "system.api_token.create",
        "Token",
        Says::Problem(IssueType::CredentialAdded),
    ),
    (
        "system.api_token.revoke",
        "Token",
        Says::Proof(Statement::Deleted),
    ),
    (
        "user.lifecycle.deactivate",
        "User",
        Says::Proof(Statement::Disabled),
    ),
    ("user.lifecycle.suspend", "User", Says::Proof(Statement::Disabled)),
    ("user.lifecycle.activate", "User", Says::Proof(Statement::Active)),
    (
        "user.lifecycle.reactivate",
        "User",
        Says::Proof(Statement::Active),
    ),
    ("user.lifecycle.unsuspend", "User", Says::Proof(Statement::Active)),
    (
        "user.lifecycle.delete.completed",
        "User",
        Says::Proof(Statement::Deleted),
    ),
    ("user.account.privilege.revoke", "User", Says::Revocation),
    (
        "application.lifecycle.deactivate",
        "AppInstance",
        Says::Proof(Statement::Disabled),
    ),
    (
        "application.lifecycle.activate",
        "AppInstance",
        Says::Proof(Statement::Active),
    ),
    (
        "application.lifecycle.delete",
        "AppInstance",
        Says::Proof(Statement::Deleted),
    ),
    (
        "app.oauth2.client.lifecycle.deactivate",
        "PublicClientApp",
        Says::Proof(Statement::Disabled),
    ),
    (
        "app.oauth2.client.lifecycle.activate",
        "PublicClientApp",
        Says::Proof(Statement::Active),
    ),
    (
        "app.oauth2.client.lifecycle.delete",
        "PublicClientApp",
        Says::Proof(Statement::Deleted),
    ),
    (
        "app.oauth2.credentials.lifecycle.create",
        "PublicClientApp",
        Says::Problem(IssueType::CredentialAdded),
    ),
];
