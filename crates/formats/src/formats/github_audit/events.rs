//! Events of the audit log, what they are about and what they say, as data; any other event says nothing.

use reeve_domain::observation::IssueType::{
    self, CredentialAdded, HumanUse, OverPrivileged, ThirdPartyRisk, WeakAuthentication,
};
use reeve_domain::observation::Statement::{self, Active, Deleted, Disabled, PrivilegeReduced};

/// What an event is about.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// The user it names.
    User,
    /// The user it names, else the actor: it is about one's own account.
    OwnUser,
    /// The membership of the user in a role of the organization, in a `team`, or in a `repo`.
    Member(&'static str),
    /// Every membership of the user in the organization.
    Organization,
    /// A personal access token or another credential, by number.
    Token,
    /// A deploy key or the key of a user.
    Key,
    /// An app.
    App,
}

/// What an event says.
#[derive(Clone, Copy)]
pub(super) enum Says {
    /// Something is wrong since.
    Problem(IssueType),
    /// Something has ended.
    Proof(Statement),
    /// The same, for one issue alone.
    ProofFor(Statement, IssueType),
    /// It depends on the role before and after.
    ByRole,
}

/// Event, what it is about, what it says. A setting of the whole organization is not among them, nor is the end of what
/// an organization let a credential or an identity do: everywhere else both go on working.
pub(super) const ALL: &[(&str, Target, Says)] = &[
    ("account.suspend", Target::User, Says::Proof(Disabled)),
    ("account.unsuspend", Target::User, Says::Proof(Active)),
    (
        "business.add_admin",
        Target::Member("admin"),
        Says::Problem(OverPrivileged),
    ),
    (
        "business.invite_admin",
        Target::Member("admin"),
        Says::Problem(OverPrivileged),
    ),
    (
        "business.remove_admin",
        Target::Member("admin"),
        Says::Proof(Deleted),
    ),
    (
        "business.remove_member",
        Target::Organization,
        Says::Proof(Deleted),
    ),
    (
        "business.remove_support_entitlee",
        Target::Member("support"),
        Says::Proof(Deleted),
    ),
    ("integration.destroy", Target::App, Says::Proof(Deleted)),
    (
        "integration.remove_client_secret",
        Target::App,
        Says::ProofFor(PrivilegeReduced, CredentialAdded),
    ),
    (
        "integration.generate_client_secret",
        Target::App,
        Says::Problem(CredentialAdded),
    ),
    (
        "integration_installation.create",
        Target::App,
        Says::Problem(ThirdPartyRisk),
    ),
    (
        "integration_installation.destroy",
        Target::App,
        Says::ProofFor(Deleted, ThirdPartyRisk),
    ),
    (
        "integration_installation.suspend",
        Target::App,
        Says::ProofFor(Disabled, ThirdPartyRisk),
    ),
    (
        "integration_installation.unsuspend",
        Target::App,
        Says::Proof(Active),
    ),
    ("oauth_application.destroy", Target::App, Says::Proof(Deleted)),
    (
        "oauth_application.generate_client_secret",
        Target::App,
        Says::Problem(CredentialAdded),
    ),
    ("org.add_member", Target::Member("admin"), Says::ByRole),
    ("org.update_member", Target::Member("admin"), Says::ByRole),
    ("org.remove_member", Target::Organization, Says::Proof(Deleted)),
    (
        "org.remove_outside_collaborator",
        Target::Member("outside-collaborator"),
        Says::Proof(Deleted),
    ),
    (
        "org.remove_billing_manager",
        Target::Member("billing-manager"),
        Says::Proof(Deleted),
    ),
    (
        "personal_access_token.access_granted",
        Target::Token,
        Says::Problem(CredentialAdded),
    ),
    (
        "personal_access_token.access_revoked",
        Target::Token,
        Says::ProofFor(Disabled, CredentialAdded),
    ),
    (
        "personal_access_token.credential_revoked",
        Target::Token,
        Says::Proof(Deleted),
    ),
    (
        "personal_access_token.destroy",
        Target::Token,
        Says::Proof(Deleted),
    ),
    ("deploy_key.create", Target::Key, Says::Problem(CredentialAdded)),
    ("deploy_key.destroy", Target::Key, Says::Proof(Deleted)),
    ("public_key.create", Target::Key, Says::Problem(CredentialAdded)),
    ("public_key.delete", Target::Key, Says::Proof(Deleted)),
    ("public_key.unverify", Target::Key, Says::Proof(Disabled)),
    ("repo.add_member", Target::Member("repo"), Says::ByRole),
    ("repo.update_member", Target::Member("repo"), Says::ByRole),
    ("repo.remove_member", Target::Member("repo"), Says::Proof(Deleted)),
    ("staff.fake_login", Target::User, Says::Problem(HumanUse)),
    ("team.add_member", Target::Member("team"), Says::ByRole),
    ("team.remove_member", Target::Member("team"), Says::Proof(Deleted)),
    (
        "team.demote_maintainer",
        Target::Member("team"),
        Says::Proof(PrivilegeReduced),
    ),
    (
        "two_factor_authentication.disabled",
        Target::OwnUser,
        Says::Problem(WeakAuthentication),
    ),
    (
        "two_factor_authentication.enabled",
        Target::OwnUser,
        Says::ProofFor(PrivilegeReduced, WeakAuthentication),
    ),
    ("user.destroy", Target::User, Says::Proof(Deleted)),
    ("user.suspend", Target::User, Says::Proof(Disabled)),
    ("user.unsuspend", Target::User, Says::Proof(Active)),
    ("user.promote", Target::User, Says::Problem(OverPrivileged)),
    (
        "user.demote",
        Target::User,
        Says::ProofFor(PrivilegeReduced, OverPrivileged),
    ),
];

/// Roles that give an organization or a repository away.
const PRIVILEGED: &[&str] = &["admin", "owner", "maintain", "business_admin"];

/// What a role that was given says, with the one before; nothing where neither gives much.
pub(super) fn by_role(given: &str, before: &str) -> Option<Says> {
    match (PRIVILEGED.contains(&given), PRIVILEGED.contains(&before)) {
        (true, false) => Some(Says::Problem(OverPrivileged)),
        (false, true) if !given.is_empty() => Some(Says::Proof(PrivilegeReduced)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_says_something_only_where_it_gives_or_gave_much() {
        assert!(matches!(by_role("admin", "read"), Some(Says::Problem(_))));
        assert!(matches!(by_role("read", "admin"), Some(Says::Proof(_))));
        assert!(by_role("read", "write").is_none());
        assert!(by_role("", "admin").is_none());
        assert!(by_role("admin", "admin").is_none());
    }
}
