//! Vault: entities and token accessors of a cluster.

use super::{Case, Class, Confidence, KeyError, Rel, Resolved, SubjectKey, UNKNOWN_SCOPE};

const PROVIDER: &str = "vault";
const HASHED_PREFIX: &str = "hmac-sha256:";

/// An entity by its id.
///
/// # Errors
/// `Empty` without an id.
pub fn entity(cluster: Option<&str>, entity_id: &str) -> Result<Resolved, KeyError> {
    let (scope, id) = (scope(cluster), entity_id.trim());
    let key = SubjectKey::of(Class::Identity, PROVIDER, "entity", &[&scope, id], Case::Folded)?;
    Ok(Resolved::new(key, id, sure_of(cluster)).with_known("cluster", cluster))
}

/// A token by its accessor, linked to its entity. In an audit log the accessor is an HMAC whose salt belongs to
/// one audit device: such a key is the same only within that device and is weak.
///
/// # Errors
/// `Empty` without an accessor.
pub fn accessor(
    cluster: Option<&str>,
    accessor: &str,
    audit_device: Option<&str>,
    entity_id: Option<&str>,
) -> Result<Resolved, KeyError> {
    let resolved = match accessor.trim().strip_prefix(HASHED_PREFIX) {
        Some(hash) => hashed(cluster, hash, audit_device)?,
        None => plain(cluster, accessor.trim())?,
    };
    match entity_id
        .filter(|id| !id.trim().is_empty())
        .map(|id| entity(cluster, id))
    {
        Some(entity) => Ok(resolved.with_link(Rel::Authenticates, entity?.subject.key)),
        None => Ok(resolved),
    }
}

fn plain(cluster: Option<&str>, id: &str) -> Result<Resolved, KeyError> {
    let parts = [&scope(cluster), id];
    let key = SubjectKey::of(Class::Secret, PROVIDER, "accessor", &parts, Case::Sensitive)?;
    Ok(Resolved::new(key, id, sure_of(cluster)).with_known("cluster", cluster))
}

fn hashed(cluster: Option<&str>, hash: &str, audit_device: Option<&str>) -> Result<Resolved, KeyError> {
    let device = scope(audit_device);
    let parts = [&scope(cluster), device.as_str(), hash];
    let key = SubjectKey::of(Class::Secret, PROVIDER, "accessor-hmac", &parts, Case::Sensitive)?;
    Ok(
        Resolved::new(key, "token accessor, hashed by its audit device", Confidence::Low)
            .with_known("cluster", cluster)
            .with_known("audit_device", audit_device),
    )
}

fn scope(name: Option<&str>) -> String {
    let name = name.unwrap_or_default().trim().to_lowercase();
    if name.is_empty() {
        UNKNOWN_SCOPE.to_owned()
    } else {
        name
    }
}

fn sure_of(cluster: Option<&str>) -> Confidence {
    if scope(cluster) == UNKNOWN_SCOPE {
        Confidence::Low
    } else {
        Confidence::High
    }
}
