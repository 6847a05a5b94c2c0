//! What a scan could not look at: what it does not find there may still be there.

use crate::json::Json;

/// Whether a scan saw all it asked for: it lists kinds of objects that it could not read or read in part, and controls
/// that it gave up, each in a list of its own; only a report that says so has no gaps in spite of saying anything.
pub(super) fn is_full(report: &Json<'_>) -> bool {
    let coverage = report.get("scanCoverage");
    let has_gaps = || {
        coverage
            .entries()
            .iter()
            .any(|(_, gaps)| !gaps.elements().is_empty())
    };
    coverage.is_null() || coverage.get("degraded").bool() == Some(false) && !has_gaps()
}

/// Whether a control ran on everything that it needs: on a part of it nothing passes.
pub(super) fn was_evaluated(report: &Json<'_>, id: &str) -> bool {
    let given_up = report.at(&["scanCoverage", "notEvaluatedControls"]).elements();
    let mut ids = given_up
        .iter()
        .map(|one| one.text().or(one.get("controlID").text()));
    !ids.any(|given_up| given_up == Some(id))
}
