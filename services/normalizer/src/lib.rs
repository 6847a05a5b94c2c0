//! The normalizer role: alerts.raw to findings; stateless wiring around `reeve_formats::parse`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod counts;

pub use counts::{AlertOutcome, Counts};

use std::cell::OnceCell;

use bytes::Bytes;
use reeve_domain::alert::{Origin, RawAlert};
use reeve_domain::observation::{Observation, Receipt};
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::{DeadLetter, Payload, Reject, Stage};
use reeve_domain::time::Timestamp;

use reeve_formats::{Item, Parsed, Settings};
use reeve_log::cloudevent::{CloudEvent, traceparent};
use reeve_log::{Outgoing, Output, Place, Record, RestoreError, Segment, Topic, TopicNames, letter};

/// The segment of the normalizer role.
pub struct Normalizer<R> {
    settings: Settings,
    names: TopicNames,
    counts: Counts,
    report: R,
}

impl<R: FnMut(&Counts)> Normalizer<R> {
    /// A normalizer that hands its counts to `report` after every commit.
    pub fn new(settings: Settings, names: TopicNames, report: R) -> Self {
        Self {
            settings,
            names,
            counts: Counts::default(),
            report,
        }
    }

    /// Reads by these from the next batch on.
    pub fn adopt(&mut self, settings: Settings) {
        self.settings = settings;
    }

    fn normalize(&mut self, record: &Record, output: &mut Output) {
        let origin = Origin::Topic {
            topic: self.names.name(record.topic).clone(),
            partition: record.partition,
            offset: record.offset,
            timestamp: Some(record.timestamp),
        };
        let value = record.value.as_deref().unwrap_or_default();
        let alert = RawAlert {
            value,
            headers: &record.headers,
            origin,
            received_at: record.timestamp,
        };
        let parsed = reeve_formats::parse(&alert, &self.settings);
        count(&mut self.counts, &parsed);
        let parent = traceparent(record);
        let payload = OnceCell::new();
        let receipts = told_apart(parsed.receipts)
            .into_iter()
            .map(|receipt| Observation::Receipt(Box::new(receipt)));
        for item in parsed.items {
            match item {
                Item::Observed { observations, .. } => {
                    output.records.extend(
                        observations
                            .iter()
                            .map(|observation| outgoing(observation, record, &parent)),
                    );
                }
                Item::Dropped { .. } => {}
                Item::Rejected(reject) => {
                    let payload = payload.get_or_init(|| Payload::of(value, &self.settings.keys));
                    output
                        .records
                        .push(self.letter(&reject, &alert, payload, &parent));
                }
            }
        }
        output
            .records
            .extend(receipts.map(|receipt| outgoing(&receipt, record, &parent)));
    }

    fn letter(
        &self,
        reject: &Reject,
        alert: &RawAlert<'_>,
        payload: &Payload,
        parent: &Option<Bytes>,
    ) -> Outgoing {
        let letter = DeadLetter::about(reject, Stage::Normalize, alert.origin.clone(), payload);
        let body = serde_json::to_vec(&letter).expect("a dead letter has string keys only");
        letter::outgoing(
            &letter,
            body,
            alert.received_at,
            "reeve/normalizer",
            parent.clone(),
        )
    }
}

impl<R: FnMut(&Counts)> Segment for Normalizer<R> {
    fn begin_restore(&mut self, _: i32) {}

    fn restore(&mut self, _: Record) -> Result<(), RestoreError> {
        Ok(())
    }

    fn end_restore(&mut self, _: i32, _: Option<&str>) -> Result<(), RestoreError> {
        Ok(())
    }

    fn revoke(&mut self, _: i32) {}

    fn run(&mut self, records: Vec<Record>, _: Timestamp) -> Output {
        let mut output = Output::default();
        for record in &records {
            self.normalize(record, &mut output);
        }
        output
    }

    fn tick(&mut self, _: i32, _: Timestamp) -> Output {
        Output::default()
    }

    fn committed(&mut self, _: Timestamp) {
        (self.report)(&self.counts);
        self.counts = Counts::default();
    }

    fn aborted(&mut self) {
        self.counts = Counts::default();
    }
}

