//! Objects of Kubernetes that are identities or entitlements, as several scanners name them.

use reeve_domain::key::{KeyError, Resolved, k8s};
use reeve_domain::time::Timestamp;

use crate::draft::Named;
use crate::json::Json;
use crate::time;

/// The object of a kind, by cluster, namespace and name; an empty cluster is unknown. Any other kind of object is no
/// subject.
pub(super) fn object<'d>(cluster: &'d str, kind: &'d str, namespace: &'d str, name: &'d str) -> Named<'d> {
    Named::new([cluster, kind, namespace, name], by_kind)
}

/// Whether objects of a kind are identities or entitlements; the API's name of the kind, or of its list.
pub(super) fn is_subject(kind: &str) -> bool {
    KINDS.contains(&kind)
}

/// When the part of a resource that tells its contents was last written; what is updated in place keeps the time it was
/// created at for ever. Who only labels a resource has not written that part.
pub(super) fn written_at(resource: &Json<'_>, part: &str) -> Option<Timestamp> {
    let part = format!("f:{part}");
    let managers = resource.at(&["metadata", "managedFields"]).elements().iter();
    let writers = managers.filter(|one| one.get("fieldsV1").is_null() || one.get("fieldsV1").has(&part));
    writers.filter_map(|one| time::of(one.get("time"))).max()
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
