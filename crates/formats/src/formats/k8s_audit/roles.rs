//! Which roles give too much, as data, and how much a role's rules allow.

use reeve_domain::observation::IssueType::{self, ExternalAccess, OverPrivileged};

use crate::json::Json;

/// Roles that every cluster has and that give a cluster, a namespace or a node away.
const PRIVILEGED: &[&str] = &[
    "cluster-admin",
    "admin",
    "edit",
    "system:kube-controller-manager",
    "system:kube-scheduler",
    "system:node",
    "system:persistent-volume-provisioner",
];

/// Roles that the whole world may have: discovery and the like.
const PUBLIC: &[&str] = &[
    "system:basic-user",
    "system:discovery",
    "system:public-info-viewer",
];

/// Users and groups that are everyone.
const EVERYONE: &[&str] = &[
    "system:anonymous",
    "system:unauthenticated",
    "system:authenticated",
];

/// Verbs that lead to any right whatever they stand beside.
const ESCALATING: &[&str] = &["*", "escalate", "bind", "impersonate"];

/// Resources, the verbs that make them dangerous, and what that means.
const DANGEROUS: &[(&[&str], &[&str], &str)] = &[
    (&["secrets"], &["get", "list", "watch"], "read secrets"),
    (
        &["pods/exec", "pods/attach"],
        &["get", "create"],
        "run commands in pods",
    ),
    (
        &["nodes/proxy"],
        &["get", "create", "update", "patch"],
        "act as a node",
    ),
    (
        &["serviceaccounts/token"],
        &["create"],
        "issue tokens of service accounts",
    ),
    (
        &["roles", "clusterroles", "rolebindings", "clusterrolebindings"],
        &["create", "update", "patch"],
        "give rights",
    ),
    (
        &["certificatesigningrequests/approval"],
        &["update", "patch"],
        "approve certificates",
    ),
    (
        &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        &["create", "update", "patch"],
        "change what is admitted",
    ),
];

/// Who may start a pod has the rights of every service account of its namespace: no finding, and no proof of little.
const WORKLOADS: &[&str] = &[
    "pods",
    "deployments",
    "daemonsets",
    "statefulsets",
    "replicasets",
    "replicationcontrollers",
    "jobs",
    "cronjobs",
    "pods/ephemeralcontainers",
];

/// How much the rules of a role allow.
pub(super) enum Width {
    /// It leads to other rights; how.
    Dangerous(&'static str),
    /// Neither the one nor the other.
    Wide,
    /// Every rule names harmless verbs and resources one by one.
    Narrow,
}

/// What is wrong with giving a role to these subjects; nothing where no table says that the role gives much.
pub(super) fn given(role: &str, subjects: &[&Json<'_>]) -> Option<IssueType> {
    let is_everyone = |subject: &&Json<'_>| {
        let name = subject.get("name").text().unwrap_or_default();
        EVERYONE.contains(&name)
    };
    if !PUBLIC.contains(&role) && subjects.iter().any(is_everyone) {
        return Some(ExternalAccess);
    }
    let is_privileged = PRIVILEGED.contains(&role)
        || role.starts_with("system:controller:")
        || role.to_ascii_lowercase().contains("admin");
    is_privileged.then_some(OverPrivileged)
}

/// How much the rules of a role allow.
pub(super) fn width(rules: &Json<'_>) -> Width {
    let rules = rules.elements();
    if let Some(why) = rules.iter().find_map(danger) {
        return Width::Dangerous(why);
    }
    match rules.iter().all(is_narrow) {
        true => Width::Narrow,
        false => Width::Wide,
    }
}

fn danger(rule: &Json<'_>) -> Option<&'static str> {
    if has_any(rule, "verbs", ESCALATING) {
        return Some("do everything, or take any right");
    }
    if has_any(rule, "resources", &["*", "*/*"]) {
        return Some("reach every resource, secrets too");
    }
    let matches = |(resources, verbs, _): &&(&[&str], &[&str], &str)| {
        reaches(rule, resources) && has_any(rule, "verbs", verbs)
    };
    DANGEROUS.iter().find(matches).map(|(_, _, why)| *why)
}

fn is_narrow(rule: &Json<'_>) -> bool {
    let verbs = rule.get("verbs").elements();
    let starts = reaches(rule, WORKLOADS) && has_any(rule, "verbs", &["create", "update", "patch"]);
    !verbs.is_empty() && verbs.iter().all(|verb| verb.text().is_some()) && !starts
}

/// Whether a rule is about one of these resources; `*/exec` is about `exec` of whatever has it.
fn reaches(rule: &Json<'_>, resources: &[&str]) -> bool {
    let said = rule.get("resources").elements();
    said.iter()
        .filter_map(Json::text)
        .any(|word| match word.strip_prefix('*') {
            Some(of_any) if of_any.starts_with('/') => resources.iter().any(|one| one.ends_with(of_any)),
            _ => resources.contains(&word),
        })
}

fn has_any(rule: &Json<'_>, field: &str, words: &[&str]) -> bool {
    let said = rule.get(field).elements();
    said.iter()
        .filter_map(Json::text)
        .any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn width_of(rule: &str) -> &'static str {
        let text = format!("[{rule}]");
        let documents = Json::documents_of(&text);
        match width(&documents[0]) {
            Width::Dangerous(_) => "dangerous",
            Width::Wide => "wide",
            Width::Narrow => "narrow",
        }
    }

    #[test]
    fn what_a_rule_allows_follows_from_verb_and_resource_together() {
        for (rule, expected) in [
            (r#"{"resources":["secrets"],"verbs":["get"]}"#, "dangerous"),
            (r#"{"resources":["secrets"],"verbs":["delete"]}"#, "narrow"),
            (r#"{"resources":["configmaps"],"verbs":["*"]}"#, "dangerous"),
            (r#"{"resources":["nodes","*"],"verbs":["get"]}"#, "dangerous"),
            (r#"{"resources":["*/exec"],"verbs":["create"]}"#, "dangerous"),
            (r#"{"resources":["*/token"],"verbs":["create"]}"#, "dangerous"),
            (r#"{"resources":["*/status"],"verbs":["patch"]}"#, "narrow"),
            (r#"{"resources":["pods"],"verbs":["create"]}"#, "wide"),
            (r#"{"resources":["pods"],"verbs":["get","list"]}"#, "narrow"),
            (r#"{"resources":["pods"]}"#, "wide"),
            ("7", "wide"),
        ] {
            assert_eq!(width_of(rule), expected, "{rule}");
        }
    }

    #[test]
    fn a_role_for_everyone_is_open_unless_it_is_made_for_everyone() {
        let text = r#"[{"kind":"Group","name":"system:authenticated"}]"#;
        let documents = Json::documents_of(text);
        let subjects: Vec<&Json<'_>> = documents[0].elements().iter().collect();
        assert_eq!(given("view", &subjects), Some(ExternalAccess));
        assert_eq!(given("system:discovery", &subjects), None);
        assert_eq!(given("view", &[]), None);
        assert_eq!(given("cluster-admin", &[]), Some(OverPrivileged));
    }
}
