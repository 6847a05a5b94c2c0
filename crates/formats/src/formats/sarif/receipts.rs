//! What a run has covered: a repository and a branch of it, by the rules of the tool.

use data_encoding::BASE32_NOPAD;
use reeve_domain::observation::ReceiptScope;
use sha2::{Digest, Sha256};

use crate::draft::ReceiptDraft;
use crate::json::Json;
use crate::time;

const DIGEST_CHARS: usize = 8;

/// None of a run that does not say what it ran on. It is complete only if it says that it ended well, and on which
/// branch: two scans of unknown branches cannot be compared.
pub(super) fn of_run<'d>(run: &'d Json<'d>) -> Option<ReceiptDraft> {
    let driver = run.at(&["tool", "driver"]);
    let tool = driver.get("name").text()?;
    let checkout = run.get("versionControlProvenance").elements().first()?;
    let branch = checkout.get("branch").text();
    let invocations = run.get("invocations").elements();
    let ended = invocations.iter().map(|one| one.get("endTimeUtc"));
    let scope = ReceiptScope {
        kind: "repository".to_owned(),
        id: checkout.get("repositoryUri").text()?.to_owned(),
        ruleset: ruleset(run, driver, tool),
        reference: branch.map(str::to_owned),
        complete: branch.is_some()
            && matches!(run.get("results"), Json::Array(_))
            && !invocations.is_empty()
            && invocations.iter().all(has_succeeded),
    };
    Some(ReceiptDraft {
        scope,
        rule: tool.to_owned(),
        observed_at: time::first_of(ended),
    })
}

fn has_succeeded(invocation: &Json<'_>) -> bool {
    let notes = ["toolExecutionNotifications", "toolConfigurationNotifications"];
    let mut notes = notes.iter().flat_map(|name| invocation.get(name).elements());
    let failed = notes.any(|note| note.get("level").text() == Some("error"));
    invocation.get("executionSuccessful").bool() == Some(true) && !failed
}

/// Tool, version, category and rules. A tool that lists only the rules that found something has another ruleset when
/// it finds nothing, so that nothing follows from it.
fn ruleset(run: &Json<'_>, driver: &Json<'_>, tool: &str) -> String {
    let version = ["semanticVersion", "version"]
        .iter()
        .find_map(|name| driver.get(name).text());
    let category = run.at(&["automationDetails", "id"]).text().unwrap_or_default();
    let extensions = run.at(&["tool", "extensions"]).elements();
    let mut rules: Vec<&str> = std::iter::once(driver)
        .chain(extensions)
        .flat_map(|component| component.get("rules").elements())
        .filter_map(|rule| rule.get("id").text())
        .collect();
    rules.sort_unstable();
    let mut hash = Sha256::new();
    for text in rules.into_iter().chain([category]) {
        hash.update(text);
        hash.update([0]);
    }
    let mut digest = BASE32_NOPAD.encode(&hash.finalize()).to_ascii_lowercase();
    digest.truncate(DIGEST_CHARS);
    format!("{tool} {} {digest}", version.unwrap_or("-"))
}
