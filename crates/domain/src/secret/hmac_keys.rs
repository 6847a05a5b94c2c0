//! The keyed hash: the only form in which anything computed from a secret value is kept.

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use scrypt::Params;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::key::{Alias, Case, Class, KeyError, Strength, SubjectKey};

const KEY_BYTES_MIN: usize = 32;
const KEY_ID_CHARS: usize = 8;
const KEY_ID_DOMAIN: &[u8] = b"reeve.kid";
const VALUE_DOMAIN: &str = "reeve.secret.v1";
const CONTEXT_DOMAIN: &str = "reeve.secret.context.v1";
const PAYLOAD_DOMAIN: &str = "reeve.payload.v1";
const SEAL_DOMAIN: &[u8] = b"reeve.seal.v1\0";
const ENCODED_CHARS: usize = 52;
const HMSL_SALT: &[u8] = b"GitGuardian";

/// A hash of a value that some source carries in place of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AliasKind {
    /// SHA-1, 20 bytes: `hashed_secret` of detect-secrets.
    Sha1,
    /// GitGuardian's `hmsl_hash`, 32 bytes; costs about 10 ms a value.
    Hmsl,
}

impl AliasKind {
    fn domain(self) -> &'static str {
        match self {
            AliasKind::Sha1 => "reeve.alias.sha1.v1",
            AliasKind::Hmsl => "reeve.alias.hmsl.v1",
        }
    }

    fn digest_bytes(self) -> usize {
        match self {
            AliasKind::Sha1 => 20,
            AliasKind::Hmsl => 32,
        }
    }

    /// The plain hash of a value: it can be guessed from, so it is never kept.
    fn digest(self, normalized: &str) -> Zeroizing<Vec<u8>> {
        match self {
            AliasKind::Sha1 => Zeroizing::new(Sha1::digest(normalized.as_bytes()).to_vec()),
            AliasKind::Hmsl => hmsl(normalized),
        }
    }
}

/// The key of the keyed hash, the previous one during a rotation, and the kinds of alias to compute. It has neither
/// `Debug` nor `Serialize` and is overwritten when dropped.
pub struct HmacKeys {
    current: KeyedHash,
    previous: Option<KeyedHash>,
    alias_kinds: Vec<AliasKind>,
}

