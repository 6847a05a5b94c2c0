//! The audit log of a Kubernetes API server: who was bound to which role, and which of it is gone again.
//!
//! An event speaks only when its call has ended well: a refused or a dry call changes nothing. At the level `Metadata`
//! there are no objects, so that a binding can be seen to go, but not what it gave.

mod call;
mod roles;

use reeve_domain::observation::{EvidenceLevel, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Reading, Record, Report};
use crate::json::Json;
use crate::time;
pub(super) use call::Call;

/// Audit events of an API server.
pub(super) const K8S_AUDIT: Format = Format {
    id: "k8s-audit",
    version: 2,
    tool: "Kubernetes",
    names: &[
        "kind",
        "apiVersion",
        "auditID",
        "stage",
        "verb",
        "user",
        "username",
        "objectRef",
        "resource",
        "name",
        "namespace",
        "responseStatus",
        "code",
        "requestObject",
        "responseObject",
    ],
    statements: &[
        (Statement::Deleted, EvidenceLevel::E2),
        (Statement::PrivilegeReduced, EvidenceLevel::E2),
    ],
    detect,
    records: |json| Ok(Report::one(json)),
    read,
};

/// In a list of events the elements have neither kind nor version.
fn detect(json: &Json<'_>) -> bool {
    if !json.has("verb") || !json.get("user").is_object() {
        return false;
    }
    let version = json.get("apiVersion").text().unwrap_or_default();
    let is_event = json.get("kind").text() == Some("Event");
    is_event && (version.starts_with("audit.k8s.io/") || json.has("objectRef") || json.has("requestURI"))
        || json.has_all(&["auditID", "stage"])
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let json = record.json();
    let verb = json.require_text(&["verb"])?;
    if !has_succeeded(json) {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    }
    let object = json.get("objectRef");
    let text = |name: &str| object.get(name).text().unwrap_or_default();
    let call = Call {
        cluster: record.carried.cluster.as_deref().unwrap_or_default(),
        verb,
        resource: text("resource"),
        subresource: text("subresource"),
        namespace: text("namespace"),
        name: text("name"),
        user: json.at(&["user", "username"]).text().unwrap_or_default(),
        request: json.get("requestObject"),
        response: json.get("responseObject"),
        id: json.get("auditID").text().unwrap_or_default(),
        observed_at: time::first_of([
            json.get("stageTimestamp"),
            json.get("requestReceivedTimestamp"),
            json.get("timestamp"),
            json.get("p_event_time"),
        ]),
    };
    Ok(call.reading())
}

/// An event is written at several stages of a call: only the last one knows its end.
fn has_succeeded(json: &Json<'_>) -> bool {
    let code = json.at(&["responseStatus", "code"]).unsigned();
    let is_last = json
        .get("stage")
        .text()
        .is_none_or(|stage| stage == "ResponseComplete");
    let decision = json.at(&["annotations", "authorization.k8s.io/decision"]).text();
    let uri = json.get("requestURI").text().unwrap_or_default();
    // accepted, and not done yet
    let is_accepted = code == Some(202) && json.get("verb").text() == Some("delete");
    is_last
        && !is_accepted
        && decision != Some("forbid")
        && !uri.contains("dryRun=")
        && code.is_some_and(|code| (200..300).contains(&code))
}
