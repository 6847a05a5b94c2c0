//! Somebody asks to push a secret past the protection, or to close an alert: neither the wish nor its grant is proof.

use crate::json::Json;

/// As a webhook tells it, or as the API lists it.
pub(super) fn is_request(json: &Json<'_>) -> bool {
    let told = json.get("exemption_request");
    is_of_secrets(told) && json.has("action")
        || is_of_secrets(json) && json.has_all(&["requester", "resource_identifier"])
}

/// A bypass has the kind of protection in its data, a closure in its own type.
fn is_of_secrets(request: &Json<'_>) -> bool {
    let kinds = [
        request.get("request_type"),
        request.at(&["exemption_request_data", "type"]),
    ];
    let mut kinds = kinds.into_iter().filter_map(Json::text);
    kinds.any(|kind| kind.starts_with("secret_scanning"))
}
