//! Many replies, one knowledge: field by field the first inventory that knows it wins, and every field says whose it is.

use std::sync::Arc;

use reeve_domain::context::{
    Enrichment, EnrichmentStatus, FieldSource, Knowledge, SourceAnswer, SourceStatus,
};
use reeve_domain::time::Timestamp;

use crate::field::Fact;

/// What one inventory knows of one subject.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) facts: Vec<Fact>,
}

/// What came of asking one inventory.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: SourceStatus,
    pub(crate) as_of: Option<Timestamp>,
    pub(crate) answer: Option<Arc<Answer>>,
}

impl Reply {
    pub(crate) fn found(answer: Arc<Answer>, as_of: Timestamp) -> Self {
        Self {
            status: SourceStatus::Ok,
            as_of: Some(as_of),
            answer: Some(answer),
        }
    }

    pub(crate) fn absent(as_of: Timestamp) -> Self {
        Self {
            status: SourceStatus::Absent,
            as_of: Some(as_of),
            answer: None,
        }
    }

    pub(crate) fn nothing(status: SourceStatus) -> Self {
        Self {
            status,
            as_of: None,
            answer: None,
        }
    }
}

/// Merges the replies of the inventories that were asked, best first.
pub(crate) fn merge<'a>(replies: impl IntoIterator<Item = (&'a str, Reply)>) -> Knowledge {
    let mut knowledge = Knowledge::default();
    for (inventory, reply) in replies {
        if let (Some(answer), Some(as_of)) = (&reply.answer, reply.as_of) {
            adopt(&mut knowledge, inventory, answer, as_of);
        }
        let (as_of, status) = (reply.as_of, reply.status);
        knowledge.context.sources.push(SourceAnswer {
            inventory: inventory.to_owned(),
            as_of,
            status,
        });
    }
    knowledge.enrichment = enrichment(&knowledge.context.sources);
    knowledge
}

fn adopt(knowledge: &mut Knowledge, inventory: &str, answer: &Answer, as_of: Timestamp) {
    for fact in &answer.facts {
        if fact.fill(knowledge, inventory, as_of) {
            let source = FieldSource {
                source: inventory.to_owned(),
                as_of,
            };
            knowledge
                .context
                .provenance
                .insert(fact.name().into_owned(), source);
        }
    }
}

fn enrichment(sources: &[SourceAnswer]) -> Enrichment {
    let silent = sources.iter().filter(|source| !source.status.is_answer());
    let missing: Vec<String> = silent.map(|source| source.inventory.clone()).collect();
    let status = match missing.len() {
        0 => EnrichmentStatus::Complete,
        all if all == sources.len() => EnrichmentStatus::Pending,
        _ => EnrichmentStatus::Partial,
    };
    Enrichment { status, missing }
}
