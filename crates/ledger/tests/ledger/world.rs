//! One case, its clock, and what must hold of every answer.

use reeve_domain::context::Knowledge;
use reeve_domain::outcome::Outcome;
use reeve_domain::task::Task;
use reeve_domain::time::Timestamp;
use reeve_ledger::{Applied, Case, Input, InputTopic, Position, apply};
use reeve_policy::Policy;

use crate::support::{Step, at};

/// One case with its clock.
pub(crate) struct World {
    pub(crate) case: Option<Case>,
    pub(crate) policy: &'static Policy,
    pub(crate) now: Timestamp,
    pub(crate) records: Vec<Task>,
    offset: i64,
}

impl World {
    pub(crate) fn new(policy: &'static Policy, hours: i64) -> Self {
        Self {
            case: None,
            policy,
            now: at(hours),
            records: Vec::new(),
            offset: 0,
        }
    }

    /// Applies a step at the present time, and checks what must hold of every answer.
    pub(crate) fn give(&mut self, step: impl Into<Step>) -> Applied {
        let step = step.into();
        self.offset += 1;
        let position = |topic| {
            Some(Position {
                topic,
                offset: self.offset,
            })
        };
        let (input, position) = match &step {
            Step::Receipt(receipt) => (Input::Receipt(receipt), position(InputTopic::Findings)),
            Step::Finding(finding) => (Input::Finding(finding), position(InputTopic::Findings)),
            Step::Evidence(evidence) => (Input::Evidence(evidence), position(InputTopic::Findings)),
            Step::Event(event) => (Input::Event(event), position(InputTopic::TaskEvents)),
        };
        self.take(input, position)
    }

    pub(crate) fn knows(&mut self, knowledge: Knowledge) -> Applied {
        let now = self.now;
        self.take(
            Input::Knowledge {
                knowledge: &knowledge,
                at: now,
            },
            None,
        )
    }

    /// Lets time pass, with one tick at its end.
    pub(crate) fn tick(&mut self, hours: i64) -> Applied {
        self.now = at(hours);
        self.take(Input::Tick, None)
    }

    /// Writes the case to the ledger and reads it back, as a restart does.
    pub(crate) fn restart(&mut self) {
        let mut partition = reeve_ledger::Partition::default();
        let mut case = self.case.take().unwrap();
        let key = case.key().clone();
        let text = reeve_ledger::ledger_record(&mut case, self.policy);
        partition
            .restore(key.as_str().as_bytes(), Some(&text), self.policy)
            .unwrap();
        self.case = partition.case(None, &key).cloned();
    }

    pub(crate) fn task(&self) -> Task {
        self.case.as_ref().unwrap().tasks().next().unwrap().into_owned()
    }

    fn take(&mut self, input: Input<'_>, position: Option<Position>) -> Applied {
        let before = self.case.clone();
        let out = apply(&mut self.case, input, position, self.policy, self.now);
        for record in &out.tasks {
            self.check_revision(record.task());
            self.records.push(record.task().clone());
        }
        self.check_ledger();
        if !out.changed {
            assert_eq!(
                before, self.case,
                "an answer that says nothing changed leaves the case alone"
            );
        }
        assert_eq!(out.reject.is_some(), out.outcome == Some(Outcome::Rejected));
        out
    }

    fn check_revision(&self, record: &Task) {
        let last = self
            .records
            .iter()
            .rev()
            .find(|old| old.task_id == record.task_id);
        assert_eq!(record.revision, last.map_or(1, |old| old.revision + 1));
        assert_eq!(
            record.idempotency_key,
            format!("{}:{}", record.task_id, record.revision)
        );
    }

    /// The ledger's task and the last record on `tasks` have the same revision and state.
    fn check_ledger(&self) {
        for task in self.case.iter().flat_map(Case::tasks) {
            let last = self
                .records
                .iter()
                .rev()
                .find(|old| old.task_id == task.task_id)
                .unwrap();
            assert_eq!((task.revision, task.state), (last.revision, last.state));
        }
    }
}
