//! Objects of Kubernetes that are identities or entitlements, as several scanners name them.

use reeve_domain::key::{KeyError, Resolved, k8s};

use crate::draft::Named;

/// The object of a kind, by cluster, namespace and name; an empty cluster is unknown. Any other kind of object is no
/// subject.
pub(super) fn object<'d>(cluster: &'d str, kind: &'d str, namespace: &'d str, name: &'d str) -> Named<'d> {
    Named::new([cluster, kind, namespace, name], by_kind)
}

/// Whether objects of a kind are identities or entitlements; the API's name of the kind, or of its list.
pub(super) fn is_subject(kind: &str) -> bool {
    KINDS.contains(&kind)
}

const KINDS: &[&str] = &[
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ServiceAccount",
    "User",
    "Group",
];

fn by_kind(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[cluster, kind, namespace, name] = texts else {
        return Err(KeyError::Empty);
    };
    let cluster = Some(cluster).filter(|name| !name.is_empty());
    match kind {
        "Role" => k8s::role(cluster, namespace, name),
        "ClusterRole" => k8s::cluster_role(cluster, name),
        "RoleBinding" => k8s::whole_binding(cluster, Some(namespace), name),
        "ClusterRoleBinding" => k8s::whole_binding(cluster, None, name),
        "ServiceAccount" | "User" | "Group" => k8s::from_subject(cluster, kind, namespace, name),
        _ => Err(KeyError::NotASubject),
    }
}
