//! `<class>:<provider>:<type>:<id>`: the grammar of subject keys, its encoding and its limits.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use memchr::memchr;
use percent_encoding::percent_decode_str;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::KeyError;

/// The version of the rules by which keys are made; every message carries it.
pub const KEY_VERSION: u32 = 1;

/// The longest key, in bytes; a longer id is replaced by `sha256-<hex>`.
pub const KEY_BYTES_MAX: usize = 512;

/// Stands for a tenant, a cluster, an account or an org that is not known; it makes a key weak.
pub const UNKNOWN_SCOPE: &str = "-";

const KEY_BYTES_USUAL: usize = 96;
const WORD_BYTES_MAX: usize = 64;

/// What kind of thing a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Something that acts: a user, a role, a service account.
    Identity,
    /// Something that proves who acts: a key, a token, a password, a certificate.
    Secret,
    /// Something that is allowed: a policy, a binding, a membership.
    Entitlement,
}

impl Class {
    /// The word of the class as it stands in a key.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Identity => "identity",
            Class::Secret => "secret",
            Class::Entitlement => "entitlement",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Class {
    type Err = KeyError;

    fn from_str(word: &str) -> Result<Self, KeyError> {
        match word {
            "identity" => Ok(Class::Identity),
            "secret" => Ok(Class::Secret),
            "entitlement" => Ok(Class::Entitlement),
            _ => Err(KeyError::Grammar),
        }
    }
}

/// Whether a provider tells upper from lower case in an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// It does not: the id is lower-cased.
    Folded,
    /// It does: the id stays as it is written.
    Sensitive,
}

/// The canonical name of a subject, valid by construction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey(Arc<str>);

impl SubjectKey {
    /// Makes a key; the parts of the id are joined by `/`. Any text that is not empty is a valid part.
    ///
    /// # Errors
    /// `Word` if provider or type is not a word, `Empty` if there is no part or an empty one.
    pub fn of(
        class: Class,
        provider: &str,
        kind: &str,
        id_parts: &[&str],
        case: Case,
    ) -> Result<Self, KeyError> {
        if !is_word(provider) || !is_word(kind) {
            return Err(KeyError::Word);
        }
        if id_parts.is_empty() || id_parts.iter().any(|part| part.is_empty()) {
            return Err(KeyError::Empty);
        }
        let mut key = String::with_capacity(KEY_BYTES_USUAL);
        for word in [class.as_str(), provider, kind] {
            key.push_str(word);
            key.push(':');
        }
        let id_start = key.len();
        for (index, part) in id_parts.iter().enumerate() {
            if index > 0 {
                key.push('/');
            }
            encode_into(&mut key, part, case);
        }
        if key.len() > KEY_BYTES_MAX {
            let digest = HEXLOWER.encode(&Sha256::digest(&key.as_bytes()[id_start..]));
            key.truncate(id_start);
            key.push_str("sha256-");
            key.push_str(&digest);
        }
        Ok(SubjectKey(key.into()))
    }

    /// The whole key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Identity, secret or entitlement.
    pub fn class(&self) -> Class {
        match self.segment(0) {
            "identity" => Class::Identity,
            "secret" => Class::Secret,
            _ => Class::Entitlement,
        }
    }

    /// The second segment: `aws`, `github`, `value`, …
    pub fn provider(&self) -> &str {
        self.segment(1)
    }

    /// The third segment, called `type` in messages: `user`, `access-key`, `hmac`, …
    pub fn kind(&self) -> &str {
        self.segment(2)
    }

    /// The last segment, still percent-encoded, its parts separated by `/`.
    pub fn id(&self) -> &str {
        self.segment(3)
    }

    fn segment(&self, index: usize) -> &str {
        let mut start = 0;
        for _ in 0..index {
            match memchr(b':', &self.0.as_bytes()[start..]) {
                Some(colon) => start += colon + 1,
                None => return "",
            }
        }
        let rest = &self.0[start..];
        match memchr(b':', rest.as_bytes()).filter(|_| index < 3) {
            Some(colon) => &rest[..colon],
            None => rest,
        }
    }
}

