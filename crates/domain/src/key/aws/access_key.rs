//! Access key ids, and the account that is written inside them.

use data_encoding::BASE32;

use super::super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey};
use super::{PROVIDER, is_account};

const ID_BYTES: usize = 20;
const PREFIX_BYTES: usize = 4;
const ACCOUNT_MASK: u64 = 0x7fff_ffff_ff80;
const ACCOUNT_SHIFT: u32 = 7;
const ACCOUNT_MAX: u64 = 999_999_999_999;

/// An access key, long-lived (`AKIA…`) or temporary (`ASIA…`). The account is a hint: an explicit one counts with
/// 12 digits only, else it is decoded from the id; if both are known and differ, both are kept and
/// `account_conflict` is `true`.
///
/// # Errors
/// `Expected` if the text is no access key id.
pub fn access_key(id: &str, explicit_account: Option<&str>) -> Result<Resolved, KeyError> {
    let id = id.trim().to_ascii_uppercase();
    if !is_access_key_id(&id) {
        return Err(KeyError::Expected("an AWS access key id such as AKIA…"));
    }
    let key = SubjectKey::of(Class::Secret, PROVIDER, "access-key", &[&id], Case::Sensitive)?;
    let resolved = Resolved::new(key, &id, Confidence::High)
        .with_attribute("temporary", if id.starts_with("ASIA") { "true" } else { "false" });
    let explicit = explicit_account
        .map(str::trim)
        .filter(|account| is_account(account));
    Ok(with_account(resolved, explicit, account_of(&id)))
}

/// Whether a text is an access key id: `AKIA` or `ASIA` and 16 letters or digits.
pub fn is_access_key_id(text: &str) -> bool {
    let prefixed = text
        .get(..PREFIX_BYTES)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("AKIA") || prefix.eq_ignore_ascii_case("ASIA"));
    prefixed && text.len() == ID_BYTES && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The account written in an access key id, 12 digits. None for ids of the old scheme (their fifth character is
/// A–P), for characters outside base32 and for numbers of more than 12 digits.
pub fn account_of(id: &str) -> Option<String> {
    let id = id.to_ascii_uppercase();
    let body = id.get(PREFIX_BYTES..).filter(|_| id.len() == ID_BYTES)?;
    if matches!(body.as_bytes().first(), Some(b'A'..=b'P')) {
        return None;
    }
    let bytes = BASE32.decode(body.as_bytes()).ok()?;
    let number = bytes
        .iter()
        .take(6)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let account = (number & ACCOUNT_MASK) >> ACCOUNT_SHIFT;
    (account <= ACCOUNT_MAX).then(|| format!("{account:012}"))
}

fn with_account(resolved: Resolved, explicit: Option<&str>, decoded: Option<String>) -> Resolved {
    let decoded = decoded.as_deref();
    let resolved = resolved.with_known("account_decoded", decoded);
    match (explicit, decoded) {
        (Some(account), decoded) => {
            let conflict = decoded.is_some_and(|other| other != account);
            let resolved = resolved
                .with_attribute("account", account)
                .with_attribute("account_source", "explicit");
            if conflict {
                resolved.with_attribute("account_conflict", "true")
            } else {
                resolved
            }
        }
        (None, Some(account)) => resolved
            .with_attribute("account", account)
            .with_attribute("account_source", "decoded"),
        (None, None) => resolved,
    }
}
