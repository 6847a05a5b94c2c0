//! The dispatcher role: findings and task events to tasks and ledger; wiring around the inventories and the fold.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod counts;
mod input;
mod lookups;
mod misfits;
mod outgoing;
mod rewound;
mod seal;
mod unreadable;

pub use counts::{Counts, Observe, State};
use input::{Body, input_topic};
pub use lookups::Lookups;
pub use seal::HEADER as SEAL;
use unreadable::{Unreadable, refused};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use reeve_domain::context::Knowledge;
use reeve_domain::key::SubjectKey;
use reeve_domain::observation::{Finding, Receipt};
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::Reject;
use reeve_domain::secret::HmacKeys;
use reeve_domain::time::Timestamp;
use reeve_formats::Scrub;
use reeve_inventories::Inventories;
use reeve_ledger::{Applied, Case, Input, Overlay, Partition, Position};
use reeve_log::cloudevent::traceparent;
use reeve_log::{Output, Record, RestoreError, Segment, Topic, TopicNames};
use reeve_policy::Policy;

/// What a dispatcher is made of.
pub struct Parts {
    /// Decides.
    pub policy: Arc<Policy>,
    /// Knows owners and dependencies.
    pub lookups: Lookups,
    /// For dead letters and seals.
    pub keys: Arc<HmacKeys>,
    /// What the topics are called.
    pub names: TopicNames,
    /// Partitions of the inputs.
    pub partitions: i32,
    /// Go on with what is left of a ledger that does not prove itself.
    pub accept_loss: bool,
    /// Whether what people write is scrubbed.
    pub scrub: Scrub,
    /// Whether what reeve itself says must be sealed: not in files, which have no headers.
    pub sealed: bool,
}

/// The segment of the dispatcher role.
pub struct Dispatcher<O> {
    parts: Parts,
    cases: BTreeMap<i32, Partition>,
    pending: BTreeMap<i32, Overlay>,
    unreadable: Unreadable,
    counts: Counts,
    observe: O,
}

impl<O: Observe> Dispatcher<O> {
    /// A dispatcher that owns nothing yet.
    pub fn new(parts: Parts, observe: O) -> Self {
        Self {
            parts,
            cases: BTreeMap::new(),
            pending: BTreeMap::new(),
            unreadable: Unreadable::default(),
            counts: Counts::default(),
            observe,
        }
    }

    /// Decides and asks by these from the next batch on; what is open follows when its context is renewed.
    pub fn adopt(&mut self, policy: Arc<Policy>, inventories: Inventories) {
        self.parts.policy = policy;
        self.parts.lookups.adopt(inventories);
    }

