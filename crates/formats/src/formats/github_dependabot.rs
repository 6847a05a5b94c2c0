//! GitHub Dependabot alerts: a vulnerable dependency concerns no identity; told so that it is dropped with a reason.

use reeve_domain::reject::DropReason;

use super::Format;
use crate::draft::{Reading, Report};
use crate::json::Json;

/// GitHub Dependabot, webhook and REST.
pub(super) const GITHUB_DEPENDABOT: Format = Format {
    id: "github-dependabot",
    version: 1,
    tool: "GitHub Dependabot",
    names: &["security_advisory", "security_vulnerability", "dependency"],
    statements: &[],
    detect,
    records: |json| Ok(Report::one(json)),
    read: |_| Ok(Reading::Dropped(DropReason::NotIdentityRelevant)),
};

fn detect(json: &Json<'_>) -> bool {
    let is_alert = |json: &Json<'_>| json.has_all(&["security_advisory", "dependency"]);
    is_alert(json) || (json.has("action") && is_alert(json.get("alert")))
}
