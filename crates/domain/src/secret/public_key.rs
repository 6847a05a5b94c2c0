//! The public half of a key pair, as SubjectPublicKeyInfo and as SSH writes it.

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::{AnyRef, BitStringRef, Null, UintRef};
use pkcs8::der::{self, Encode};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfo};
use sha2::{Digest, Sha256};

pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The named curves whose public points can be computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
    K256,
}

impl Curve {
    const ALL: [Curve; 4] = [Curve::P256, Curve::P384, Curve::P521, Curve::K256];

    pub(super) fn of_oid(oid: ObjectIdentifier) -> Option<Self> {
        Curve::ALL.into_iter().find(|curve| curve.oid() == oid)
    }

    pub(super) fn of_ssh_name(name: &[u8]) -> Option<Self> {
        Curve::ALL
            .into_iter()
            .find(|curve| curve.ssh_name().is_some_and(|known| known.as_bytes() == name))
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Curve::P256 => ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
            Curve::P384 => ObjectIdentifier::new_unwrap("1.3.132.0.34"),
            Curve::P521 => ObjectIdentifier::new_unwrap("1.3.132.0.35"),
            Curve::K256 => ObjectIdentifier::new_unwrap("1.3.132.0.10"),
        }
    }

    fn ssh_name(self) -> Option<&'static str> {
        match self {
            Curve::P256 => Some("nistp256"),
            Curve::P384 => Some("nistp384"),
            Curve::P521 => Some("nistp521"),
            Curve::K256 => None,
        }
    }
}

/// A public key; numbers are big-endian, points are uncompressed SEC1.
pub(super) enum PublicKey {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
    Ed25519([u8; 32]),
}

impl PublicKey {
    /// The name of the algorithm, as an attribute.
    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            PublicKey::Rsa { .. } => "rsa",
            PublicKey::Ec { .. } => "ec",
            PublicKey::Ed25519(_) => "ed25519",
        }
    }

    /// SHA-256 of the DER SubjectPublicKeyInfo.
    pub(super) fn spki_sha256(&self) -> Option<[u8; 32]> {
        self.spki().ok().map(|encoded| Sha256::digest(&encoded).into())
    }

    /// SHA-256 of the SSH public key blob; none for curves that SSH does not know.
    pub(super) fn ssh_sha256(&self) -> Option<[u8; 32]> {
        self.ssh_blob().map(|blob| Sha256::digest(&blob).into())
    }

    fn spki(&self) -> der::Result<Vec<u8>> {
        match self {
            PublicKey::Rsa { modulus, exponent } => {
                let key = pkcs1::RsaPublicKey {
                    modulus: UintRef::new(modulus)?,
                    public_exponent: UintRef::new(exponent)?,
                };
                encode_spki(RSA, Some(AnyRef::from(Null)), &key.to_der()?)
            }
            PublicKey::Ec { curve, point } => {
                let oid = curve.oid();
                encode_spki(EC, Some(AnyRef::from(&oid)), point)
            }
            PublicKey::Ed25519(key) => encode_spki(ED25519, None, key),
        }
    }

    fn ssh_blob(&self) -> Option<Vec<u8>> {
        let mut blob = Vec::new();
        match self {
            PublicKey::Rsa { modulus, exponent } => {
                push_string(&mut blob, b"ssh-rsa");
                push_integer(&mut blob, exponent);
                push_integer(&mut blob, modulus);
            }
            PublicKey::Ec { curve, point } => {
                let name = curve.ssh_name()?;
                push_string(&mut blob, format!("ecdsa-sha2-{name}").as_bytes());
                push_string(&mut blob, name.as_bytes());
                push_string(&mut blob, point);
            }
            PublicKey::Ed25519(key) => {
                push_string(&mut blob, b"ssh-ed25519");
                push_string(&mut blob, key);
            }
        }
        Some(blob)
    }
}

fn encode_spki(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>, key: &[u8]) -> der::Result<Vec<u8>> {
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    SubjectPublicKeyInfo {
        algorithm,
        subject_public_key: BitStringRef::from_bytes(key)?,
    }
    .to_der()
}

fn push_string(blob: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    blob.extend(length.to_be_bytes());
    blob.extend(bytes);
}

fn push_integer(blob: &mut Vec<u8>, bytes: &[u8]) {
    let significant = bytes
        .iter()
        .position(|byte| *byte != 0)
        .map_or(&bytes[..0], |start| &bytes[start..]);
    let mut number = Vec::with_capacity(significant.len() + 1);
    if significant.first().is_some_and(|byte| *byte >= 0x80) {
        number.push(0);
    }
    number.extend(significant);
    push_string(blob, &number);
}