    /// Committed cases of the partitions that are ours.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values().flat_map(Partition::cases)
    }

    fn contexts(
        &self,
        bodies: &[Result<Body, Reject>],
        records: &[Record],
        now: Timestamp,
    ) -> BTreeMap<SubjectKey, Knowledge> {
        let mut seen = BTreeSet::new();
        let new = |finding: &&Finding, partition: i32| {
            let case = self
                .cases
                .get(&partition)
                .and_then(|cases| cases.case(None, &finding.subject.key));
            case.is_none_or(|case| {
                // of a case that only evidence has made, nobody has asked yet; nobody asks about an alias
                let unasked = case.redirected_to().is_none() && case.told().next().is_none();
                unasked || reeve_ledger::wants_lookup(case, &self.parts.policy, now)
            })
        };
        let mut asked: Vec<&Finding> = Vec::new();
        for (body, record) in bodies.iter().zip(records) {
            if let Ok(Body::Finding(finding)) = body
                && seen.insert(&finding.subject.key)
                && new(&&**finding, record.partition)
            {
                asked.push(finding);
            }
        }
        self.parts.lookups.now(&asked, now)
    }

    fn apply(
        &mut self,
        record: &Record,
        body: Result<Body, Reject>,
        contexts: &mut BTreeMap<SubjectKey, Knowledge>,
        now: Timestamp,
        output: &mut Output,
    ) {
        let body = match body {
            Ok(body) => body,
            Err(reject) => return self.reject(record, &reject, output),
        };
        if let Body::Event(event) = &body
            && self.is_misplaced(&event.subject_key, record)
        {
            return self.forward(record, event, output);
        }
        let position = Position {
            topic: input_topic(record.topic),
            offset: record.offset,
        };
        let applied = match &body {
            Body::Receipt(receipt) => return self.receipt(record, receipt, position, now, output),
            Body::Finding(finding) => {
                let known = contexts.remove(&finding.subject.key);
                let input = known
                    .as_ref()
                    .map_or(Input::Finding(finding), |knowledge| Input::KnownFinding {
                        finding,
                        knowledge,
                        at: now,
                    });
                self.fold(
                    &finding.subject.key,
                    record.partition,
                    (input, Some(position)),
                    now,
                )
            }
            Body::Evidence(evidence) => self.fold(
                &evidence.subject.key,
                record.partition,
                (Input::Evidence(evidence), Some(position)),
                now,
            ),
            Body::Event(event) => self.fold(
                &event.subject_key,
                record.partition,
                (Input::Event(event), Some(position)),
                now,
            ),
        };
        if let Some(reject) = &applied.reject {
            return self.reject(record, reject, output);
        }
        if let Some(outcome) = applied.outcome {
            self.counts.record(record.topic, outcome);
        }
        self.emit(applied, traceparent(record), now, output);
    }

    /// A receipt speaks to every case of the partition whose causes its scan, or an equal one, has shown.
    fn receipt(
        &mut self,
        record: &Record,
        receipt: &Receipt,
        position: Position,
        now: Timestamp,
        output: &mut Output,
    ) {
        self.counts.record(record.topic, Outcome::Folded);
        let cases = self.cases.entry(record.partition).or_default();
        for key in cases.scanned(self.pending.get(&record.partition), receipt) {
            let input = (Input::Receipt(receipt), Some(position));
            let applied = self.fold(&key, record.partition, input, now);
            self.emit(applied, traceparent(record), now, output);
        }
    }

    fn fold(
        &mut self,
        key: &SubjectKey,
        partition: i32,
        what: (Input<'_>, Option<Position>),
        now: Timestamp,
    ) -> Applied {
        let cases = self.cases.entry(partition).or_default();
        let overlay = self.pending.entry(partition).or_default();
        cases.apply(overlay, key, what, &self.parts.policy, now)
    }

    fn emit(&mut self, applied: Applied, parent: Option<Bytes>, now: Timestamp, output: &mut Output) {
        output.records.extend(
            applied
                .tasks
                .iter()
                .map(|task| outgoing::task(task, now, parent.clone())),
        );
        output.records.extend(
            applied
                .follow_ups
                .iter()
                .map(|event| outgoing::follow_up(event, &self.parts.keys, now)),
        );
        self.counts.noted.extend(applied.noted);
    }

    /// The ledger records of everything that changed, and for each partition touched the proof of its state.
    fn settle(&mut self, touched: impl IntoIterator<Item = i32>, output: &mut Output) {
        for partition in touched {
            let cases = self.cases.entry(partition).or_default();
            let overlay = self.pending.entry(partition).or_default();
            output
                .records
                .extend(self.unreadable.tombstones(partition, cases));
            let records = overlay.ledger_records(&self.parts.policy).into_iter();
            output
                .records
                .extend(records.map(|(key, value)| outgoing::ledger(&key, value, partition)));
            output.proofs.insert(partition, cases.proof(Some(overlay)));
        }
    }

    fn answers(&mut self, partition: i32, now: Timestamp, output: &mut Output) {
        for answer in self.parts.lookups.take(partition) {
            let input = Input::Knowledge {
                knowledge: &answer.knowledge,
                at: answer.at,
            };
            let applied = self.fold(&answer.key, partition, (input, None), now);
            self.emit(applied, None, now, output);
        }
    }

    fn due(&mut self, partition: i32, now: Timestamp, output: &mut Output) {
        let most = self.parts.policy.limits().escalate_per_tick_max;
        let due = self
            .cases
            .get(&partition)
            .map(|cases| cases.due(now, most))
            .unwrap_or_default();
        for key in due {
            let applied = self.fold(&key, partition, (Input::Tick, None), now);
            self.emit(applied, None, now, output);
        }
    }

    fn ask(&mut self, partition: i32, now: Timestamp) {
        let limits = self.parts.policy.limits();
        let most = limits.refresh_per_tick_max.min(self.parts.lookups.room());
        let again = now.plus_seconds(limits.context_retry_s);
        let Some(cases) = self.cases.get_mut(&partition) else {
            return;
        };
        for key in cases.wanting(now, most) {
            if let Some(case) = cases.case(None, &key) {
                self.parts.lookups.refresh(partition, case, now);
            }
            cases.asked(&key, again);
        }
    }

    fn show(&mut self, partition: i32, now: Timestamp) {
        if let Some(cases) = self.cases.get_mut(&partition) {
            let gauges = cases.gauges(now);
            self.observe.state(
                partition,
                Some(State {
                    gauges: &gauges,
                    cases: cases.len(),
                }),
            );
        }
    }

    fn tell(&mut self) {
        let inventories = self.parts.lookups.inventories();
        self.counts.inventories = inventories.take_counts().inventories;
        self.counts.available = inventories
            .available()
            .into_iter()
            .map(|(name, available)| (name.to_owned(), available))
            .collect();
        self.observe.counts(&self.counts);
        self.counts = Counts::default();
    }
}

