//! Attestations of an image, as they stand in a registry: bytes that are signed, a statement in them, a scan in that.

use crate::json::Json;

/// An envelope of signed bytes; whether the signature is good is the registry's business.
pub(super) fn is_dsse(json: &Json<'_>) -> bool {
    let kind = json.get("payloadType").text().unwrap_or_default();
    let is_signed = matches!(json.get("signatures"), Json::Array(_));
    kind.starts_with("application/vnd.in-toto") && is_signed && json.get("payload").text().is_some()
}

/// A statement about an artifact, with what it states.
pub(super) fn is_statement(json: &Json<'_>) -> bool {
    let kind = json.get("_type").text().unwrap_or_default();
    kind.starts_with("https://in-toto.io/Statement/") && json.get("predicate").is_object()
}

/// The predicate of a scan: who ran it, and what the scanner wrote.
pub(super) fn is_of_scanner(json: &Json<'_>) -> bool {
    json.at(&["scanner", "result"]).is_object() && json.has("metadata")
}
