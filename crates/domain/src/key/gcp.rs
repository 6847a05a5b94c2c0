//! Google Cloud: service accounts, their keys, principals and bindings.

use std::borrow::Cow;

use super::{Case, Class, Confidence, KeyError, Rel, Resolved, Strength, SubjectKey, mail};

const PROVIDER: &str = "gcp";
const SERVICE_ACCOUNTS: &str = "/serviceAccounts/";

/// The subject named by a service account in any of its spellings: an address, a member (`serviceAccount:E`,
/// `user:E`, `group:E`), `deleted:serviceAccount:E?uid=N`, `projects/-/serviceAccounts/E` with or without keys,
/// `principal://…`, a numeric unique id.
///
/// # Errors
/// `Expected` for anything else, `NotASubject` for `allUsers` and its like.
pub fn from_member(text: &str) -> Result<Resolved, KeyError> {
    let text = text.trim();
    if let Some(deleted) = text.strip_prefix("deleted:") {
        return from_deleted(deleted);
    }
    if text.contains("://") || text.contains(SERVICE_ACCOUNTS) {
        return from_path(text);
    }
    match text.split_once(':') {
        Some(("serviceAccount", id)) => from_account_id(id),
        Some(("user", address)) => mail::person(address),
        Some(("group", address)) => named("group", address),
        Some(("domain", domain)) => named("domain", domain),
        Some(_) => Err(KeyError::Expected(
            "a GCP member such as serviceAccount:<address>",
        )),
        None if text.starts_with("all") => Err(KeyError::NotASubject),
        None => from_account_id(text),
    }
}

/// A live service account by its address; its numeric id, where known, is a strong alias.
///
/// # Errors
/// `Expected` if the text is no mail address or the id no number.
pub fn service_account(address: &str, unique_id: Option<&str>) -> Result<Resolved, KeyError> {
    let address = mail::address(address)?;
    let resolved = Resolved::new(account_key(&address)?, &address, Confidence::High)
        .with_known("project", project_of(&address));
    match unique_id.map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => Ok(resolved.with_alias(by_number(id)?.subject.key, Strength::Strong)),
        None => Ok(resolved),
    }
}

/// A service account of which only the number is known; a deleted one is keyed by it, as its address may be taken
/// again.
///
/// # Errors
/// `Expected` if the text is no number.
pub fn by_number(unique_id: &str) -> Result<Resolved, KeyError> {
    let id = unique_id.trim();
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(KeyError::Expected("the numeric unique id of a service account"));
    }
    Ok(Resolved::new(account_key(id)?, id, Confidence::High))
}

/// A key of a service account by its `private_key_id`; it authenticates the account of `client_email`.
///
/// # Errors
/// `Empty` without an id.
pub fn service_account_key(private_key_id: &str, client_email: Option<&str>) -> Result<Resolved, KeyError> {
    let id = private_key_id.trim();
    let key = SubjectKey::of(
        Class::Secret,
        PROVIDER,
        "service-account-key",
        &[id],
        Case::Folded,
    )?;
    let resolved = Resolved::new(key, id, Confidence::High).with_known("client_email", client_email);
    match client_email.map(from_member) {
        Some(Ok(account)) => Ok(resolved.with_link(Rel::Authenticates, account.subject.key)),
        _ => Ok(resolved),
    }
}

/// `//iam.googleapis.com/projects/p/serviceAccounts/E/keys/K` or `//apikeys.googleapis.com/projects/n/locations/global/keys/K`,
/// as Security Command Center and audit logs name a key.
///
/// # Errors
/// `Expected` if the name holds no key.
pub fn from_key_name(name: &str) -> Result<Resolved, KeyError> {
    let shape = KeyError::Expected("the resource name of a service account key or an API key");
    let name = name.trim();
    if let Some((_, rest)) = name.split_once(SERVICE_ACCOUNTS) {
        let (account, key_id) = rest.split_once("/keys/").ok_or(shape)?;
        return service_account_key(key_id, Some(account));
    }
    let (before, key_id) = name.split_once("/keys/").ok_or(shape)?;
    let is_api_key = before.contains("apikeys.googleapis.com") || before.ends_with("/locations/global");
    let parent = ["projects/", "organizations/"]
        .iter()
        .find_map(|kind| before.split_once(kind));
    match is_api_key {
        true => api_key(key_id, parent.and_then(|(_, rest)| rest.split('/').next())),
        false => Err(shape),
    }
}

