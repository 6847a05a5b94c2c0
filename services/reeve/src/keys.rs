//! The key of the keyed hashes for commands that work without a configured one.

use std::sync::Arc;

use reeve_domain::secret::HmacKeys;

use crate::config::Config;
use crate::exit::Failure;
use crate::normalize::note;

/// The configured key, else one for this run, said on stderr.
///
/// # Errors
/// A configured key that cannot be read.
pub fn or_ephemeral(config: &Config) -> Result<Arc<HmacKeys>, Failure> {
    if let Some(keys) = config.hmac_key.read().map_err(Failure::Config)? {
        return Ok(Arc::new(keys));
    }
    note("no REEVE_HMAC_KEY_FILE: using an ephemeral key; keys of secrets will differ in the next run");
    let keys = config.hmac_key.ephemeral();
    keys.map(Arc::new).map_err(Failure::Config)
}
