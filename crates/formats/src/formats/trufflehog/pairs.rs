//! A result whose `Raw` is not its secret: the secret that stands behind a client's name, or beside it in parts.

use std::borrow::Cow;

use reeve_domain::key::{aws, db};

use super::as_reported;
use super::forms::{Written, form_of, part_of};
use crate::formats::leak::is_hex;
use crate::json::Json;

/// Words for parts that are a secret, the one that is more surely first.
const SECRET_PARTS: &[&str] = &["secret", "password", "token", "private_key", KEY];

/// A part of this name is a secret alone, and the name of one beside any other.
const KEY: &str = "key";

/// Names of parts that tell where a secret is used, and are none.
pub(super) const PLAIN_PARTS: &[&str] = &[
    "host",
    "hostname",
    "server",
    "port",
    "username",
    "user",
    "domain",
    "region",
    "organization",
    "org",
    "account",
    "tenant",
    "project",
    "workspace",
];

/// What is known of the secret, where it is not `Raw`.
pub(super) enum Behind<'d> {
    /// `Raw` is what a client is called, and no secret.
    Name(Cow<'d, str>),
    /// `Raw` is more or less of it.
    Part(Cow<'d, str>),
    /// `Raw` is what a client is called, and the secret was not written.
    Nothing,
}

/// The secret where `Raw` is not it: a client's name before its secret, both in one text, or a password whose host and
/// user stand in `RawV2`. Other scanners report the secret alone, and two secrets of one client are two.
pub(super) fn secret_behind<'d>(json: &'d Json<'d>, detector: &str, raw: &str) -> Option<Behind<'d>> {
    if aws::is_access_key_id(raw) {
        return None;
    }
    let whole = json.get("RawV2").text().map(|whole| as_reported(json, whole));
    let whole = whole.filter(|whole| whole != raw);
    let is_password_of = |whole: &str| is_connection_with(whole, raw);
    let is_end = |whole: &str| raw.strip_suffix(whole).is_some_and(|name| name.ends_with(':'));
    if let Some(whole) = whole
        .clone()
        .filter(|whole| is_password_of(whole) || is_end(whole))
    {
        return Some(Behind::Part(whole));
    }
    let written = Written {
        raw,
        whole: whole.as_deref(),
        redacted: json.get("Redacted").text(),
    };
    let part = match part_of(detector) {
        Some(name) => json.at(&["SecretParts", name]).text().filter(|part| *part != raw),
        None => part_behind(json, raw),
    };
    match part {
        Some(part) => Some(Behind::Name(with_client(detector, raw, Cow::Borrowed(part)))),
        None => cut_out(detector, &written),
    }
}

/// What the form of a detector tells without any parts.
fn cut_out<'d>(detector: &str, written: &Written<'_>) -> Option<Behind<'d>> {
    let form = form_of(detector, written)?;
    match form.secret(written) {
        Some(secret) => {
            let secret = Cow::Owned(secret.into_owned());
            Some(Behind::Name(with_client(detector, written.raw, secret)))
        }
        None if form.is_secret_alone(written.raw) => None,
        None => Some(Behind::Nothing),
    }
}

/// The account or key of Twilio is an attribute of its secret.
fn with_client<'d>(detector: &str, raw: &str, secret: Cow<'d, str>) -> Cow<'d, str> {
    match detector.starts_with("Twilio") {
        true => Cow::Owned([raw, ":", secret.as_ref()].concat()),
        false => secret,
    }
}

/// The part that is named as a secret where `Raw` has none; none where several could be meant, or where `Raw` is a URL
/// with a user, which may have the password in other letters.
fn part_behind<'d>(json: &'d Json<'d>, raw: &str) -> Option<&'d str> {
    let parts = json.get("SecretParts").entries();
    let named = |word: &&str| -> Vec<&'d str> {
        let named = parts.iter().filter(|(name, _)| is_named(name, word));
        named.filter_map(|(_, part)| part.text()).collect()
    };
    let mut surely = SECRET_PARTS.iter().filter(|word| **word != KEY).flat_map(named);
    if surely.any(|part| part == raw) || (raw.contains("://") && raw.contains('@')) {
        return None;
    }
    let best = SECRET_PARTS.iter().map(named).find(|named| !named.is_empty())?;
    let [part] = best[..] else { return None };
    (!part.is_empty() && !raw.contains(part)).then_some(part)
}

/// `secret_id` and `keyId` name an id.
fn is_named(name: &str, word: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains(word) && !name.ends_with("id")
}

/// `sqlserver://user:password@host` of a password.
fn is_connection_with(whole: &str, raw: &str) -> bool {
    let connection = Some(whole)
        .filter(|whole| whole.contains("://"))
        .and_then(db::parse);
    connection.is_some_and(|connection| {
        let password = connection.password.as_ref();
        !connection.host.is_empty() && password.is_some_and(|password| password.expose() == raw)
    })
}

/// An account or a key of Twilio; of other names nobody knows for sure that they are no more than names.
pub(super) fn is_sid(name: &str) -> bool {
    let digits = name
        .strip_prefix("AC")
        .or(name.strip_prefix("SK"))
        .unwrap_or_default();
    is_hex(digits, 32)
}
