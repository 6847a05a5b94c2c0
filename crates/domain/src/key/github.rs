//! GitHub: users, logins, apps, deploy keys, memberships and secret-scanning alerts of a host.

use super::{Case, Class, Confidence, KeyError, Resolved, Strength, SubjectKey};

const PROVIDER: &str = "github";
const DEFAULT_HOST: &str = "github.com";

/// A user by numeric id; the login is a weak alias, as logins are reused. Without a host it is github.com.
///
/// # Errors
/// `Expected` if the id is no number.
pub fn user(host: Option<&str>, id: u64, login: Option<&str>) -> Result<Resolved, KeyError> {
    let key = identity("user", host, &id.to_string())?;
    let Some(login) = login.map(clean_login).filter(|login| !login.is_empty()) else {
        return Ok(Resolved::new(key, &id.to_string(), Confidence::High));
    };
    let alias = identity("login", host, login)?;
    Ok(Resolved::new(key, login, Confidence::High).with_alias(alias, Strength::Weak))
}

/// A user of whom only the login is known.
///
/// # Errors
/// `Empty` without a login.
pub fn login(host: Option<&str>, login: &str) -> Result<Resolved, KeyError> {
    let login = clean_login(login);
    Ok(Resolved::new(
        identity("login", host, login)?,
        login,
        Confidence::Medium,
    ))
}

/// A GitHub app by its numeric id.
///
/// # Errors
/// Those of the grammar.
pub fn app(host: Option<&str>, id: u64) -> Result<Resolved, KeyError> {
    Ok(Resolved::new(
        identity("app", host, &id.to_string())?,
        &format!("app {id}"),
        Confidence::High,
    ))
}

/// A deploy key by its numeric id.
///
/// # Errors
/// Those of the grammar.
pub fn deploy_key(host: Option<&str>, id: u64) -> Result<Resolved, KeyError> {
    let key = identity("deploy-key", host, &id.to_string())?;
    Ok(Resolved::new(key, &format!("deploy key {id}"), Confidence::High))
}

/// A personal access token by the numeric id that an organization's administrators see; its value is not known.
///
/// # Errors
/// Those of the grammar.
pub fn personal_access_token(host: Option<&str>, id: u64) -> Result<Resolved, KeyError> {
    let parts = [host_or_default(host), id.to_string()];
    let parts = [parts[0].as_str(), &parts[1]];
    let key = SubjectKey::of(
        Class::Secret,
        PROVIDER,
        "personal-access-token",
        &parts,
        Case::Folded,
    )?;
    Ok(Resolved::new(
        key,
        &format!("personal access token {id}"),
        Confidence::High,
    ))
}

/// A secret-scanning alert: the subject of a webhook, which carries neither value nor path, and a strong alias of
/// the REST form, which has the value.
///
/// # Errors
/// Those of the grammar.
pub fn alert(host: Option<&str>, repository_id: u64, number: u64) -> Result<Resolved, KeyError> {
    let parts = [
        host_or_default(host),
        repository_id.to_string(),
        number.to_string(),
    ];
    let parts = [parts[0].as_str(), &parts[1], &parts[2]];
    let key = SubjectKey::of(Class::Secret, PROVIDER, "alert", &parts, Case::Folded)?;
    let display = format!("secret-scanning alert {number}");
    Ok(Resolved::new(key, &display, Confidence::Medium))
}

/// The membership of a subject in a team (or a role) of an organization.
///
/// # Errors
/// `Empty` if one of them is.
pub fn membership(org: &str, group: &str, subject: &str) -> Result<Resolved, KeyError> {
    let parts = [org.trim(), group.trim(), subject.trim()];
    let key = SubjectKey::of(Class::Entitlement, PROVIDER, "membership", &parts, Case::Folded)?;
    Ok(Resolved::new(
        key,
        &format!("{subject} in {org}/{group}"),
        Confidence::Medium,
    ))
}

fn identity(kind: &str, host: Option<&str>, id: &str) -> Result<SubjectKey, KeyError> {
    let host = host_or_default(host);
    SubjectKey::of(Class::Identity, PROVIDER, kind, &[&host, id], Case::Folded)
}

/// `https://api.github.com/…`, `www.github.com` and nothing at all are github.com.
fn host_or_default(host: Option<&str>) -> String {
    let text = host.unwrap_or_default().trim().to_ascii_lowercase();
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let name = rest.split('/').next().unwrap_or_default();
    let name = name.rsplit('@').next().unwrap_or_default();
    match name {
        "" | "api.github.com" | "www.github.com" => DEFAULT_HOST.to_owned(),
        name => name.to_owned(),
    }
}

fn clean_login(login: &str) -> &str {
    login.trim().trim_start_matches('@')
}
