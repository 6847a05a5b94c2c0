//! Several cases with the events between them, as partitions would exchange them: every interleaving can be tried.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use reeve_domain::event::{EventType, TaskEvent};
use reeve_domain::key::SubjectKey;
use reeve_domain::outcome::Outcome;
use reeve_domain::task::{Task, TaskState};
use reeve_domain::time::Timestamp;
use reeve_ledger::{Case, Input, InputTopic, Partition, Position, apply};
use reeve_policy::Policy;
use serde_json::{Value, json};

use crate::support::{Step, at};

/// Cases by key, each on a partition of its own, with what waits for it on both inputs.
#[derive(Clone)]
pub(crate) struct Net {
    pub(crate) cases: BTreeMap<SubjectKey, Option<Case>>,
    findings: BTreeMap<SubjectKey, VecDeque<Step>>,
    events: BTreeMap<SubjectKey, VecDeque<TaskEvent>>,
    pub(crate) records: Vec<Task>,
    pub(crate) rejects: usize,
    pub(crate) now: Timestamp,
    pub(crate) fault: Fault,
    policy: &'static Policy,
    offsets: BTreeMap<(bool, SubjectKey), i64>,
    /// In bytes.
    pub(crate) longest_event: usize,
}

/// What the way between the partitions does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Every event arrives twice.
    Twice,
    /// Every case is written and restored between any two inputs.
    Restarts,
    /// Events of this type are lost: a test that does not see that sees nothing.
    Loses(EventType),
}

/// Who is next.
type Turn = (InputTopic, SubjectKey);

impl Net {
    pub(crate) fn new(policy: &'static Policy, fault: Fault) -> Self {
        Self {
            cases: BTreeMap::new(),
            findings: BTreeMap::new(),
            events: BTreeMap::new(),
            records: Vec::new(),
            rejects: 0,
            now: at(200),
            fault,
            policy,
            offsets: BTreeMap::new(),
            longest_event: 0,
        }
    }

    /// Puts a step at the end of its key's input.
    pub(crate) fn wait(&mut self, step: impl Into<Step>) {
        match step.into() {
            Step::Event(event) => self.send(*event),
            Step::Receipt(receipt) => {
                for queue in self.findings.values_mut() {
                    queue.push_back(Step::Receipt(receipt.clone()));
                }
            }
            Step::Finding(finding) => {
                let queue = self.findings.entry(finding.subject.key.clone()).or_default();
                queue.push_back(Step::Finding(finding));
            }
            Step::Evidence(evidence) => {
                let queue = self.findings.entry(evidence.subject.key.clone()).or_default();
                queue.push_back(Step::Evidence(evidence));
            }
        }
    }

    fn send(&mut self, event: TaskEvent) {
        if self.fault == Fault::Loses(event.what.event_type()) {
            return;
        }
        let queue = self.events.entry(event.subject_key.clone()).or_default();
        queue.push_back(event.clone());
        if self.fault == Fault::Twice {
            queue.push_back(event);
        }
    }

    /// Gives a step and lets everything that follows from it arrive.
    pub(crate) fn give(&mut self, step: impl Into<Step>) {
        self.wait(step);
        self.settle();
    }

    /// Lets everything arrive, in some order.
    pub(crate) fn settle(&mut self) {
        while let Some(turn) = self.turns().first().cloned() {
            self.take(&turn);
        }
    }

    /// Lets time pass, with one tick for every case.
    pub(crate) fn tick(&mut self, hours: i64) {
        self.now = at(hours);
        let keys: Vec<_> = self.cases.keys().cloned().collect();
        for key in keys {
            self.apply(&key, Input::Tick, None);
        }
        self.settle();
    }

    fn turns(&self) -> Vec<Turn> {
        let findings = self.findings.iter().filter(|(_, queue)| !queue.is_empty());
        let events = self.events.iter().filter(|(_, queue)| !queue.is_empty());
        let findings = findings.map(|(key, _)| (InputTopic::Findings, key.clone()));
        findings
            .chain(events.map(|(key, _)| (InputTopic::TaskEvents, key.clone())))
            .collect()
    }

    fn take(&mut self, (topic, key): &Turn) {
        let step = match topic {
            InputTopic::Findings => self.findings.get_mut(key).and_then(VecDeque::pop_front),
            InputTopic::TaskEvents => {
                let event = self.events.get_mut(key).and_then(VecDeque::pop_front);
                event.map(|event| Step::Event(Box::new(event)))
            }
        };
        let of_findings = *topic == InputTopic::Findings;
        let offset = self.offsets.entry((of_findings, key.clone())).or_default();
        *offset += 1;
        let position = Some(Position {
            topic: *topic,
            offset: *offset,
        });
        match step.unwrap() {
            Step::Receipt(receipt) => self.apply(key, Input::Receipt(&receipt), position),
            Step::Finding(finding) => self.apply(key, Input::Finding(&finding), position),
            Step::Evidence(evidence) => self.apply(key, Input::Evidence(&evidence), position),
            Step::Event(event) => self.apply(key, Input::Event(&event), position),
        }
    }

