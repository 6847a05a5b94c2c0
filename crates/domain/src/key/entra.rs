//! Entra ID: service principals, users, applications, credentials and app roles.

use super::{Case, Class, Confidence, KeyError, Rel, Resolved, Strength, SubjectKey, UNKNOWN_SCOPE};

const PROVIDER: &str = "entra";

/// A service principal by its object id. Its application id in the same tenant is a strong alias.
///
/// # Errors
/// `Empty` without an object id.
pub fn service_principal(
    tenant: Option<&str>,
    object_id: &str,
    app_id: Option<&str>,
) -> Result<Resolved, KeyError> {
    let resolved = scoped("service-principal", tenant, object_id)?;
    let Some(app_id) = app_id.map(guid).filter(|id| !id.is_empty()) else {
        return Ok(resolved);
    };
    let alias = app_in_tenant(tenant, &app_id)?;
    let strength = if tenant.is_some() {
        Strength::Strong
    } else {
        Strength::Weak
    };
    Ok(resolved
        .with_alias(alias, strength)
        .with_link(Rel::InstanceOf, key("app", &[&app_id])?)
        .with_attribute("app_id", &app_id))
}

/// A user by object id; the user principal name is a weak alias (renames, `#EXT#` guests).
///
/// # Errors
/// `Empty` without an object id.
pub fn user(tenant: Option<&str>, object_id: &str, upn: Option<&str>) -> Result<Resolved, KeyError> {
    let resolved = scoped("user", tenant, object_id)?;
    let Some(upn) = upn.map(str::trim).filter(|upn| !upn.is_empty()) else {
        return Ok(resolved);
    };
    let alias = key("login", &[upn])?;
    Ok(resolved
        .with_alias(alias, Strength::Weak)
        .with_attribute("upn", upn)
        .with_display(upn))
}

/// A user of whom only the principal name is known; a name can be given again.
///
/// # Errors
/// `Empty` without a name.
pub fn login(upn: &str) -> Result<Resolved, KeyError> {
    Ok(Resolved::new(
        key("login", &[upn.trim()])?,
        upn,
        Confidence::Medium,
    ))
}

/// An application, the same in every tenant.
///
/// # Errors
/// `Empty` without an id.
pub fn app(app_id: &str) -> Result<Resolved, KeyError> {
    Ok(Resolved::new(
        key("app", &[&guid(app_id)])?,
        app_id,
        Confidence::High,
    ))
}

/// A service principal of which only the application id is known.
///
/// # Errors
/// `Empty` without an id.
pub fn service_principal_by_app(tenant: Option<&str>, app_id: &str) -> Result<Resolved, KeyError> {
    let app_id = guid(app_id);
    let alias = app_in_tenant(tenant, &app_id)?;
    Ok(Resolved::new(alias, &app_id, sure_of(tenant)).with_link(Rel::InstanceOf, key("app", &[&app_id])?))
}

/// A password or certificate credential of an application, by its `keyId`.
///
/// # Errors
/// `Empty` without a key id.
pub fn credential(tenant: Option<&str>, key_id: &str) -> Result<Resolved, KeyError> {
    let parts = [&scope(tenant), &guid(key_id)];
    let parts = parts.map(String::as_str);
    let key = SubjectKey::of(Class::Secret, PROVIDER, "credential", &parts, Case::Folded)?;
    Ok(Resolved::new(key, key_id, sure_of(tenant)).with_known("tenant", tenant))
}

/// An app role assigned to a principal on a resource.
///
/// # Errors
/// `Empty` if one of the ids is.
pub fn app_role(principal_id: &str, app_role_id: &str, resource_id: &str) -> Result<Resolved, KeyError> {
    let parts = [guid(principal_id), guid(app_role_id), guid(resource_id)];
    let parts = [parts[0].as_str(), &parts[1], &parts[2]];
    let key = SubjectKey::of(Class::Entitlement, PROVIDER, "app-role", &parts, Case::Folded)?;
    let display = format!("app role {app_role_id} of {principal_id}");
    Ok(Resolved::new(key, &display, Confidence::High))
}

/// A role of the directory given to a principal, by the role's template id, which is the same in every tenant, else
/// by its name.
///
/// # Errors
/// `Empty` if one of the ids is.
pub fn directory_role(tenant: Option<&str>, principal_id: &str, role: &str) -> Result<Resolved, KeyError> {
    let parts = [scope(tenant), guid(principal_id), guid(role)];
    let parts = [parts[0].as_str(), &parts[1], &parts[2]];
    let key = SubjectKey::of(
        Class::Entitlement,
        PROVIDER,
        "directory-role",
        &parts,
        Case::Folded,
    )?;
    let display = format!("directory role {role} of {principal_id}");
    Ok(Resolved::new(key, &display, sure_of(tenant)).with_known("tenant", tenant))
}

fn scoped(kind: &str, tenant: Option<&str>, object_id: &str) -> Result<Resolved, KeyError> {
    let (scope, id) = (scope(tenant), guid(object_id));
    Ok(Resolved::new(key(kind, &[&scope, &id])?, object_id, sure_of(tenant)).with_known("tenant", tenant))
}

fn app_in_tenant(tenant: Option<&str>, app_id: &str) -> Result<SubjectKey, KeyError> {
    key("app", &[&scope(tenant), app_id])
}

fn key(kind: &str, parts: &[&str]) -> Result<SubjectKey, KeyError> {
    SubjectKey::of(Class::Identity, PROVIDER, kind, parts, Case::Folded)
}

/// Braces and blanks are dropped; what is no GUID stays as it is, opaque.
fn guid(text: &str) -> String {
    let text = text.trim();
    let bare = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .unwrap_or(text);
    bare.to_owned()
}

fn scope(tenant: Option<&str>) -> String {
    let tenant = tenant.map(guid).filter(|tenant| !tenant.is_empty());
    tenant.unwrap_or_else(|| UNKNOWN_SCOPE.to_owned())
}

fn sure_of(tenant: Option<&str>) -> Confidence {
    if scope(tenant) == UNKNOWN_SCOPE {
        Confidence::Low
    } else {
        Confidence::High
    }
}
