//! Activities of the directory and its privileged roles, as data; any other activity says nothing.

use reeve_domain::observation::IssueType::{self, OverPrivileged, ThirdPartyRisk, WeakAuthentication};
use reeve_domain::observation::Statement::{self, Active, Deleted, Disabled, PrivilegeReduced};

/// What an activity is about.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// The first object of a kind that is an account.
    Account,
    /// The application.
    Application,
    /// A role of the directory, of the account.
    Role,
    /// A role of the directory that the account may activate.
    EligibleRole,
    /// A role of an application, of a principal.
    AppRole,
    /// Credentials, by what has changed.
    Credentials,
    /// The account, if it was switched on or off.
    Switch,
}

/// What an activity says.
#[derive(Clone, Copy)]
pub(super) enum Says {
    Problem(IssueType),
    Proof(Statement),
    ProofFor(Statement, IssueType),
    /// It follows from what has changed.
    Changes,
}

/// Activities, what they are about and what they say; the names are compared without dashes, blanks and case.
pub(super) const ACTIVITIES: &[(&str, Target, Says)] = &[
    ("Delete user", Target::Account, Says::Proof(Deleted)),
    ("Hard delete user", Target::Account, Says::Proof(Deleted)),
    ("Restore user", Target::Account, Says::Proof(Active)),
    ("Disable account", Target::Account, Says::Proof(Disabled)),
    ("Enable account", Target::Account, Says::Proof(Active)),
    ("Update user", Target::Switch, Says::Changes),
    ("Update service principal", Target::Switch, Says::Changes),
    ("Remove service principal", Target::Account, Says::Proof(Deleted)),
    (
        "Hard delete service principal",
        Target::Account,
        Says::Proof(Deleted),
    ),
    ("Restore service principal", Target::Account, Says::Proof(Active)),
    ("Delete application", Target::Application, Says::Proof(Deleted)),
    (
        "Hard delete application",
        Target::Application,
        Says::Proof(Deleted),
    ),
    ("Restore application", Target::Application, Says::Proof(Active)),
    ("Add member to role", Target::Role, Says::Problem(OverPrivileged)),
    (
        "Add eligible member to role",
        Target::EligibleRole,
        Says::Problem(OverPrivileged),
    ),
    (
        "Add eligible member to role in PIM completed (permanent)",
        Target::EligibleRole,
        Says::Problem(OverPrivileged),
    ),
    (
        "Add eligible member to role in PIM completed (timebound)",
        Target::EligibleRole,
        Says::Problem(OverPrivileged),
    ),
    ("Remove member from role", Target::Role, Says::Proof(Deleted)),
    (
        "Remove eligible member from role",
        Target::EligibleRole,
        Says::Proof(Deleted),
    ),
    (
        "Remove eligible member from role in PIM completed (permanent)",
        Target::EligibleRole,
        Says::Proof(Deleted),
    ),
    (
        "Remove eligible member from role in PIM completed (timebound)",
        Target::EligibleRole,
        Says::Proof(Deleted),
    ),
    (
        "Remove member from role in PIM completed (permanent)",
        Target::Role,
        Says::Proof(Deleted),
    ),
    (
        "Remove member from role in PIM completed (timebound)",
        Target::Role,
        Says::Proof(Deleted),
    ),
    (
        "Add app role assignment to service principal",
        Target::AppRole,
        Says::Problem(OverPrivileged),
    ),
    (
        "Remove app role assignment from service principal",
        Target::AppRole,
        Says::Proof(Deleted),
    ),
    (
        "Update application Certificates and secrets management",
        Target::Credentials,
        Says::Changes,
    ),
    ("Update application", Target::Credentials, Says::Changes),
    (
        "Add service principal credentials",
        Target::Credentials,
        Says::Changes,
    ),
    (
        "Remove service principal credentials",
        Target::Credentials,
        Says::Changes,
    ),
    (
        "Consent to application",
        Target::Account,
        Says::Problem(ThirdPartyRisk),
    ),
    (
        "Disable Strong Authentication",
        Target::Account,
        Says::Problem(WeakAuthentication),
    ),
    (
        "Enable Strong Authentication",
        Target::Account,
        Says::ProofFor(PrivilegeReduced, WeakAuthentication),
    ),
];

/// Roles that give the directory away, by name; a role of which only the id is known counts by the id.
pub(super) const PRIVILEGED_ROLES: &[(&str, &str)] = &[
    ("Global Administrator", "62e90394-69f5-4237-9190-012177145e10"),
    ("Company Administrator", "62e90394-69f5-4237-9190-012177145e10"),
    (
        "Privileged Role Administrator",
        "e8611ab8-c189-46e8-94e1-60213ab1f814",
    ),
    (
        "Privileged Authentication Administrator",
        "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
    ),
    (
        "Application Administrator",
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    ),
    (
        "Cloud Application Administrator",
        "158c047a-c907-4556-b7ef-446551a6b5f7",
    ),
    (
        "Authentication Administrator",
        "c4e39bd9-1100-46d3-8c65-fb160da0071f",
    ),
    (
        "Conditional Access Administrator",
        "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
    ),
    ("Security Administrator", "194ae4cb-b126-40b2-bd5b-6091b380977d"),
    (
        "Hybrid Identity Administrator",
        "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",
    ),
    ("Exchange Administrator", "29232cdf-9323-42fd-ade2-1d097af3e4de"),
    ("SharePoint Administrator", "f28a1f50-f6e7-4571-818b-6a12f2af6b6c"),
    ("Intune Administrator", "3a2c62db-5318-420d-8d74-23affee5d9d5"),
    ("User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1"),
    ("Helpdesk Administrator", "729827e3-9c14-49f7-bb1b-9608f156bbb8"),
    (
        "Domain Name Administrator",
        "8329153b-31d0-4727-b945-745eb3bc5f31",
    ),
    ("Partner Tier2 Support", "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8"),
];

/// Microsoft writes `–`, `-`, and blanks at the end.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    let letters = |text: &'_ str| {
        text.chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    letters(one) == letters(other)
}
