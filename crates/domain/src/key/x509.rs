//! X.509 certificates, by issuer and serial number, linked to the key pair they vouch for.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{Case, Class, Confidence, KeyError, Rel, Resolved, SubjectKey, keypair};

/// A certificate by the issuer's distinguished name (`CN=…,O=…` or `/O=…/CN=…`, in any order and case) and its
/// serial number in hex (`0x`, colons and leading zeros do not matter), linked to its key pair where it is known.
///
/// # Errors
/// `Expected` if the serial is no hex number, `Empty` without an issuer.
pub fn certificate(issuer: &str, serial_hex: &str, spki: Option<&[u8; 32]>) -> Result<Resolved, KeyError> {
    let (issuer_hash, serial) = (hash_of_name(issuer)?, canonical_serial(serial_hex)?);
    let key = SubjectKey::of(
        Class::Secret,
        "x509",
        "certificate",
        &[&issuer_hash, &serial],
        Case::Folded,
    )?;
    let resolved = Resolved::new(
        key,
        &format!("certificate {serial} of {issuer}"),
        Confidence::High,
    )
    .with_attribute("issuer", issuer)
    .with_attribute("serial", &serial);
    match spki {
        Some(digest) => Ok(resolved.with_link(Rel::Certifies, keypair::spki(digest)?.subject.key)),
        None => Ok(resolved),
    }
}

fn hash_of_name(issuer: &str) -> Result<String, KeyError> {
    let mut names = relative_names(issuer.trim());
    names.sort_unstable();
    if names.is_empty() {
        return Err(KeyError::Empty);
    }
    Ok(HEXLOWER.encode(&Sha256::digest(names.join(",").as_bytes())))
}

/// The relative names of a distinguished name, each as `type=value` in lower case.
fn relative_names(name: &str) -> Vec<String> {
    let separators: &[char] = if name.starts_with('/') {
        &['/']
    } else {
        &[',', ';']
    };
    let mut names = Vec::new();
    let mut current = String::new();
    let mut escaped = false;
    for character in name.chars() {
        if separators.contains(&character) && !escaped {
            names.push(std::mem::take(&mut current));
        } else {
            current.push(character);
        }
        escaped = character == '\\' && !escaped;
    }
    names.push(current);
    names
        .iter()
        .map(|name| canonical_name(name))
        .filter(|name| !name.is_empty())
        .collect()
}

fn canonical_name(name: &str) -> String {
    let (kind, value) = name.split_once('=').unwrap_or(("", name));
    let words: Vec<&str> = value.split_whitespace().collect();
    let text = words.join(" ").to_lowercase();
    if text.is_empty() {
        text
    } else {
        format!("{}={text}", kind.trim().to_lowercase())
    }
}

fn canonical_serial(serial: &str) -> Result<String, KeyError> {
    let text = serial.trim().to_ascii_lowercase();
    let digits: String = text.strip_prefix("0x").unwrap_or(&text).replace([':', ' '], "");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(KeyError::Expected("a serial number in hex"));
    }
    let significant = digits.trim_start_matches('0');
    Ok(if significant.is_empty() {
        "0".to_owned()
    } else {
        significant.to_owned()
    })
}
