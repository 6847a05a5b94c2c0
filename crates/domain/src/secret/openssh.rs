//! OpenSSH's own file format, as far as the public key in its clear part, and PuTTY's.

use super::public_key::{Curve, PublicKey};

const MAGIC: &[u8] = b"openssh-key-v1\0";

/// What an OpenSSH private key file says without its passphrase.
pub(super) enum OpenSsh {
    Plain(PublicKey),
    Encrypted,
}

/// Reads the decoded body of an `OPENSSH PRIVATE KEY` block; none if it is cut, broken or of an unknown algorithm.
pub(super) fn parse(body: &[u8]) -> Option<OpenSsh> {
    let mut reader = Reader(body.strip_prefix(MAGIC)?);
    let cipher = reader.string()?;
    let (_kdf, _options, keys) = (reader.string()?, reader.string()?, reader.number()?);
    if cipher != b"none" {
        return Some(OpenSsh::Encrypted);
    }
    let blob = reader.string().filter(|_| keys == 1)?;
    let private = reader.string()?;
    if private.is_empty() {
        return None;
    }
    parse_blob(blob).map(OpenSsh::Plain)
}

/// Reads an SSH public key blob.
pub(super) fn parse_blob(blob: &[u8]) -> Option<PublicKey> {
    let mut reader = Reader(blob);
    match reader.string()? {
        b"ssh-rsa" => {
            let (exponent, modulus) = (reader.string()?.to_vec(), reader.string()?.to_vec());
            Some(PublicKey::Rsa { modulus, exponent })
        }
        b"ssh-ed25519" => Some(PublicKey::Ed25519(reader.string()?.try_into().ok()?)),
        name if name.starts_with(b"ecdsa-sha2-") => {
            let curve = Curve::of_ssh_name(reader.string()?)?;
            Some(PublicKey::Ec {
                curve,
                point: reader.string()?.to_vec(),
            })
        }
        _ => None,
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*bytes))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}
