//! How much of everything a case remembers: every list and every text has a bound.

use reeve_domain::observation::Location;

/// Most causes with a place of their own; the rest share one per rule.
pub(crate) const CAUSES_MAX: usize = 64;
/// Most shared places for the causes of one rule; the rest share one.
pub(crate) const BUCKETS_MAX: usize = 16;
/// Most pieces of evidence.
pub(crate) const EVIDENCE_MAX: usize = 32;
/// Most words (events that decide something) of one task.
pub(crate) const WORDS_MAX: usize = 64;
/// Most claims shown on a task.
pub(crate) const CLAIMS_MAX: usize = 24;
/// Most steps of the ladder shown on a task.
pub(crate) const STEPS_MAX: usize = 32;
/// Most places shown on a task.
pub(crate) const SAMPLES_MAX: usize = 5;
/// Most format ids shown on a task.
pub(crate) const SOURCES_MAX: usize = 16;
/// Most aliases, and most links, of a case.
pub(crate) const KEYS_MAX: usize = 32;
/// Most labels of one published list.
pub(crate) const LABELS_MAX: usize = 16;
/// Most attributes of a subject.
pub(crate) const ATTRIBUTES_MAX: usize = 32;
/// Most reports, and most scans, remembered of one cause.
pub(crate) const REPORTS_MAX: usize = 8;
/// Longest text taken from an observation, in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 256;
/// Longest remark of a person, in characters.
pub(crate) const NOTE_CHARS_MAX: usize = 500;

/// Most bytes of a task, and of facts that are handed over: a broker takes records of a megabyte.
pub(crate) const RECORD_BYTES_MAX: usize = 262_144;

/// At most `chars_max` characters of `text`, cleaned.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    reeve_domain::text::clean(text, chars_max)
}

/// A location with bounded texts.
pub(crate) fn cut_location(location: &Location) -> Location {
    let part = |text: &Option<String>| text.as_deref().map(|text| cut(text, TEXT_CHARS_MAX));
    Location {
        repository: part(&location.repository),
        path: part(&location.path),
        line: location.line,
        commit: part(&location.commit),
        resource: part(&location.resource),
        region: part(&location.region),
    }
}
