//! `reeve normalize --explain`: which format claimed what, why the others did not, and what a mapping did not find.

use reeve_domain::alert::RawAlert;
use reeve_formats::{ExplainedObject, Item, Parsed, Settings, Verdict};

use crate::normalize::note;

/// Formats named where none claims an object: the nearest ones.
const NEAREST: usize = 3;
/// Records told one by one.
const RECORDS: usize = 20;

/// Tells on stderr; never quotes the alert.
pub fn tell(name: &str, alert: &RawAlert<'_>, parsed: &Parsed, settings: &Settings) {
    let envelopes = if parsed.envelopes.is_empty() {
        "no envelope".to_owned()
    } else {
        parsed.envelopes.join(" > ")
    };
    note(&format!("{name}: {envelopes}, {} records", parsed.records));
    told_once(
        "object",
        reeve_formats::explain(alert, settings).iter().map(of_object),
    );
    told_once("record", parsed.items.iter().enumerate().filter_map(of_item));
}

/// Everything is counted from 0, as in the coordinates of a dead letter. Equal neighbours are one line: an array of
/// findings is mostly the same thing again and again.
fn told_once(what: &str, texts: impl Iterator<Item = (usize, String)>) {
    let runs = runs(texts);
    let left = runs.len().saturating_sub(RECORDS);
    for (first, last, text) in runs.iter().take(RECORDS) {
        let which = if first == last {
            format!("{what} {first}")
        } else {
            format!("{what}s {first} to {last}")
        };
        note(&format!("  {which}: {text}"));
    }
    if left > 0 {
        note(&format!("  … and {left} more"));
    }
}

/// The first and the last of neighbours that are equal, and what is said of them.
fn runs(texts: impl Iterator<Item = (usize, String)>) -> Vec<(usize, usize, String)> {
    let mut runs: Vec<(usize, usize, String)> = Vec::new();
    for (at, text) in texts {
        match runs.last_mut() {
            Some((_, last, known)) if *known == text && *last + 1 == at => *last = at,
            _ => runs.push((at, at, text)),
        }
    }
    runs
}

fn of_object(object: &ExplainedObject) -> (usize, String) {
    let claimed: Vec<&Verdict> = object.verdicts.iter().filter(|verdict| verdict.claims).collect();
    let mut text = match claimed.first() {
        Some(first) if first.is_built_in => format!("read as {}", first.format),
        Some(first) => format!("read by the mapping {}", first.format),
        None => "no format claims it; the nearest:".to_owned(),
    };
    if claimed.is_empty() {
        let near = object.verdicts.iter().filter(|verdict| verdict.nearness > 0);
        let near: Vec<String> = near
            .take(NEAREST)
            .map(|verdict| {
                format!(
                    "\n    {} ({} %): {}",
                    verdict.format, verdict.nearness, verdict.why
                )
            })
            .collect();
        text.push_str(if near.is_empty() { " none" } else { "" });
        text.push_str(&near.concat());
    }
    for line in &object.missing {
        text.push_str("\n    ");
        text.push_str(line);
    }
    (object.index as usize, text)
}

/// What a record came to, where that is nothing to act on.
fn of_item((index, item): (usize, &Item)) -> Option<(usize, String)> {
    let text = match item {
        Item::Observed { .. } => return None,
        Item::Dropped { reason, .. } => format!("dropped: {}", reason.as_str()),
        Item::Rejected(reject) => {
            let place = reject.path.as_deref().map(|path| format!(" at {path}"));
            format!(
                "rejected: {}{}: {}",
                reject.reason.as_str(),
                place.unwrap_or_default(),
                reject.detail
            )
        }
    };
    Some((index, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_neighbours_are_told_together() {
        let texts = [(0, "a"), (1, "a"), (3, "a"), (4, "b")].map(|(at, text)| (at, text.to_owned()));
        let told = runs(texts.into_iter())
            .into_iter()
            .map(|(first, last, _)| (first, last));
        assert_eq!(told.collect::<Vec<_>>(), [(0, 1), (3, 3), (4, 4)]);
    }
}