fn outgoing(observation: &Observation, record: &Record, parent: &Option<Bytes>) -> Outgoing {
    let key = match observation.subject() {
        Some(subject) => Bytes::copy_from_slice(subject.key.as_str().as_bytes()),
        None => Bytes::from_static(b"receipt"),
    };
    // an index counts within its kind
    let (name, index, time) = match observation {
        Observation::Finding(finding) => ("finding", finding.provenance.index, finding.observed_at),
        Observation::Evidence(evidence) => ("evidence", evidence.provenance.index, evidence.observed_at),
        Observation::Receipt(receipt) => ("receipt", receipt.provenance.index, receipt.observed_at),
    };
    let kind = observation.ce_type();
    let event = CloudEvent {
        event_type: kind,
        id: format!(
            "{}/{}/{}#{name}-{index}",
            record.topic.as_str(),
            record.partition,
            record.offset
        ),
        source: "reeve/normalizer",
        subject: key.clone(),
        time,
        traceparent: parent.clone(),
    };
    let place = if observation.subject().is_some() {
        Place::ByKey
    } else {
        Place::Every
    };
    let value = serde_json::to_vec(observation).expect("an observation has string keys only");
    Outgoing {
        topic: Topic::Findings,
        place,
        key,
        value: Some(Bytes::from(value)),
        headers: event.headers(),
    }
}

/// Several scans in one record: which of them showed a finding is told by its repository alone. One that cannot be told
/// from its neighbors by that has no rules that another could be compared with, so that nothing follows from it.
fn told_apart(mut receipts: Vec<Receipt>) -> Vec<Receipt> {
    let place = |receipt: &Receipt| {
        (
            receipt.source.format.clone(),
            receipt.scope.kind.clone(),
            receipt.scope.id.clone(),
        )
    };
    let places: Vec<_> = receipts.iter().map(place).collect();
    for (receipt, own) in receipts.iter_mut().zip(&places) {
        let alone = places.iter().filter(|place| *place == own).count() == 1;
        if places.len() > 1 && !(alone && receipt.scope.kind == "repository") {
            receipt.scope.ruleset.clear();
            receipt.scope.complete = false;
        }
    }
    receipts
}

/// One outcome per record, one count per result.
fn count(counts: &mut Counts, parsed: &Parsed) {
    for item in &parsed.items {
        match item {
            Item::Observed {
                format, observations, ..
            } => {
                for observation in observations {
                    counts.alert(Some(format), alert_outcome(observation), 1);
                }
            }
            Item::Dropped { format, reason, .. } => {
                counts.alert(Some(format), AlertOutcome::Dropped, 1);
                *counts.dropped.entry(*reason).or_default() += 1;
            }
            Item::Rejected(reject) => {
                let results = u64::from(reject.results);
                counts.alert(reject.format, AlertOutcome::Rejected, results);
                *counts.rejects.entry(reject.reason).or_default() += results;
            }
        }
    }
    for receipt in &parsed.receipts {
        counts.alert(Some(&receipt.source.format), AlertOutcome::Receipt, 1);
    }
    counts.record(record_outcome(parsed));
}

const fn alert_outcome(observation: &Observation) -> AlertOutcome {
    match observation {
        Observation::Finding(_) => AlertOutcome::Finding,
        Observation::Evidence(_) => AlertOutcome::Evidence,
        Observation::Receipt(_) => AlertOutcome::Receipt,
    }
}

fn record_outcome(parsed: &Parsed) -> Outcome {
    let any = |wanted: fn(&Item) -> bool| parsed.items.iter().any(wanted);
    if any(|item| matches!(item, Item::Observed { .. })) || !parsed.receipts.is_empty() {
        Outcome::Observed
    } else if any(|item| matches!(item, Item::Rejected(_))) {
        Outcome::Rejected
    } else if any(|item| matches!(item, Item::Dropped { .. })) {
        Outcome::Dropped
    } else {
        Outcome::Empty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(kind: &str, id: &str) -> Receipt {
        let origin = Origin::File { file: "-".into() };
        let body = serde_json::json!({
            "scope": { "kind": kind, "id": id, "ruleset": "r", "complete": true },
            "observed_at": "2026-01-01T00:00:00Z",
            "source": { "format": "sarif", "tool": "sarif", "rule": "x", "reference": "" },
            "provenance": { "index": 0, "format_version": 1, "file": origin.coordinates() },
        });
        serde_json::from_value(body).unwrap()
    }

    fn proving(receipts: Vec<Receipt>) -> Vec<bool> {
        let kept = told_apart(receipts);
        kept.iter()
            .map(|receipt| receipt.scope.complete && !receipt.scope.ruleset.is_empty())
            .collect()
    }

    #[test]
    fn scans_of_one_record_prove_something_only_if_their_findings_can_be_told_apart() {
        assert_eq!(proving(vec![scan("image", "a")]), [true]);
        assert_eq!(
            proving(vec![scan("repository", "a"), scan("repository", "b")]),
            [true, true]
        );
        assert_eq!(
            proving(vec![scan("repository", "a"), scan("repository", "a")]),
            [false, false]
        );
        assert_eq!(
            proving(vec![scan("image", "a"), scan("repository", "b")]),
            [false, true]
        );
    }
}
