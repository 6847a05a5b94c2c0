//! Key pairs: a private key is known by its public half, whatever file it is kept in.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};

use super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey};

/// A key pair by the SHA-256 of its DER SubjectPublicKeyInfo.
///
/// # Errors
/// Those of the grammar.
pub fn spki(sha256: &[u8; 32]) -> Result<Resolved, KeyError> {
    let id = BASE64URL_NOPAD.encode(sha256);
    let key = SubjectKey::of(Class::Secret, "key", "spki", &[&id], Case::Sensitive)?;
    Ok(Resolved::new(key, &format!("key pair {id}"), Confidence::High))
}

/// A key pair by the SHA-256 of its SSH public key blob.
///
/// # Errors
/// Those of the grammar.
pub fn ssh_sha256(sha256: &[u8; 32]) -> Result<Resolved, KeyError> {
    let id = BASE64URL_NOPAD.encode(sha256);
    let key = SubjectKey::of(Class::Secret, "key", "ssh-sha256", &[&id], Case::Sensitive)?;
    let fingerprint = format!("SHA256:{}", BASE64_NOPAD.encode(sha256));
    Ok(Resolved::new(key, &fingerprint, Confidence::High))
}

/// A key pair by its fingerprint as `ssh-keygen -l` prints it, `SHA256:…`.
///
/// # Errors
/// `Expected` if the text is no such fingerprint.
pub fn from_ssh_fingerprint(text: &str) -> Result<Resolved, KeyError> {
    let shape = KeyError::Expected("an SSH fingerprint SHA256:<base64>");
    let body = text.trim().strip_prefix("SHA256:").ok_or(shape)?;
    let digest = BASE64_NOPAD
        .decode(body.as_bytes())
        .or_else(|_| BASE64.decode(body.as_bytes()));
    let digest: [u8; 32] = digest.map_err(|_| shape)?.try_into().map_err(|_| shape)?;
    ssh_sha256(&digest)
}
