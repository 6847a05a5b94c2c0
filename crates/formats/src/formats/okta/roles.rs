//! The administrator's roles that a grant or a revocation names: one role taken away says nothing of the others.

use std::borrow::Cow;
use std::collections::BTreeSet;

use reeve_domain::observation::{EvidenceScope, Statement};

use super::{debug_data, kind_of};
use crate::json::Json;

const GRANT: &str = "user.account.privilege.grant";

/// The rule of a grant: which roles it gave, if it says so.
pub(super) fn rule_of_grant<'d>(json: &'d Json<'d>) -> Cow<'static, str> {
    let roles = named(json);
    match roles.is_empty() {
        true => GRANT.into(),
        false => rule_of(roles).into(),
    }
}

/// What ends the grants of just these roles, together or one by one; of a grant of more than these nothing is known.
pub(super) fn revoked<'d>(json: &'d Json<'d>) -> Vec<(Statement, EvidenceScope)> {
    let roles = named(json);
    let each = roles.iter().map(|role| rule_of([*role].into()));
    let mut rules: BTreeSet<String> = each.collect();
    if !roles.is_empty() {
        rules.insert(rule_of(roles));
    }
    let scopes = rules.into_iter().map(EvidenceScope::Rule);
    scopes.map(|scope| (Statement::PrivilegeReduced, scope)).collect()
}

fn rule_of(roles: BTreeSet<&str>) -> String {
    format!("{GRANT}: {}", Vec::from_iter(roles).join(", "))
}

/// As targets, else in a list; as they are written, for a text that was changed is no longer known as a secret.
fn named<'d>(json: &'d Json<'d>) -> BTreeSet<&'d str> {
    let targets = json.get("target").elements().iter();
    let roles = targets.filter(|one| kind_of(one).eq_ignore_ascii_case("ROLE"));
    let roles: BTreeSet<_> = roles.filter_map(name_of).collect();
    if !roles.is_empty() {
        return roles;
    }
    let lists = ["privilegeGranted", "privilegeRevoked"].map(|name| debug_data(json).get(name));
    let listed = lists.into_iter().filter_map(Json::text);
    let listed = listed.flat_map(|list| list.split(','));
    listed.map(str::trim).filter(|role| !role.is_empty()).collect()
}

fn name_of<'d>(role: &'d Json<'d>) -> Option<&'d str> {
    role.get("displayName").text().or(role.get("id").text())
}
