//! Kubernetes: service accounts, users, groups and bindings of a cluster.

use super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey, UNKNOWN_SCOPE};

const PROVIDER: &str = "k8s";
const SERVICE_ACCOUNT_PREFIX: &str = "system:serviceaccount:";

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

/// What a role binding or cluster role binding gives to one subject. `binding` is `<name>` for the cluster,
/// `<namespace>/<name>` in a namespace; `subject` is `<kind>:<name>` or a user name.
///
/// # Errors
/// `Empty` if one of them is.
pub fn binding(cluster: Option<&str>, binding: &str, subject: &str) -> Result<Resolved, KeyError> {
    let cluster_name = scope(cluster).to_lowercase();
    let mut parts = vec![cluster_name.as_str()];
    parts.extend(binding.trim().split('/'));
    parts.push(subject.trim());
    let key = SubjectKey::of(Class::Entitlement, PROVIDER, "binding", &parts, Case::Sensitive)?;
    Ok(
        Resolved::new(key, &format!("{binding} of {subject}"), sure_of(cluster))
            .with_known("cluster", cluster),
    )
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