    fn apply(&mut self, key: &SubjectKey, input: Input<'_>, position: Option<Position>) {
        let slot = self.cases.entry(key.clone()).or_default();
        let before = slot.clone();
        let out = apply(slot, input, position, self.policy, self.now);
        if !out.changed {
            assert_eq!(before, *slot, "what changed nothing leaves the case alone");
        }
        if self.fault == Fault::Restarts {
            restart(slot, self.policy);
        }
        assert_eq!(out.reject.is_some(), out.outcome == Some(Outcome::Rejected));
        self.rejects += usize::from(out.reject.is_some());
        for record in out.tasks {
            self.check_revision(record.task());
            self.records.push(record.task().clone());
        }
        for event in out.follow_ups {
            let bytes = serde_json::to_vec(&event).unwrap().len();
            self.longest_event = self.longest_event.max(bytes);
            self.send(TaskEvent::try_from(event).unwrap());
        }
    }

    fn check_revision(&self, record: &Task) {
        let last = self.last().remove(&record.task_id).map_or(0, |old| old.revision);
        let id = &record.task_id;
        assert_eq!(record.revision, last + 1, "{id} {} after {last}", record.change);
        assert_eq!(record.idempotency_key, format!("{id}:{}", record.revision));
    }

    /// Every task as a consumer that upserts by revision has it.
    pub(crate) fn last(&self) -> BTreeMap<String, &Task> {
        let tasks = self.records.iter();
        tasks.map(|task| (task.task_id.clone(), task)).collect()
    }

    /// The tasks that live, as the ledgers have them: a repeat is counted there alone.
    pub(crate) fn living(&self) -> Vec<Task> {
        let living = self.cases.values().flatten().flat_map(Case::tasks);
        living.map(Cow::into_owned).collect()
    }

    /// What must not depend on the order of arrival: what stands at the end, but for the name that lives on.
    pub(crate) fn projection(&self) -> Value {
        assert!(self.turns().is_empty());
        self.check_ledgers();
        let last = self.last();
        for merged in last.values().filter(|task| task.state == TaskState::Merged) {
            let mut end = *merged;
            for _ in 0..last.len() {
                let next = end.merged_into.as_ref().map(|id| last.get(id).unwrap());
                end = next.unwrap_or(&end);
            }
            assert_ne!(end.state, TaskState::Merged, "it points to what lives");
        }
        let mut living: Vec<_> = self.living().iter().map(projected).collect();
        living.sort_by_key(Value::to_string);
        Value::Array(living)
    }

    /// What a ledger says of a task is what was told of it last.
    fn check_ledgers(&self) {
        let last = self.last();
        let mut seen = BTreeSet::new();
        for task in self.cases.values().flatten().flat_map(Case::tasks) {
            let told = last.get(&task.task_id).unwrap();
            assert_eq!((task.revision, task.state), (told.revision, told.state));
            assert!(seen.insert(task.task_id.clone()), "two cases hold one task");
        }
        for task in self.living() {
            assert!(
                seen.contains(&task.task_id),
                "nobody goes on with {}",
                task.task_id
            );
        }
    }
}

fn projected(task: &Task) -> Value {
    let causes: Vec<_> = task
        .causes
        .iter()
        .map(|cause| json!([cause, cause.cleared_by.is_some()]))
        .collect();
    json!({
        "subject": task.subject.key, "issue": task.issue_type, "state": task.state, "cycle": task.cycle,
        "closure": task.closure, "verified_at": task.verified_at, "causes": causes, "evidence": task.evidence,
        "sightings": task.sightings, "due": [task.deadlines.contain_by, task.deadlines.remediate_by],
        "band": task.priority.band, "first_detected_at": task.first_detected_at, "claims": task.claims,
        "acknowledged_at": task.acknowledged_at, "owner": task.owners.resolver, "merged_into": task.merged_into,
    })
}

/// What is restored would be written again as it was.
fn restart(slot: &mut Option<Case>, policy: &Policy) {
    let Some(case) = slot.as_mut() else { return };
    let key = case.key().clone();
    let text = reeve_ledger::ledger_record(case, policy);
    let mut partition = Partition::default();
    partition
        .restore(key.as_str().as_bytes(), Some(&text), policy)
        .unwrap();
    *slot = partition.case(None, &key).cloned();
    let again = slot
        .as_mut()
        .map(|case| reeve_ledger::ledger_record(case, policy));
    assert_eq!(again, Some(text));
}

/// Tries every interleaving of what waits in `net`; how many different ends there were, each with its first net.
pub(crate) fn ends(net: Net) -> (Vec<(Value, Net)>, usize) {
    let (mut ends, mut seen, mut paths) = (Vec::new(), BTreeSet::new(), 0);
    let mut open = vec![net];
    while let Some(net) = open.pop() {
        let turns = net.turns();
        if turns.is_empty() {
            paths += 1;
            let end = net.projection();
            if !ends.iter().any(|(known, _)| *known == end) {
                ends.push((end, net));
            }
            continue;
        }
        for turn in turns {
            let mut next = net.clone();
            next.take(&turn);
            if seen.insert(next.state()) {
                open.push(next);
            }
        }
    }
    (ends, paths)
}

impl Net {
    /// Everything the future depends on; offsets are only counted.
    fn state(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        let cases: Vec<_> = self.cases.values().map(|case| format!("{case:?}")).collect();
        let last: Vec<_> = self
            .last()
            .into_values()
            .map(|task| (&task.task_id, task.revision))
            .collect();
        format!("{cases:?} {:?} {:?} {last:?}", self.findings, self.events).hash(&mut hasher);
        hasher.finish()
    }
}
