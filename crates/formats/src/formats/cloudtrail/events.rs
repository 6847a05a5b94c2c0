//! The events that prove something, what they are about and what they prove, as data.

use reeve_domain::observation::{EvidenceScope, IssueType, Statement};

use super::{Event, Holder, Target, policy};

/// What an event says of its target; none if this one says nothing.
pub(super) type Says = fn(&Event<'_>) -> Option<Statement>;

const IAM: &str = "iam.amazonaws.com";
const SECRETS_MANAGER: &str = "secretsmanager.amazonaws.com";
const SYSTEMS_MANAGER: &str = "ssm.amazonaws.com";

/// The events that prove something. `DeleteLoginProfile` is not among them: keys and roles go on working.
pub(super) const EVENTS: &[(&str, &str, Target, Says)] = &[
    (IAM, "DeleteAccessKey", Target::AccessKey, |_| {
        Some(Statement::Deleted)
    }),
    (IAM, "UpdateAccessKey", Target::AccessKey, by_status),
    (IAM, "DeleteUser", Target::User, |_| Some(Statement::Deleted)),
    (IAM, "DeleteRole", Target::Role, |_| Some(Statement::Deleted)),
    (IAM, "DeleteGroup", Target::Group, |_| Some(Statement::Deleted)),
    (IAM, "DetachUserPolicy", Target::TakenFrom(Holder::User), |_| {
        Some(Statement::PrivilegeReduced)
    }),
    (IAM, "DetachRolePolicy", Target::TakenFrom(Holder::Role), |_| {
        Some(Statement::PrivilegeReduced)
    }),
    (IAM, "DetachGroupPolicy", Target::TakenFrom(Holder::Group), |_| {
        Some(Statement::PrivilegeReduced)
    }),
    (IAM, "DeleteUserPolicy", Target::TakenFrom(Holder::User), |_| {
        Some(Statement::PrivilegeReduced)
    }),
    (IAM, "DeleteRolePolicy", Target::TakenFrom(Holder::Role), |_| {
        Some(Statement::PrivilegeReduced)
    }),
    (IAM, "DeleteGroupPolicy", Target::TakenFrom(Holder::Group), |_| {
        Some(Statement::PrivilegeReduced)
    }),
    (IAM, "PutUserPolicy", Target::Rewritten(Holder::User), if_narrow),
    (IAM, "PutRolePolicy", Target::Rewritten(Holder::Role), if_narrow),
    (IAM, "PutGroupPolicy", Target::Rewritten(Holder::Group), if_narrow),
    (IAM, "DeletePolicy", Target::Arn("policyArn"), |_| {
        Some(Statement::Deleted)
    }),
    (IAM, "RemoveUserFromGroup", Target::User, if_group_gives_much),
    (IAM, "UpdateAssumeRolePolicy", Target::Role, if_trust_is_narrow),
    (IAM, "EnableMFADevice", Target::User, |_| {
        Some(Statement::PrivilegeReduced)
    }),
    (SECRETS_MANAGER, "RotateSecret", Target::Secret, if_at_once),
    (SECRETS_MANAGER, "RotationSucceeded", Target::Secret, |_| {
        Some(Statement::Rotated)
    }),
    (SECRETS_MANAGER, "DeleteSecret", Target::Secret, by_recovery),
    (
        IAM,
        "CreatePolicyVersion",
        Target::Arn("policyArn"),
        if_default_and_narrow,
    ),
    (IAM, "DeleteSAMLProvider", Target::Arn("sAMLProviderArn"), |_| {
        Some(Statement::Deleted)
    }),
    (
        IAM,
        "DeleteOpenIDConnectProvider",
        Target::Arn("openIDConnectProviderArn"),
        |_| Some(Statement::Deleted),
    ),
    (IAM, "DeleteServerCertificate", Target::Certificate, |_| {
        Some(Statement::Deleted)
    }),
    (SYSTEMS_MANAGER, "DeleteParameter", Target::Parameters, |_| {
        Some(Statement::Deleted)
    }),
    (SYSTEMS_MANAGER, "DeleteParameters", Target::Parameters, |_| {
        Some(Statement::Deleted)
    }),
    (
        SECRETS_MANAGER,
        "PutResourcePolicy",
        Target::Secret,
        if_trust_is_narrow,
    ),
    (SECRETS_MANAGER, "DeleteResourcePolicy", Target::Secret, |_| {
        Some(Statement::PrivilegeReduced)
    }),
    (SECRETS_MANAGER, "RestoreSecret", Target::Secret, |_| {
        Some(Statement::Active)
    }),
];

/// A second factor says nothing of privileges, a trust policy nothing of permissions: such events close only what
/// asks for them, named `issue:<issue type>`.
pub(super) fn scopes(event_name: &str) -> Vec<EvidenceScope> {
    let issues: &[IssueType] = match event_name {
        "EnableMFADevice" => &[IssueType::WeakAuthentication],
        "PutResourcePolicy" | "DeleteResourcePolicy" => &[IssueType::ExternalAccess],
        "UpdateAssumeRolePolicy" => &[IssueType::ExternalAccess, IssueType::InsecureFederation],
        _ => return vec![EvidenceScope::WholeSubject],
    };
    issues
        .iter()
        .map(|issue| EvidenceScope::Rule(format!("issue:{issue}")))
        .collect()
}

fn by_status(event: &Event<'_>) -> Option<Statement> {
    match event.request.get("status").text()? {
        "Inactive" => Some(Statement::Disabled),
        "Active" => Some(Statement::Active),
        _ => None,
    }
}

/// Within its recovery window a deleted secret cannot be read and can be restored.
fn by_recovery(event: &Event<'_>) -> Option<Statement> {
    let forced = event.request.get("forceDeleteWithoutRecovery").bool();
    Some(if forced == Some(true) {
        Statement::Deleted
    } else {
        Statement::Disabled
    })
}

/// Otherwise it waits for its next window; `RotationSucceeded` tells that it came.
fn if_at_once(event: &Event<'_>) -> Option<Statement> {
    let at_once = event.request.get("rotateImmediately").bool();
    (at_once != Some(false)).then_some(Statement::Rotated)
}

/// A group whose name does not say so may have given anything.
fn if_group_gives_much(event: &Event<'_>) -> Option<Statement> {
    let group = event.request.get("groupName").text()?;
    policy::gives_much(group).then_some(Statement::PrivilegeReduced)
}

fn if_narrow(event: &Event<'_>) -> Option<Statement> {
    policy::grants_little(event.document()?).then_some(Statement::PrivilegeReduced)
}

fn if_trust_is_narrow(event: &Event<'_>) -> Option<Statement> {
    policy::trusts_only(event.document()?, event.account).then_some(Statement::PrivilegeReduced)
}

/// A version that is not the default one changes nothing.
fn if_default_and_narrow(event: &Event<'_>) -> Option<Statement> {
    let is_default = event.request.get("setAsDefault").bool();
    if_narrow(event).filter(|_| is_default == Some(true))
}
