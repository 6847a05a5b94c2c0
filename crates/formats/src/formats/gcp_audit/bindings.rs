//! Bindings that a new policy has given or taken away.

use std::borrow::Cow;

use reeve_domain::key::gcp;
use reeve_domain::observation::IssueType::{ExternalAccess, OverPrivileged};
use reeve_domain::observation::Statement::Deleted;

use super::{Entry, Says};
use crate::draft::{Draft, Named};
use crate::json::Json;

/// Roles that give a project, its identities or its secrets away.
const PRIVILEGED: &[&str] = &[
    "roles/owner",
    "roles/editor",
    "roles/iam.securityAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/iam.organizationRoleAdmin",
    "roles/iam.roleAdmin",
    "roles/resourcemanager.organizationAdmin",
    "roles/resourcemanager.folderAdmin",
    "roles/resourcemanager.folderIamAdmin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/orgpolicy.policyAdmin",
    "roles/secretmanager.admin",
    "roles/secretmanager.secretAccessor",
    "roles/cloudkms.admin",
    "roles/cloudkms.cryptoKeyDecrypter",
    "roles/compute.admin",
    "roles/compute.instanceAdmin",
    "roles/compute.instanceAdmin.v1",
    "roles/container.admin",
    "roles/container.clusterAdmin",
    "roles/cloudfunctions.admin",
    "roles/deploymentmanager.editor",
    "roles/storage.admin",
];

/// Members that are everyone.
const EVERYONE: &[&str] = &["allUsers", "allAuthenticatedUsers"];

/// One draft a change that says something. Google's own agents get what they need.
pub(super) fn changed<'d>(entry: &Entry<'d>, verb: &'d str) -> Vec<Draft<'d>> {
    if !verb.eq_ignore_ascii_case("SetIamPolicy")
        && !verb.ends_with("setIamPolicy")
        && !verb.ends_with("setIamPermissions")
    {
        return Vec::new();
    }
    let deltas = deltas(entry.payload);
    let told = deltas.iter().filter_map(|delta| {
        let text = |name: &str| delta.get(name).text().unwrap_or_default();
        let says = meaning(text("action"), text("role"), text("member"))?;
        if matches!(says, Says::Proof(_)) && !is_gone(entry, deltas, delta) {
            return None;
        }
        Some(entry.draft(
            (binding(entry, text("role"), text("member")), Vec::new()),
            says,
            verb,
        ))
    });
    let told: Vec<_> = told.collect();
    match deltas.is_empty() {
        true => open(entry, verb),
        false => told,
    }
}

/// The delta of a policy stands in one of several places.
fn deltas<'d>(payload: &'d Json<'d>) -> &'d [Json<'d>] {
    let places = [
        &["serviceData", "policyDelta", "bindingDeltas"][..],
        &["metadata", "policyDelta", "bindingDeltas"],
        &["response", "policyDelta", "bindingDeltas"],
    ];
    let mut found = places.iter().map(|path| payload.at(path).elements());
    found.find(|deltas| !deltas.is_empty()).unwrap_or_default()
}

/// Whether nothing is left of what was taken away: the same call may give it again under another condition, and what
/// had a condition may stand beside what has none.
fn is_gone(entry: &Entry<'_>, deltas: &[Json<'_>], removed: &Json<'_>) -> bool {
    let of = |delta: &Json<'_>, name: &str| delta.get(name).text() == removed.get(name).text();
    let given = |delta: &Json<'_>| {
        delta.get("action").text() == Some("ADD") && of(delta, "role") && of(delta, "member")
    };
    let bindings = entry.payload.at(&["response", "bindings"]);
    let member = removed.get("member").text();
    let stands = |binding: &Json<'_>| {
        of(binding, "role")
            && binding
                .get("members")
                .elements()
                .iter()
                .any(|one| one.text() == member)
    };
    !deltas.iter().any(given)
        && !bindings.elements().iter().any(stands)
        && (removed.get("condition").is_null() || matches!(bindings, Json::Array(_)))
}

fn meaning(action: &str, role: &str, member: &str) -> Option<Says> {
    let is_agent = member.contains(".gserviceaccount.com")
        && (member.contains("@gcp-sa-") || role.ends_with("erviceAgent"));
    match action {
        "REMOVE" => Some(Says::Proof(Deleted)),
        "ADD" if EVERYONE.contains(&member) => Some(Says::Problem(ExternalAccess)),
        "ADD" if PRIVILEGED.contains(&role) && !is_agent => Some(Says::Problem(OverPrivileged)),
        _ => None,
    }
}

/// Without a delta nobody knows what is new, but whoever lets everyone in says so.
fn open<'d>(entry: &Entry<'d>, verb: &'d str) -> Vec<Draft<'d>> {
    let policies = [
        entry.payload.get("response"),
        entry.payload.at(&["request", "policy"]),
    ];
    let policy = policies.into_iter().find(|policy| policy.has("bindings"));
    let bindings = policy.map_or(&[][..], |policy| policy.get("bindings").elements());
    let open = bindings.iter().flat_map(|binding| {
        let role = binding.get("role").text().unwrap_or_default();
        let members = binding.get("members").elements().iter().filter_map(Json::text);
        members
            .filter(|member| EVERYONE.contains(member))
            .map(move |member| (role, member))
    });
    open.map(|(role, member)| {
        let named = binding(entry, role, member);
        entry.draft((named, Vec::new()), Says::Problem(ExternalAccess), verb)
    })
    .collect()
}

fn binding<'d>(entry: &Entry<'d>, role: &'d str, member: &'d str) -> Named<'d> {
    let resource = entry.payload.get("resourceName").text();
    let resource = resource.or(entry.payload.at(&["request", "resource"]).text());
    Named {
        texts: vec![Cow::Borrowed(resource.unwrap_or("-")), role.into(), member.into()],
        build: |texts| gcp::binding(texts[0], texts[1], texts[2]),
    }
}
