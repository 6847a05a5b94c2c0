//! The keys of the keyed hashes: from files, from the environment, or made for one run.

use std::fs;
use std::path::Path;

use reeve_domain::secret::{AliasKind, HmacKeys};
use reeve_policy::config::ConfigError;
use serde::Deserialize;

use super::files::REEVE;
use super::log::given;
use crate::exit::unusable;

/// Where the keys of the keyed hashes are.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HmacKeyFiles {
    file: String,
    #[serde(default)]
    previous_file: String,
    aliases: Aliases,
}

/// Which other hashes of a value are computed, so that it meets what is known by such a hash alone.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Aliases {
    sha1: bool,
    hmsl: bool,
}

impl Aliases {
    fn kinds(self) -> Vec<AliasKind> {
        let sha1 = self.sha1.then_some(AliasKind::Sha1);
        let hmsl = self.hmsl.then_some(AliasKind::Hmsl);
        sha1.into_iter().chain(hmsl).collect()
    }
}

impl HmacKeyFiles {
    /// The keys from the configured files, else from the variable `REEVE_HMAC_KEY`; none if there is neither.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is too short.
    pub fn read(&self) -> Result<Option<HmacKeys>, Vec<ConfigError>> {
        let current = match given(&self.file) {
            Some(path) => Some(read_key(&path)?),
            None => std::env::var("REEVE_HMAC_KEY").ok().map(String::into_bytes),
        };
        let Some(mut current) = current else {
            return Ok(None);
        };
        let keys = HmacKeys::new(&current).map_err(|error| key_error(&error.to_string()));
        zeroize::Zeroize::zeroize(&mut current);
        let keys = keys?.with_alias_kinds(&self.aliases.kinds());
        match given(&self.previous_file) {
            None => Ok(Some(keys)),
            Some(path) => {
                let previous = read_key(&path)?;
                keys.with_previous(&previous)
                    .map(Some)
                    .map_err(|error| key_error(&error.to_string()))
            }
        }
    }

    /// The keys, without which no line runs.
    ///
    /// # Errors
    /// As `read`, and none.
    pub fn needed(&self) -> Result<HmacKeys, Vec<ConfigError>> {
        self.read()?.ok_or_else(|| {
            key_error(
                "no key; set REEVE_HMAC_KEY_FILE to a file of at least 32 random bytes, kept for good: \
                 another key gives every secret another subject key",
            )
        })
    }

    /// A key for one run, made from the system's randomness.
    ///
    /// # Errors
    /// A system without randomness.
    pub fn ephemeral(&self) -> Result<HmacKeys, Vec<ConfigError>> {
        // As text: of bytes the last one could be taken for a line's end.
        HmacKeys::new(data_encoding::HEXLOWER.encode(&random()?).as_bytes())
            .map(|keys| keys.with_alias_kinds(&self.aliases.kinds()))
            .map_err(|error| key_error(&error.to_string()))
    }
}

fn read_key(path: &str) -> Result<Vec<u8>, Vec<ConfigError>> {
    let expected = "a key file (REEVE_HMAC_KEY_FILE)";
    fs::read(path).map_err(|error| key_error(&unusable(Path::new(path), error.kind(), expected)))
}

fn key_error(message: &str) -> Vec<ConfigError> {
    vec![ConfigError::of_file(REEVE, format!("hmac_key: {message}"))]
}

/// 128 random bits, for the id of an event.
///
/// # Errors
/// A system without randomness.
pub fn random_hex() -> Result<String, Vec<ConfigError>> {
    Ok(data_encoding::HEXLOWER.encode(&random()?[..16]))
}

fn random() -> Result<[u8; 32], Vec<ConfigError>> {
    let mut bytes = [0; 32];
    let filled =
        fs::File::open("/dev/urandom").and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes));
    filled.map_err(|error| key_error(&format!("no randomness for an ephemeral key: {}", error.kind())))?;
    Ok(bytes)
}