impl HmacKeys {
    /// Takes the bytes of a key file or an environment variable; one trailing newline is stripped.
    ///
    /// # Errors
    /// `ShortHmacKey` under 32 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, KeyError> {
        Ok(HmacKeys {
            current: KeyedHash::new(bytes)?,
            previous: None,
            alias_kinds: Vec::new(),
        })
    }

    /// Declares a rotation: every key is also computed with the previous one, as a strong alias.
    ///
    /// # Errors
    /// `ShortHmacKey` under 32 bytes.
    pub fn with_previous(mut self, bytes: &[u8]) -> Result<Self, KeyError> {
        self.previous = Some(KeyedHash::new(bytes)?);
        Ok(self)
    }

    /// Computes these aliases for every value: only those whose sources are in use, as hmsl is slow on purpose.
    #[must_use]
    pub fn with_alias_kinds(mut self, kinds: &[AliasKind]) -> Self {
        self.alias_kinds = kinds.to_vec();
        self.alias_kinds.sort_unstable();
        self.alias_kinds.dedup();
        self
    }

    /// The id of the current key, 8 characters; it stands in every key made with it.
    pub fn key_id(&self) -> &str {
        &self.current.id
    }

    /// The id of the previous key during a rotation.
    pub fn previous_key_id(&self) -> Option<&str> {
        self.previous.as_ref().map(|previous| previous.id.as_str())
    }

    /// The main key of a normalized value.
    ///
    /// # Errors
    /// Those of the grammar.
    pub fn value_key(&self, normalized: &str) -> Result<SubjectKey, KeyError> {
        self.current.key(VALUE_DOMAIN, &*sha256(normalized))
    }

    /// The main key of a value of which only the SHA-256 is known (GitLab), 64 hex digits.
    ///
    /// # Errors
    /// `Expected` if the text is no SHA-256.
    pub fn value_key_of_sha256_hex(&self, hex: &str) -> Result<SubjectKey, KeyError> {
        self.current.key(VALUE_DOMAIN, &decode_hex(hex, 32)?)
    }

    /// The key of a value of which only another hash is known (detect-secrets, GitGuardian), in hex.
    ///
    /// # Errors
    /// `Expected` if the text is no hash of that kind.
    pub fn alias_key_of_hex(&self, kind: AliasKind, hex: &str) -> Result<SubjectKey, KeyError> {
        self.current
            .key(kind.domain(), &decode_hex(hex, kind.digest_bytes())?)
    }

    /// The key of a password at its host for its user: equal passwords at two hosts have two keys.
    ///
    /// # Errors
    /// Those of the grammar.
    pub fn password_key(&self, host: &str, user: &str, password: &str) -> Result<SubjectKey, KeyError> {
        self.current
            .key(CONTEXT_DOMAIN, &*context_digest(host, user, password))
    }

    /// The other strong keys of a normalized value: of the previous key, and of the kinds in use.
    ///
    /// # Errors
    /// Those of the grammar.
    pub fn value_aliases(&self, normalized: &str) -> Result<Vec<Alias>, KeyError> {
        if self.previous.is_none() && self.alias_kinds.is_empty() {
            return Ok(Vec::new());
        }
        let mut aliases = self.aliases_of_digest(VALUE_DOMAIN, &*sha256(normalized))?;
        for kind in &self.alias_kinds {
            let digest = kind.digest(normalized);
            aliases.push(strong(self.current.key(kind.domain(), &digest)?));
            aliases.extend(self.aliases_of_digest(kind.domain(), &digest)?);
        }
        Ok(aliases)
    }

    /// The strong aliases of a value of which only the SHA-256 is known: that of the previous key.
    ///
    /// # Errors
    /// `Expected` if the text is no SHA-256.
    pub fn sha256_hex_aliases(&self, hex: &str) -> Result<Vec<Alias>, KeyError> {
        self.aliases_of_digest(VALUE_DOMAIN, &decode_hex(hex, 32)?)
    }

    /// The strong aliases of a value of which only another hash is known: that of the previous key.
    ///
    /// # Errors
    /// `Expected` if the text is no hash of that kind.
    pub fn alias_hex_aliases(&self, kind: AliasKind, hex: &str) -> Result<Vec<Alias>, KeyError> {
        self.aliases_of_digest(kind.domain(), &decode_hex(hex, kind.digest_bytes())?)
    }

    /// The strong aliases of a password at its host: that of the previous key.
    ///
    /// # Errors
    /// Those of the grammar.
    pub fn password_aliases(&self, host: &str, user: &str, password: &str) -> Result<Vec<Alias>, KeyError> {
        self.aliases_of_digest(CONTEXT_DOMAIN, &*context_digest(host, user, password))
    }

    /// The keyed hash of a payload, base32: dead letters carry it in place of the payload.
    pub fn payload_hmac(&self, payload: &[u8]) -> String {
        let mac = self.current.mac(PAYLOAD_DOMAIN, &Sha256::digest(payload));
        mac.as_str().to_owned()
    }

    /// Whether `hmac` is the keyed hash of that payload, by the current key or the previous one.
    pub fn is_payload(&self, payload: &[u8], hmac: &str) -> bool {
        let digest = Sha256::digest(payload);
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        keys.any(|key| key.mac(PAYLOAD_DOMAIN, &digest).as_str() == hmac)
    }

    /// The seal of a record that reeve writes for itself: by the current key and, during a rotation, also by the previous
    /// one, as a replica that was not restarted yet knows that one alone.
    pub fn seal(&self, key: &[u8], value: &[u8]) -> String {
        let seal = |hash: &KeyedHash| Encoded::of(&hash.sealing(key, value).finalize().into_bytes().into());
        let mut seals = seal(&self.current).as_str().to_owned();
        if let Some(previous) = &self.previous {
            seals.push(',');
            seals.push_str(seal(previous).as_str());
        }
        seals
    }

    /// Whether `seal` is one of that record, by the current key or the previous one.
    pub fn is_seal(&self, seal: &[u8], key: &[u8], value: &[u8]) -> bool {
        let parts = seal.split(|byte| *byte == b',').take(2);
        let mut seals = parts
            .filter(|part| part.len() == ENCODED_CHARS)
            .filter_map(|part| BASE32_NOPAD_NOCASE.decode(part).ok());
        let known = |hash: &KeyedHash, seal: &[u8]| hash.sealing(key, value).verify_slice(seal).is_ok();
        seals.any(|seal| {
            let mut keys = std::iter::once(&self.current).chain(&self.previous);
            keys.any(|hash| known(hash, &seal))
        })
    }

    fn aliases_of_digest(&self, domain: &str, digest: &[u8]) -> Result<Vec<Alias>, KeyError> {
        let previous = self.previous.iter();
        previous
            .map(|previous| Ok(strong(previous.key(domain, digest)?)))
            .collect()
    }
}

