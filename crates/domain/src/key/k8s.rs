//! Kubernetes: service accounts, users, groups, roles and bindings of a cluster.

use super::{Case, Class, Confidence, KeyError, Rel, Resolved, SubjectKey, UNKNOWN_SCOPE};

const PROVIDER: &str = "k8s";
const SERVICE_ACCOUNT_PREFIX: &str = "system:serviceaccount:";
const GROUP_PREFIX: &str = "Group:";

/// A service account. An unknown cluster is `-` and makes the key weak.
///
/// # Errors
/// `Empty` without namespace or name.
pub fn service_account(cluster: Option<&str>, namespace: &str, name: &str) -> Result<Resolved, KeyError> {
    let parts = [scope(cluster), namespace.trim(), name.trim()];
    let key = SubjectKey::of(Class::Identity, PROVIDER, "service-account", &parts, Case::Folded)?;
    Ok(
        Resolved::new(key, &format!("{namespace}/{name}"), sure_of(cluster))
            .with_known("cluster", cluster)
            .with_attribute("namespace", namespace),
    )
}

/// The subject behind a user name of the audit log: `system:serviceaccount:<namespace>:<name>` or a plain user.
///
/// # Errors
/// `Empty` without a name.
pub fn from_username(cluster: Option<&str>, username: &str) -> Result<Resolved, KeyError> {
    let username = username.trim();
    let account = username
        .strip_prefix(SERVICE_ACCOUNT_PREFIX)
        .and_then(|rest| rest.split_once(':'));
    match account {
        Some((namespace, name)) => service_account(cluster, namespace, name),
        None => named("user", cluster, username),
    }
}

/// A group of the cluster's authenticator. Names are case-sensitive.
///
/// # Errors
/// `Empty` without a name.
pub fn group(cluster: Option<&str>, name: &str) -> Result<Resolved, KeyError> {
    named("group", cluster, name.trim())
}

/// The identity that a binding names: a service account, a user (also one that is a service account's user name), a
/// group. A service account without a namespace is of the binding's, which the caller knows.
///
/// # Errors
/// `Empty` without a name, `Expected` for any other kind.
pub fn from_subject(
    cluster: Option<&str>,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Result<Resolved, KeyError> {
    match kind {
        "ServiceAccount" => service_account(cluster, namespace, name),
        "User" => from_username(cluster, name),
        "Group" => group(cluster, name),
        _ => Err(KeyError::Expected("a ServiceAccount, a User or a Group")),
    }
}

/// A role of a namespace.
///
/// # Errors
/// `Empty` without namespace or name.
pub fn role(cluster: Option<&str>, namespace: &str, name: &str) -> Result<Resolved, KeyError> {
    entitlement("role", cluster, Some(namespace), name)
}

/// A role of the whole cluster.
///
/// # Errors
/// `Empty` without a name.
pub fn cluster_role(cluster: Option<&str>, name: &str) -> Result<Resolved, KeyError> {
    entitlement("cluster-role", cluster, None, name)
}

/// A binding as a whole, whoever its subjects are: its deletion names none of them. `namespace` is `None` for one of
/// the cluster.
///
/// # Errors
/// `Empty` without a name, or with an empty namespace.
pub fn whole_binding(
    cluster: Option<&str>,
    namespace: Option<&str>,
    name: &str,
) -> Result<Resolved, KeyError> {
    let kind = match namespace {
        Some(_) => "role-binding",
        None => "cluster-role-binding",
    };
    entitlement(kind, cluster, namespace, name)
}

/// A subject of a binding as it stands in the binding's key: `system:serviceaccount:<namespace>:<name>`,
/// `Group:<name>`, or the user name.
pub fn subject_name(kind: &str, namespace: &str, name: &str) -> String {
    match kind {
        "ServiceAccount" => format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}"),
        "Group" => format!("{GROUP_PREFIX}{name}"),
        _ => name.to_owned(),
    }
}

/// What a role binding or cluster role binding gives to one subject. `binding` is `<name>` for the cluster,
/// `<namespace>/<name>` in a namespace; `subject` is as [`subject_name`] gives it. It is held by that subject.
///
/// # Errors
/// `Empty` if one of them is.
pub fn binding(cluster: Option<&str>, binding: &str, subject: &str) -> Result<Resolved, KeyError> {
    let cluster_name = scope(cluster).to_lowercase();
    let mut parts = vec![cluster_name.as_str()];
    parts.extend(binding.trim().split('/'));
    parts.push(subject.trim());
    let key = SubjectKey::of(Class::Entitlement, PROVIDER, "binding", &parts, Case::Sensitive)?;
    let holder = match subject.trim().strip_prefix(GROUP_PREFIX) {
        Some(name) => group(cluster, name)?,
        None => from_username(cluster, subject)?,
    };
    Ok(
        Resolved::new(key, &format!("{binding} of {subject}"), sure_of(cluster))
            .with_known("cluster", cluster)
            .with_link(Rel::HeldBy, holder.subject.key),
    )
}

fn entitlement(
    kind: &str,
    cluster: Option<&str>,
    namespace: Option<&str>,
    name: &str,
) -> Result<Resolved, KeyError> {
    let cluster_name = scope(cluster).to_lowercase();
    let (namespace, name) = (namespace.map(str::trim), name.trim());
    let parts: Vec<&str> = std::iter::once(cluster_name.as_str())
        .chain(namespace)
        .chain([name])
        .collect();
    let key = SubjectKey::of(Class::Entitlement, PROVIDER, kind, &parts, Case::Sensitive)?;
    let display = match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    };
    Ok(Resolved::new(key, &display, sure_of(cluster))
        .with_known("cluster", cluster)
        .with_known("namespace", namespace))
}

fn named(kind: &str, cluster: Option<&str>, name: &str) -> Result<Resolved, KeyError> {
    let cluster_name = scope(cluster).to_lowercase();
    let key = SubjectKey::of(
        Class::Identity,
        PROVIDER,
        kind,
        &[&cluster_name, name],
        Case::Sensitive,
    )?;
    Ok(Resolved::new(key, name, sure_of(cluster)).with_known("cluster", cluster))
}

fn scope(cluster: Option<&str>) -> &str {
    cluster
        .map(str::trim)
        .filter(|cluster| !cluster.is_empty())
        .unwrap_or(UNKNOWN_SCOPE)
}

fn sure_of(cluster: Option<&str>) -> Confidence {
    if scope(cluster) == UNKNOWN_SCOPE {
        Confidence::Low
    } else {
        Confidence::High
    }
}