/// An API key by its id, never by its text; `parent` is the project or the organization it is of.
///
/// # Errors
/// `Empty` without an id.
pub fn api_key(id: &str, parent: Option<&str>) -> Result<Resolved, KeyError> {
    let id = id.trim();
    let key = SubjectKey::of(Class::Secret, PROVIDER, "api-key", &[id], Case::Folded)?;
    Ok(Resolved::new(key, id, Confidence::High).with_known("project", parent))
}

/// A role granted to a member on a resource, which an audit log and a finding name differently: of a bucket
/// `projects/_/buckets/<name>` and `//storage.googleapis.com/<name>`, of a project with and without its service.
///
/// # Errors
/// `Empty` if one of them is.
pub fn binding(resource: &str, role: &str, member: &str) -> Result<Resolved, KeyError> {
    let resource = resource_name(resource.trim().trim_start_matches('/'));
    let resource = resource.as_ref();
    let parts = [resource, role.trim(), member.trim()];
    let key = SubjectKey::of(Class::Entitlement, PROVIDER, "binding", &parts, Case::Sensitive)?;
    let display = format!("{role} of {member} on {resource}");
    let resolved = Resolved::new(key, &display, Confidence::High)
        .with_attribute("resource", resource)
        .with_attribute("role", role)
        .with_attribute("member", member);
    match from_member(member) {
        Ok(holder) => Ok(resolved.with_link(Rel::HeldBy, holder.subject.key)),
        Err(_) => Ok(resolved),
    }
}

fn resource_name(name: &str) -> Cow<'_, str> {
    if let Some(bucket) = name.strip_prefix("projects/_/buckets/") {
        return Cow::Owned(["storage.googleapis.com/", bucket].concat());
    }
    Cow::Borrowed(
        name.strip_prefix("cloudresourcemanager.googleapis.com/")
            .unwrap_or(name),
    )
}

fn from_account_id(id: &str) -> Result<Resolved, KeyError> {
    if id.contains('@') {
        service_account(id, None)
    } else {
        by_number(id)
    }
}

fn from_deleted(text: &str) -> Result<Resolved, KeyError> {
    let shape = KeyError::Expected("deleted:serviceAccount:<address>?uid=<number>");
    let (member, number) = text.split_once("?uid=").ok_or(shape)?;
    let (kind, address) = member.split_once(':').ok_or(shape)?;
    let resolved = if kind == "serviceAccount" {
        by_number(number)?
    } else {
        from_member(member)?
    };
    Ok(resolved
        .with_attribute("deleted", "true")
        .with_attribute("address", address))
}

fn from_path(text: &str) -> Result<Resolved, KeyError> {
    if let Some((_, rest)) = text.split_once(SERVICE_ACCOUNTS) {
        return from_account_id(rest.split('/').next().unwrap_or_default());
    }
    if let Some((_, address)) = text.split_once("principal://goog/subject/") {
        return mail::person(address);
    }
    let (scheme, path) = text
        .split_once("://")
        .ok_or(KeyError::Expected("a GCP principal"))?;
    let kind = match scheme {
        "principal" => "principal",
        "principalSet" => "principal-set",
        _ => return Err(KeyError::NotASubject),
    };
    let parts: Vec<&str> = path.split('/').collect();
    let key = SubjectKey::of(Class::Identity, PROVIDER, kind, &parts, Case::Sensitive)?;
    Ok(Resolved::new(key, text, Confidence::High))
}

fn named(kind: &str, name: &str) -> Result<Resolved, KeyError> {
    let key = SubjectKey::of(Class::Identity, PROVIDER, kind, &[name.trim()], Case::Folded)?;
    Ok(Resolved::new(key, name, Confidence::High))
}

fn account_key(id: &str) -> Result<SubjectKey, KeyError> {
    SubjectKey::of(Class::Identity, PROVIDER, "service-account", &[id], Case::Folded)
}

fn project_of(address: &str) -> Option<&str> {
    let (_, domain) = address.split_once('@')?;
    domain.strip_suffix(".iam.gserviceaccount.com")
}
