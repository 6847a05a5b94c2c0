//! JSON Web Tokens: claims read without trust, the signature never kept.

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::key::{Rel, Resolved, k8s};

const SEGMENT_BYTES_MAX: usize = 64 * 1024;

/// A token, taken apart.
pub(super) struct Jwt<'a> {
    /// Header and claims as they were signed: all that is keyed.
    pub(super) signing_input: &'a str,
    key_id: Option<String>,
    claims: Value,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

/// Reads a token, with or without `Bearer ` or GitHub's `ghs_…` before it; none if the text is no JWT.
pub(super) fn parse(text: &str) -> Option<Jwt<'_>> {
    let text = without_prefix(text.trim());
    let (signing_input, _signature) = text.rsplit_once('.')?;
    let (header, claims) = signing_input.split_once('.')?;
    let header: Header = decode(header)?;
    let claims: Value = decode(claims)?;
    let is_token = !header.alg.is_empty() && claims.is_object();
    is_token.then_some(Jwt {
        signing_input,
        key_id: header.kid,
        claims,
    })
}

impl Jwt<'_> {
    /// Adds what the token says of itself. `seen_at` decides whether it has expired.
    pub(super) fn describe(&self, resolved: Resolved, seen_at: Option<Timestamp>) -> Resolved {
        let claim = |name: &str| self.claims.get(name).and_then(Value::as_str);
        let resolved = resolved
            .with_known("iss", claim("iss"))
            .with_known("sub", claim("sub"))
            .with_known("kid", self.key_id.as_deref());
        let Some(expiry) = self.expires_at() else {
            return self.link_service_account(resolved);
        };
        let resolved = resolved.with_attribute("expires_at", &expiry.to_string());
        let expired = seen_at.map(|seen_at| (expiry <= seen_at).to_string());
        self.link_service_account(resolved.with_known("expired", expired.as_deref()))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        let expiry = self.claims.get("exp")?;
        let seconds = expiry
            .as_i64()
            .or_else(|| expiry.as_f64().map(|seconds| seconds as i64))?;
        Timestamp::from_second(seconds).ok()
    }

    /// A token of a Kubernetes service account names it: by `sub`, by old claims or by the bound ones.
    fn link_service_account(&self, resolved: Resolved) -> Resolved {
        let legacy = |name: &str| self.text(&format!("/kubernetes.io~1serviceaccount~1{name}"));
        let bound = |path: &str| self.text(&format!("/kubernetes.io/{path}"));
        let from_claims = legacy("namespace").zip(legacy("service-account.name"));
        let pair = from_claims.or_else(|| bound("namespace").zip(bound("serviceaccount/name")));
        let account = match pair {
            Some((namespace, name)) => k8s::service_account(None, namespace, name),
            None => match self
                .text("/sub")
                .filter(|sub| sub.starts_with("system:serviceaccount:"))
            {
                Some(username) => k8s::from_username(None, username),
                None => return resolved,
            },
        };
        match account {
            Ok(account) => resolved.with_link(Rel::Authenticates, account.subject.key),
            Err(_) => resolved,
        }
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.claims.pointer(pointer).and_then(Value::as_str)
    }
}

/// `Bearer <JWT>`, and GitHub's `ghs_<app id>_<JWT>`, in which the token begins with the base64url of `{"`.
fn without_prefix(text: &str) -> &str {
    if let Some(rest) = text
        .get(..7)
        .filter(|start| start.eq_ignore_ascii_case("bearer "))
    {
        return text[rest.len()..].trim_start();
    }
    if text.starts_with("ghs_") {
        text.find("eyJ").map_or(text, |start| &text[start..])
    } else {
        text
    }
}

fn decode<T: for<'de> Deserialize<'de>>(segment: &str) -> Option<T> {
    let bare = segment.trim_end_matches('=');
    if bare.is_empty() || bare.len() > SEGMENT_BYTES_MAX {
        return None;
    }
    serde_json::from_slice(&BASE64URL_NOPAD.decode(bare.as_bytes()).ok()?).ok()
}
