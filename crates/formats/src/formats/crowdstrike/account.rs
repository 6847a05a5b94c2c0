//! The account that an event of CrowdStrike names, by whatever it names it.

use std::collections::BTreeSet;

use reeve_domain::key::ad::{self, AccountNames};
use reeve_domain::key::{
    Case, Class, Confidence, KeyError, Resolved, Strength, SubjectKey, UNKNOWN_SCOPE, mail,
};
use reeve_domain::observation::{EvidenceScope, Statement};

use super::text;
use crate::draft::Named;
use crate::json::Json;

/// Accounts of the system itself, the same on every machine.
const OF_SYSTEM: &[&str] = &["S-1-5-18", "S-1-5-19", "S-1-5-20"];

/// The source of what happened; an endpoint's own user where there is none.
pub(super) fn of_detection<'d>(json: &'d Json<'d>, detail: &'d Json<'d>) -> Named<'d> {
    let first = |names: &[&str]| match text(json, names) {
        "" => text(detail, names),
        found => found,
    };
    let texts = [
        first(&[
            "SourceAccountObjectSid",
            "source_account_object_sid",
            "UserId",
            "user_id",
        ]),
        first(&[
            "SourceAccountDomain",
            "source_account_domain",
            "LogonDomain",
            "logon_domain",
            "MachineDomain",
        ]),
        first(&[
            "SourceAccountSamAccountName",
            "source_account_sam_account_name",
            "SourceAccountName",
            "source_account_name",
            "UserName",
            "user_name",
        ]),
        first(&["SourceAccountUpn", "source_account_upn", "user_principal"]),
        first(&["SourceAccountAzureId", "source_account_azure_id"]),
    ];
    Named::new(texts, account)
}

fn account(texts: &[&str]) -> Result<Resolved, KeyError> {
    let &[sid, domain, name, upn, azure] = texts else {
        return Err(KeyError::Empty);
    };
    let known = |text: &'_ str| !text.is_empty();
    let login = match name.contains('\\') || domain.is_empty() {
        true => name.to_owned(),
        false => format!("{domain}\\{name}"),
    };
    let names = AccountNames {
        sam: Some(login.as_str()).filter(|_| known(name)),
        upn: Some(upn).filter(|upn| known(upn)),
        tenant: None,
        entra_object_id: Some(azure).filter(|id| known(id)),
    };
    match ad::account(sid, &names) {
        Ok(_) if OF_SYSTEM.contains(&sid) => Err(KeyError::NotASubject),
        Ok(resolved) => Ok(resolved),
        Err(_) if known(name) && name.contains('@') => ad::upn(name),
        Err(_) if known(name) => ad::login(&login),
        Err(_) if known(upn) => ad::upn(upn),
        Err(_) => Err(KeyError::NotASubject),
    }
}

/// A value of the audit's list of keys and values.
fn audited<'d>(json: &'d Json<'d>, key: &str) -> &'d str {
    let mut values = json.get("AuditKeyValues").elements().iter();
    let value = values.find(|one| one.get("Key").text() == Some(key));
    value
        .and_then(|one| one.get("ValueString").text())
        .unwrap_or_default()
}

/// A user of the console in the customer's own, by the mail address: the person may be alive elsewhere.
pub(super) fn of_audit<'d>(json: &'d Json<'d>, metadata: &'d Json<'d>) -> Named<'d> {
    let texts = [
        text(metadata, &["customerIDString"]),
        audited(json, "target_name"),
    ];
    Named::new(texts, |texts| {
        let person = mail::key(texts[1]).map_err(|_| KeyError::NotASubject)?;
        let user = of_console(texts[0], "user", &texts[1].to_lowercase())?;
        Ok(user.with_alias(person, Strength::Weak))
    })
}

/// A client of the API, by its id in the customer's own console.
pub(super) fn of_client<'d>(json: &'d Json<'d>, metadata: &'d Json<'d>) -> Named<'d> {
    let id = match audited(json, "APIClientID") {
        "" => audited(json, "id"),
        id => id,
    };
    Named::new([text(metadata, &["customerIDString"]), id], |texts| {
        if texts[1].is_empty() {
            return Err(KeyError::NotASubject);
        }
        of_console(texts[0], "api-client", texts[1])
    })
}

fn of_console(customer: &str, kind: &str, id: &str) -> Result<Resolved, KeyError> {
    let (scope, confidence) = match customer {
        "" => (UNKNOWN_SCOPE, Confidence::Low),
        customer => (customer, Confidence::High),
    };
    let key = SubjectKey::of(Class::Identity, "crowdstrike", kind, &[scope, id], Case::Folded)?;
    Ok(Resolved::new(key, id, confidence))
}

/// The roles of administrators; `custom_non_admin_role` is none.
pub(super) fn administrator_roles<'d>(json: &'d Json<'d>) -> BTreeSet<&'d str> {
    let roles = audited(json, "roles").split([',', ' ', '[', ']', '"']);
    roles
        .filter(|role| role.to_ascii_lowercase().ends_with("admin"))
        .collect()
}

/// Which roles were granted: one taken away says nothing of the others.
pub(super) fn rule_of_grant(roles: &BTreeSet<&str>) -> String {
    format!(
        "grantUserRoles: {}",
        Vec::from_iter(roles.iter().copied()).join(", ")
    )
}

/// What ends the grants of just these roles, together or one by one.
pub(super) fn revoked(roles: &BTreeSet<&str>) -> Vec<(Statement, EvidenceScope)> {
    let each = roles.iter().map(|role| rule_of_grant(&[*role].into()));
    let rules: BTreeSet<_> = each.chain([rule_of_grant(roles)]).collect();
    let scopes = rules.into_iter().map(EvidenceScope::Rule);
    scopes.map(|scope| (Statement::PrivilegeReduced, scope)).collect()
}
