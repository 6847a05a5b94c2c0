//! Values that carry their own public part: AWS key pairs, Google service-account keys, Azure storage, Twilio.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::normalize::json_unescaped;
use crate::key::aws::is_access_key_id;

const AWS_ID_BYTES: usize = 20;
const AWS_HALF_BYTES: usize = 40;

/// An access key id at the start of a text, and the secret half behind it, where there is one.
pub(super) fn aws_pair(text: &str) -> Option<(&str, Option<&str>)> {
    let (id, rest) = text.split_at_checked(AWS_ID_BYTES)?;
    if !is_access_key_id(id) {
        return None;
    }
    let half = rest
        .trim_start_matches(|c: char| matches!(c, ':' | ',' | ';' | '|') || c.is_whitespace())
        .trim();
    match half {
        "" => Some((id, None)),
        half if is_aws_half(half) => Some((id, Some(half))),
        _ => None,
    }
}

/// Whether a text can be the secret half of an access key: 40 characters of base64.
pub(super) fn is_aws_half(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'=');
    text.len() == AWS_HALF_BYTES && text.bytes().all(allowed)
}

/// The JSON file of a Google service-account key.
#[derive(Deserialize)]
pub(super) struct ServiceAccountFile {
    #[serde(rename = "type")]
    kind: String,
    pub(super) private_key_id: Option<String>,
    private_key: Option<String>,
    pub(super) client_email: Option<String>,
}

impl ServiceAccountFile {
    /// The PEM block in the file, which overwrites itself when dropped.
    pub(super) fn take_private_key(&mut self) -> Option<Zeroizing<String>> {
        self.private_key.take().map(Zeroizing::new)
    }
}

/// Reads a service-account file, escaped or not.
pub(super) fn service_account_file(text: &str) -> Option<ServiceAccountFile> {
    let text = text.trim();
    if !text.starts_with('{') || !text.contains("service_account") {
        return None;
    }
    let file: ServiceAccountFile = match serde_json::from_str(text) {
        Ok(file) => file,
        Err(_) => serde_json::from_str(&Zeroizing::new(json_unescaped(text).into_owned())).ok()?,
    };
    (file.kind == "service_account").then_some(file)
}

/// Account name and key of an Azure storage connection string.
pub(super) fn azure_storage(text: &str) -> Option<(Option<&str>, &str)> {
    let field = |name: &str| {
        let pairs = text.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs
            .clone()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    if !text.contains('=') {
        return None;
    }
    let key = field("AccountKey").filter(|key| !key.is_empty())?;
    Some((field("AccountName"), key))
}

/// Account or key SID and the secret behind it: `AC…:…`, `SK…:…`.
pub(super) fn twilio_pair(text: &str) -> Option<(&str, &str)> {
    let (sid, secret) = text.split_once(':')?;
    let is_sid = (sid.starts_with("AC") || sid.starts_with("SK")) && sid.len() == 34;
    let hex = sid
        .get(2..)
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (is_sid && hex && secret.len() == 32).then_some((sid, secret))
}