impl fmt::Display for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for SubjectKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for SubjectKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        check(text)?;
        Ok(SubjectKey(text.into()))
    }
}

impl TryFrom<String> for SubjectKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        check(&text)?;
        Ok(SubjectKey(text.into()))
    }
}

impl Serialize for SubjectKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SubjectKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        SubjectKey::try_from(text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for SubjectKey {
    fn schema_name() -> Cow<'static, str> {
        "SubjectKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "<class>:<provider>:<type>:<id>",
            "pattern": "^(identity|secret|entitlement):[a-z0-9-]+:[a-z0-9-]+:[^:|\\s]+$",
            "maxLength": KEY_BYTES_MAX,
        })
    }
}

fn check(text: &str) -> Result<(), KeyError> {
    if text.len() > KEY_BYTES_MAX {
        return Err(KeyError::Grammar);
    }
    let segments: Vec<&str> = text.splitn(4, ':').collect();
    let [class, provider, kind, id] = segments[..] else {
        return Err(KeyError::Grammar);
    };
    Class::from_str(class)?;
    let canonical = is_word(provider) && is_word(kind) && id.split('/').all(is_canonical);
    if canonical { Ok(()) } else { Err(KeyError::Grammar) }
}

fn is_word(word: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=WORD_BYTES_MAX).contains(&word.len()) && word.bytes().all(allowed) && word != UNKNOWN_SCOPE
}

/// A part is canonical if decoding and encoding it again gives the same text.
fn is_canonical(part: &str) -> bool {
    let decoded = percent_decode_str(part).decode_utf8();
    decoded.is_ok_and(|text| !text.is_empty() && encode(&text, Case::Sensitive) == part)
}

fn encode(part: &str, case: Case) -> String {
    let mut encoded = String::with_capacity(part.len());
    encode_into(&mut encoded, part, case);
    encoded
}

/// Most parts are ASCII, which is its own NFC, and have nothing to be escaped.
fn encode_into(encoded: &mut String, part: &str, case: Case) {
    let start = encoded.len();
    if part.bytes().all(|byte| IS_PLAIN[usize::from(byte)]) {
        encoded.push_str(part);
    } else if part.is_ascii() {
        part.chars()
            .for_each(|character| encode_character(encoded, character));
    } else {
        return encode_composed(encoded, part, case);
    }
    if case == Case::Folded {
        encoded[start..].make_ascii_lowercase();
    }
}

fn encode_composed(encoded: &mut String, part: &str, case: Case) {
    let composed: String = match case {
        Case::Folded => part.nfc().collect::<String>().to_lowercase().nfc().collect(),
        Case::Sensitive => part.nfc().collect(),
    };
    composed
        .chars()
        .for_each(|character| encode_character(encoded, character));
}

fn encode_character(encoded: &mut String, character: char) {
    let is_plain = character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_');
    if !is_plain && is_reserved(character) {
        push_escape(encoded, character);
    } else {
        encoded.push(character);
    }
}

/// The characters of ASCII that stand for themselves.
static IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        is_plain[byte as usize] = !matches!(byte, b':' | b'|' | b'%' | b'/');
        byte += 1;
    }
    is_plain
};

fn is_reserved(character: char) -> bool {
    matches!(character, ':' | '|' | '%' | '/')
        || character.is_whitespace()
        || character.is_control()
        || is_invisible(character)
}

/// Characters that show nothing or turn the direction of the text: two keys that look alike must be alike.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

fn push_escape(encoded: &mut String, character: char) {
    let mut buffer = [0; 4];
    for byte in character.encode_utf8(&mut buffer).bytes() {
        encoded.push('%');
        encoded.push_str(&HEXLOWER.encode(&[byte]));
    }
}
