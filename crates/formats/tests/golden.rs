//! Hand-written samples of every format, and what exactly they become.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

mod support;

use reeve_formats::{Item, Parsed};
use support::{fixtures, parse_bytes, settings};

#[test]
fn every_fixture_becomes_what_stands_in_its_snapshot() {
    for (path, format) in fixtures() {
        let parsed = parse_bytes(&std::fs::read(&path).unwrap(), &settings());
        assert_eq!(parsed.formats, [format.as_str()], "{}", path.display());
        let name = format!("{format}__{}", path.file_stem().unwrap().to_string_lossy());
        insta::assert_snapshot!(name, shown(&parsed));
    }
}

/// One block a record: observations as they go to the topic, the reason of a drop, reason and place of a reject.
fn shown(parsed: &Parsed) -> String {
    let envelopes = format!(
        "envelopes {:?}, redactions {}, unmapped {}",
        parsed.envelopes, parsed.redactions, parsed.unmapped
    );
    let items = parsed.items.iter().map(|item| match item {
        Item::Observed { observations, .. } => observations
            .iter()
            .map(|one| serde_json::to_string_pretty(one).unwrap())
            .collect::<Vec<_>>()
            .join("\n"),
        Item::Dropped { index, reason, .. } => format!("{index}: dropped, {}", reason.as_str()),
        Item::Rejected(reject) => format!(
            "{:?}: rejected, {} at {}: {}",
            reject.index,
            reject.reason.as_str(),
            reject.path.as_deref().unwrap_or("-"),
            reject.detail
        ),
    });
    let receipts = parsed.receipts.iter().map(|receipt| {
        let receipt = serde_json::to_string_pretty(receipt).unwrap();
        format!("receipt {receipt}")
    });
    std::iter::once(envelopes)
        .chain(items)
        .chain(receipts)
        .collect::<Vec<_>>()
        .join("\n\n")
}
