//! The bindings that a subject holds, as they stand beside it or, in a report without objects, in its id.

use crate::json::Json;

/// A binding of a subject.
pub(super) struct Held<'d> {
    pub(super) kind: &'d str,
    pub(super) namespace: &'d str,
    pub(super) name: &'d str,
    /// Nobody else holds it.
    pub(super) is_of_one: bool,
    /// Kind and name of what it gives.
    pub(super) role: Option<(&'d str, &'d str)>,
}

/// The objects that a subject was checked with.
pub(super) fn beside<'d>(object: &'d Json<'d>) -> Vec<Held<'d>> {
    let related = object.get("relatedObjects").elements().iter();
    related.filter_map(of_object).collect()
}

fn of_object<'d>(binding: &'d Json<'d>) -> Option<Held<'d>> {
    let kind = binding.get("kind").text().filter(|kind| is_binding(kind))?;
    let own = |field: &str| binding.at(&["metadata", field]).text().unwrap_or_default();
    let role = |field: &str| binding.at(&["roleRef", field]).text().unwrap_or_default();
    Some(Held {
        kind,
        namespace: own("namespace"),
        name: own("name"),
        is_of_one: binding.get("subjects").elements().len() == 1,
        role: Some((role("kind"), role("name"))),
    })
}

/// The bindings in `/prod/ServiceAccount/ci/rbac.authorization.k8s.io/v1//ClusterRole/ops/…//ClusterRoleBinding/ci-ops`:
/// which of several gives which role does not stand there, nor who else holds it.
pub(super) fn named_in(id: &str) -> Vec<Held<'_>> {
    let parts: Vec<&str> = id.split('/').collect();
    let named = || parts.windows(3).skip(1).map(|of| (of[0], of[1], of[2]));
    let mut roles = named().filter(|(_, kind, _)| is_role(kind));
    let role = roles.next().map(|(_, kind, name)| (kind, name));
    let mut held: Vec<Held<'_>> = named()
        .filter(|(_, kind, _)| is_binding(kind))
        .filter(|_| is_of_subject(&parts))
        .map(|(namespace, kind, name)| Held {
            kind,
            namespace,
            name,
            is_of_one: false,
            role: None,
        })
        .collect();
    if let ([only], None) = (held.as_mut_slice(), roles.next()) {
        only.role = role;
    }
    held
}

/// The first object of an id is what was checked: a role or a binding holds nothing.
fn is_of_subject(parts: &[&str]) -> bool {
    let first = parts
        .iter()
        .find(|part| is_holder(part) || is_role(part) || is_binding(part));
    first.is_some_and(|first| is_holder(first))
}

fn is_holder(kind: &str) -> bool {
    ["ServiceAccount", "User", "Group"].contains(&kind)
}

fn is_role(kind: &str) -> bool {
    ["Role", "ClusterRole"].contains(&kind)
}

fn is_binding(kind: &str) -> bool {
    kind.ends_with("RoleBinding")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each binding, and what it gives.
    fn shown(id: &str) -> Vec<String> {
        let told = |one: Held<'_>| {
            let (_, role) = one.role.unwrap_or(("", "?"));
            format!("{}/{} {role}", one.namespace, one.name)
        };
        named_in(id).into_iter().map(told).collect()
    }

    #[test]
    fn an_id_names_the_bindings_of_a_subject() {
        let api = "rbac.authorization.k8s.io/v1";
        let one = format!("/prod/ServiceAccount/ci/{api}//ClusterRole/ops/{api}//ClusterRoleBinding/ci-ops");
        assert_eq!(shown(&one), ["/ci-ops ops"]);
        let two = format!("{api}//User/bo/{api}/prod/RoleBinding/bo-view/{api}//Role/view/{one}");
        assert_eq!(shown(&two), ["prod/bo-view ?", "/ci-ops ?"]);
        let alone = format!("{api}//ClusterRoleBinding/ci-ops");
        assert!(shown(&alone).is_empty(), "it is no holder");
        assert!(shown("/prod/ServiceAccount/ci").is_empty());
        assert!(shown("").is_empty());
    }
}
