//! SPIFFE: workloads of a trust domain.

use super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey};

/// `spiffe://<trust-domain>/<path>`; the path is case-sensitive, query and fragment are refused.
///
/// # Errors
/// `Expected` if the text is no SPIFFE id of a workload.
pub fn workload(id: &str) -> Result<Resolved, KeyError> {
    let shape = KeyError::Expected("a SPIFFE id spiffe://<trust-domain>/<path>");
    let id = id.trim();
    let (scheme, rest) = id.split_once("://").ok_or(shape)?;
    let (domain, path) = rest.split_once('/').ok_or(shape)?;
    let segments: Vec<&str> = path.split('/').collect();
    let plain = segments
        .iter()
        .all(|segment| !matches!(*segment, "" | "." | ".."));
    if !scheme.eq_ignore_ascii_case("spiffe") || !plain || id.contains(['?', '#']) || !is_domain(domain) {
        return Err(shape);
    }
    let domain = domain.to_ascii_lowercase();
    let mut parts = vec![domain.as_str()];
    parts.extend(segments);
    let key = SubjectKey::of(Class::Identity, "spiffe", "workload", &parts, Case::Sensitive)?;
    Ok(Resolved::new(key, id, Confidence::High).with_attribute("trust_domain", &domain))
}

fn is_domain(domain: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !domain.is_empty() && domain.bytes().all(allowed)
}
