//! Private keys in any file format, known by the public half that is computed from them.

use data_encoding::{BASE64, BASE64_NOPAD};
use p256::elliptic_curve::sec1::ToSec1Point;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::Decode;
use zeroize::Zeroizing;

use super::normalize::pem_line_breaks;
use super::openssh::{self, OpenSsh};
use super::public_key::{Curve, EC, ED25519, PublicKey, RSA};

/// The fewest base64 characters that are a body: less is a header with a mask or a stub behind it.
const BODY_CHARS_MIN: usize = 32;

/// What a text with a private key in it turned out to be.
pub(super) enum PrivateKey {
    /// The public half is known.
    Known(PublicKey),
    /// Nothing but a header, or a masked body.
    HeaderOnly,
    /// A passphrase protects it.
    Encrypted,
    /// A body that is cut, broken or of an algorithm of which no public half is computed.
    Opaque,
}

/// Looks for a private key in a text; none if there is no header of one.
pub(super) fn find(text: &str) -> Option<PrivateKey> {
    if text.trim_start().starts_with("PuTTY-User-Key-File-") {
        return Some(from_putty(text));
    }
    if !text.contains('-') || !text.contains("-----BEGIN ") {
        return None;
    }
    let text = Zeroizing::new(pem_line_breaks(text));
    let (label, block) = private_block(&text)?;
    Some(from_block(label, block))
}

/// The label and the text between `BEGIN` and `END` of the first block that holds a private key.
fn private_block(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    while let Some(start) = rest.find("-----BEGIN ") {
        let after = &rest[start + "-----BEGIN ".len()..];
        let Some((label, block)) = after.split_once("-----") else {
            return after.contains("PRIVATE KEY").then_some((after, ""));
        };
        if label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK") {
            return Some((label, block.split("-----END").next().unwrap_or_default()));
        }
        rest = block;
    }
    None
}

fn from_block(label: &str, block: &str) -> PrivateKey {
    let body = base64_body(block);
    if body.len() < BODY_CHARS_MIN {
        return PrivateKey::HeaderOnly;
    }
    if label.contains("ENCRYPTED") || block.contains("ENCRYPTED") {
        return PrivateKey::Encrypted;
    }
    match decode(&body) {
        Some(bytes) => from_bytes(&bytes),
        None => PrivateKey::Opaque,
    }
}

/// The label is not trusted: the bytes say what they are.
fn from_bytes(bytes: &[u8]) -> PrivateKey {
    if let Some(file) = openssh::parse(bytes) {
        return match file {
            OpenSsh::Plain(key) => PrivateKey::Known(key),
            OpenSsh::Encrypted => PrivateKey::Encrypted,
        };
    }
    let known = from_pkcs1(bytes)
        .or_else(|| from_pkcs8(bytes))
        .or_else(|| from_sec1(bytes, None));
    known.map_or(PrivateKey::Opaque, PrivateKey::Known)
}

fn from_pkcs1(bytes: &[u8]) -> Option<PublicKey> {
    let private = pkcs1::RsaPrivateKeyRef::from_der(bytes).ok()?;
    let key = private.public_key();
    Some(PublicKey::Rsa {
        modulus: key.modulus.as_bytes().to_vec(),
        exponent: key.public_exponent.as_bytes().to_vec(),
    })
}

fn from_pkcs8(bytes: &[u8]) -> Option<PublicKey> {
    let info = PrivateKeyInfoRef::from_der(bytes).ok()?;
    let inner = info.private_key.as_bytes();
    match info.algorithm.oid {
        RSA => from_pkcs1(inner),
        EC => from_sec1(inner, Curve::of_oid(info.algorithm.parameters_oid().ok()?)),
        ED25519 => from_seed(inner),
        _ => None,
    }
}

fn from_sec1(bytes: &[u8], curve: Option<Curve>) -> Option<PublicKey> {
    let key = sec1::EcPrivateKey::from_der(bytes).ok()?;
    let named = key.parameters.and_then(|parameters| parameters.named_curve());
    let curve = curve.or_else(|| Curve::of_oid(named?))?;
    Some(PublicKey::Ec {
        curve,
        point: point_of(curve, key.private_key)?,
    })
}

/// Ed25519 keeps the seed in an octet string of its own.
fn from_seed(inner: &[u8]) -> Option<PublicKey> {
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(inner.strip_prefix(&[0x04, 0x20])?.try_into().ok()?);
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    Some(PublicKey::Ed25519(public.to_bytes()))
}

/// The point is computed and not read: a file may hold it compressed, or not at all.
fn point_of(curve: Curve, scalar: &[u8]) -> Option<Vec<u8>> {
    let point = match curve {
        Curve::P256 => p256::SecretKey::from_slice(scalar)
            .ok()?
            .public_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec(),
        Curve::P384 => p384::SecretKey::from_slice(scalar)
            .ok()?
            .public_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec(),
        Curve::P521 => p521::SecretKey::from_slice(scalar)
            .ok()?
            .public_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec(),
        Curve::K256 => k256::SecretKey::from_slice(scalar)
            .ok()?
            .public_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec(),
    };
    Some(point)
}

fn from_putty(text: &str) -> PrivateKey {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    if field("Encryption:").is_some_and(|cipher| cipher != "none") {
        return PrivateKey::Encrypted;
    }
    let count = field("Public-Lines:")
        .and_then(|count| count.parse::<usize>().ok())
        .unwrap_or_default();
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with("Public-Lines:"))
        .skip(1);
    let body: String = lines.take(count).map(str::trim).collect();
    if body.is_empty() || field("Private-Lines:").is_none() {
        return PrivateKey::HeaderOnly;
    }
    let blob = BASE64.decode(body.as_bytes()).ok();
    blob.and_then(|blob| openssh::parse_blob(&blob))
        .map_or(PrivateKey::Opaque, PrivateKey::Known)
}

/// The base64 characters of a block, without its `Name: value` lines.
fn base64_body(block: &str) -> Zeroizing<String> {
    let lines = block.lines().filter(|line| !line.contains(": "));
    let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    Zeroizing::new(lines.flat_map(|line| line.chars().filter(kept)).collect())
}

fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bare = body.trim_end_matches('=');
    BASE64_NOPAD.decode(bare.as_bytes()).ok().map(Zeroizing::new)
}
