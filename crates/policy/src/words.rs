//! Sentences of the receipt that belong to no single rule.

use reeve_domain::context::{Knowledge, SourceStatus};

/// What each inventory answered.
pub(crate) fn inventories(knowledge: &Knowledge) -> Vec<String> {
    let sources = &knowledge.context.sources;
    if sources.is_empty() && knowledge.enrichment.missing.is_empty() {
        return vec!["no inventory covers this subject".to_owned()];
    }
    let asked = sources.iter().map(|source| {
        let as_of = source.as_of.map(|at| format!(", as of {at}")).unwrap_or_default();
        format!("{}: {}{as_of}", source.inventory, answer(source.status))
    });
    let silent = knowledge.enrichment.missing.iter();
    let silent = silent.filter(|name| !sources.iter().any(|source| source.inventory == **name));
    asked
        .chain(silent.map(|name| format!("{name}: has not answered")))
        .collect()
}

const fn answer(status: SourceStatus) -> &'static str {
    match status {
        SourceStatus::Ok => "knows it",
        SourceStatus::Absent => "says that it does not know it",
        SourceStatus::Stale => "an older answer, it does not answer now",
        SourceStatus::Timeout => "no answer within the deadline",
        SourceStatus::Unreachable => "no connection",
        SourceStatus::Limited => "may not be asked now, rate limit",
        SourceStatus::Refused => "refuses to answer",
        SourceStatus::Invalid => "answered with something that is no answer",
    }
}
