//! Lists of Kubernetes, and how trivy-operator tells of its reports.

use super::Peeled;
use crate::json::Json;

/// How `kubectl` names the kinds of trivy-operator's reports ends.
pub(super) const REPORTS: &str = "reports.aquasecurity.github.io";

pub(super) fn is_list(json: &Json<'_>) -> bool {
    let is_list = json.get("kind").text().is_some_and(|kind| kind.ends_with("List"));
    is_list && matches!(json.get("items"), Json::Array(_))
}

/// Resources of trivy-operator by their kinds, as `kubectl` names them.
pub(super) fn is_reports(json: &Json<'_>) -> bool {
    let entries = json.entries();
    let is_kind = |name: &str| name.ends_with(REPORTS);
    !entries.is_empty()
        && entries
            .iter()
            .all(|(name, reports)| is_kind(name) && matches!(reports, Json::Array(_)))
}

pub(super) fn peel_reports<'d>(json: &'d Json<'d>) -> Peeled<'d> {
    let mut kinds: Vec<_> = json.entries().iter().collect();
    kinds.sort_by(|one, other| one.0.cmp(&other.0));
    Peeled::Values(kinds.into_iter().map(|(_, reports)| reports).collect())
}

/// The webhook of the operator.
pub(super) fn is_operator_event(json: &Json<'_>) -> bool {
    json.has("verb") && json.get("operatorObject").is_object()
}

/// A report that the operator has deleted was true once: nothing follows from it any more.
pub(super) fn peel_operator_event<'d>(json: &'d Json<'d>) -> Peeled<'d> {
    match json.get("verb").text() {
        Some("delete") => Peeled::Control,
        _ => Peeled::Value(json.get("operatorObject")),
    }
}