/// The id of the key that a keyed hash was made with; none of any other subject.
pub fn key_id_of(key: &SubjectKey) -> Option<&str> {
    let hashed = (key.class(), key.provider(), key.kind()) == (Class::Secret, "value", "hmac");
    let (id, _) = key.id().split_once('/').filter(|_| hashed)?;
    Some(id)
}

/// The state of the hash once it has taken in its key; both it and what is cloned from it are overwritten when dropped.
struct KeyedHash {
    keyed: Hmac<Sha256>,
    id: String,
}

impl KeyedHash {
    fn new(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if bytes.len() < KEY_BYTES_MIN {
            return Err(KeyError::ShortHmacKey);
        }
        let keyed = Hmac::<Sha256>::new_from_slice(bytes).expect("HMAC takes keys of any length");
        let mut hash = KeyedHash {
            keyed,
            id: String::new(),
        };
        hash.id = hash.encoded(&[KEY_ID_DOMAIN]).as_str()[..KEY_ID_CHARS].to_owned();
        Ok(hash)
    }

    fn key(&self, domain: &str, digest: &[u8]) -> Result<SubjectKey, KeyError> {
        let mac = self.mac(domain, digest);
        SubjectKey::of(
            Class::Secret,
            "value",
            "hmac",
            &[&self.id, mac.as_str()],
            Case::Folded,
        )
    }

    fn mac(&self, domain: &str, digest: &[u8]) -> Encoded {
        self.encoded(&[domain.as_bytes(), &[0], digest])
    }

    /// The key's length comes first, so that no two splits of one text meet.
    fn sealing(&self, key: &[u8], value: &[u8]) -> Hmac<Sha256> {
        let mut hmac = self.keyed.clone();
        for part in [SEAL_DOMAIN, &(key.len() as u64).to_be_bytes(), key, value] {
            hmac.update(part);
        }
        hmac
    }

    fn encoded(&self, parts: &[&[u8]]) -> Encoded {
        let mut hmac = self.keyed.clone();
        parts.iter().for_each(|part| hmac.update(part));
        Encoded::of(&hmac.finalize().into_bytes().into())
    }
}

/// A hash in base32 without padding, in lower case.
struct Encoded([u8; ENCODED_CHARS]);

impl Encoded {
    fn of(hash: &[u8; 32]) -> Self {
        let mut text = [0; ENCODED_CHARS];
        BASE32_NOPAD.encode_mut(hash, &mut text);
        text.make_ascii_lowercase();
        Encoded(text)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base32 is ASCII")
    }
}

fn strong(key: SubjectKey) -> Alias {
    Alias {
        key,
        strength: Strength::Strong,
    }
}

fn sha256(normalized: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(Sha256::digest(normalized.as_bytes()).into())
}

/// Each part is hashed by itself, so that no two splits of one text meet.
fn context_digest(host: &str, user: &str, password: &str) -> Zeroizing<[u8; 32]> {
    let mut hasher = Sha256::new();
    for part in [host, user, password] {
        hasher.update(Sha256::digest(part.as_bytes()));
    }
    Zeroizing::new(hasher.finalize().into())
}

fn hmsl(normalized: &str) -> Zeroizing<Vec<u8>> {
    let params = Params::new(11, 8, 1).expect("N = 2048, r = 8, p = 1 are within the limits of scrypt");
    let mut output = Zeroizing::new(vec![0; 32]);
    scrypt::scrypt(
        normalized.as_bytes(),
        &Sha256::digest(HMSL_SALT),
        &params,
        &mut output,
    )
    .expect("32 bytes are within the limits of scrypt");
    output
}

fn decode_hex(hex: &str, bytes: usize) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let shape = KeyError::Expected("a hash in hex of the length of its kind");
    let decoded = HEXLOWER_PERMISSIVE
        .decode(hex.trim().as_bytes())
        .map_err(|_| shape)?;
    if decoded.len() == bytes {
        Ok(Zeroizing::new(decoded))
    } else {
        Err(shape)
    }
}
