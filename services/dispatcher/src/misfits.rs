//! Records that are not folded here: events that stand on another partition than their subject, and what is refused.

use reeve_domain::alert::Origin;
use reeve_domain::event::TaskEvent;
use reeve_domain::key::SubjectKey;
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::{DeadLetter, Reject, Stage};
use reeve_log::cloudevent::traceparent;
use reeve_log::{Output, Record, letter, partition};

use crate::{Dispatcher, Observe, outgoing};

impl<O: Observe> Dispatcher<O> {
    pub(crate) fn is_misplaced(&self, key: &SubjectKey, record: &Record) -> bool {
        let forwarded = record.headers.iter().any(|(name, _)| name == outgoing::FORWARDED);
        !forwarded && partition::of_key(key.as_str().as_bytes(), self.parts.partitions) != record.partition
    }

    pub(crate) fn forward(&mut self, record: &Record, event: &TaskEvent, output: &mut Output) {
        self.counts.record(record.topic, Outcome::Folded);
        let forwarded = outgoing::forwarded(record, event, &self.parts.keys);
        output.records.push(forwarded);
    }

    pub(crate) fn reject(&mut self, record: &Record, reject: &Reject, output: &mut Output) {
        self.counts.record(record.topic, Outcome::Rejected);
        *self.counts.rejects.entry(reject.reason).or_default() += 1;
        let origin = Origin::Topic {
            topic: self.parts.names.name(record.topic).clone(),
            partition: record.partition,
            offset: record.offset,
            timestamp: Some(record.timestamp),
        };
        let payload = record.value.as_deref().unwrap_or_default();
        let refused = DeadLetter::of(reject, Stage::Dispatch, origin, payload, &self.parts.keys);
        let body = serde_json::to_vec(&refused).expect("a dead letter has string keys only");
        let record = letter::outgoing(
            &refused,
            body,
            record.timestamp,
            outgoing::SOURCE,
            traceparent(record),
        );
        output.records.push(record);
    }
}