impl<O: Observe> Segment for Dispatcher<O> {
    fn begin_restore(&mut self, partition: i32) {
        self.cases.insert(partition, Partition::default());
        self.unreadable.forget(partition);
    }

    fn restore(&mut self, record: Record) -> Result<(), RestoreError> {
        let cases = self.cases.entry(record.partition).or_default();
        let key = record.key.as_deref().unwrap_or_default();
        let read = cases.restore(key, record.value.as_deref(), &self.parts.policy);
        self.unreadable.note(&record, read)
    }

    fn end_restore(&mut self, partition: i32, proof: Option<&str>) -> Result<(), RestoreError> {
        let Some(cases) = self.cases.get_mut(&partition) else {
            return Ok(());
        };
        self.unreadable.end(partition, self.parts.accept_loss)?;
        match cases.verify(proof) {
            Err(error) if self.parts.accept_loss => {
                tracing::error!(%partition, %error, "the ledger has lost records; going on with what is left, as told");
                Ok(())
            }
            verified => verified.map_err(|error| refused(error, partition, -1)),
        }
    }

    fn begins(&mut self, partition: i32, inputs: &[(Topic, i64)]) -> Result<(), RestoreError> {
        match self.cases.get_mut(&partition) {
            Some(cases) => rewound::begin(cases, partition, inputs, self.parts.accept_loss),
            None => Ok(()),
        }
    }

    fn revoke(&mut self, partition: i32) {
        self.cases.remove(&partition);
        self.pending.remove(&partition);
        self.unreadable.forget(partition);
        self.parts.lookups.forget(partition);
        self.observe.state(partition, None);
    }

    fn run(&mut self, records: Vec<Record>, now: Timestamp) -> Output {
        let read = |record| input::read(record, self.parts.scrub, self.parts.seals());
        let bodies: Vec<Result<Body, Reject>> = records.iter().map(read).collect();
        let mut contexts = self.contexts(&bodies, &records, now); // the only wait
        let mut output = Output::default();
        let touched: BTreeSet<i32> = records.iter().map(|record| record.partition).collect();
        for (record, body) in records.iter().zip(bodies) {
            self.apply(record, body, &mut contexts, now, &mut output);
        }
        self.settle(touched, &mut output);
        output
    }

    fn tick(&mut self, partition: i32, now: Timestamp) -> Output {
        let mut output = Output::default();
        self.answers(partition, now, &mut output);
        self.due(partition, now, &mut output);
        self.ask(partition, now);
        self.show(partition, now);
        if self
            .pending
            .get(&partition)
            .is_some_and(|overlay| !overlay.is_empty())
        {
            self.settle([partition], &mut output);
        }
        output
    }

    fn committed(&mut self, now: Timestamp) {
        for (partition, overlay) in std::mem::take(&mut self.pending) {
            if !overlay.is_empty() {
                self.unreadable.forget(partition);
            }
            self.cases
                .entry(partition)
                .or_default()
                .commit(overlay, &self.parts.policy);
            self.show(partition, now);
        }
        self.tell();
    }

    fn aborted(&mut self) {
        self.pending.clear();
        self.counts = Counts::default();
    }
}
