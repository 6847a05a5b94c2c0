//! Lines of observations and task events, whatever is in them, over the cases of a partition: what is written restores to
//! the same proof and tasks, tasks never go back, and time passes without harm.
#![no_main]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use reeve_domain::event::{RawEvent, TaskEvent};
use reeve_domain::key::SubjectKey;
use reeve_domain::observation::Observation;
use reeve_domain::task::Task;
use reeve_fuzz::now;
use reeve_ledger::{Applied, Input, Overlay, Partition};
use reeve_policy::Policy;

const DAY: i64 = 86_400;
static POLICY: LazyLock<Policy> = LazyLock::new(Policy::shipped);

fuzz_target!(|bytes: &[u8]| {
    let mut cases = Partition::default();
    let mut written = Partition::default();
    let mut revisions = BTreeMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut overlay = Overlay::default();
        let applied = fold(&cases, &mut overlay, line);
        check(&applied, &mut revisions);
        settle(&mut cases, &mut written, overlay);
    }
    for days in [1, 31, 500] {
        let later = now().plus_seconds(days * DAY);
        let mut overlay = Overlay::default();
        for key in cases.due(later, 100) {
            let applied = cases.apply(&mut overlay, &key, (Input::Tick, None), &POLICY, later);
            check(&[applied], &mut revisions);
        }
        settle(&mut cases, &mut written, overlay);
    }
});

fn fold(cases: &Partition, overlay: &mut Overlay, line: &[u8]) -> Vec<Applied> {
    let mut one =
        |key: &SubjectKey, input: Input<'_>| cases.apply(overlay, key, (input, None), &POLICY, now());
    match serde_json::from_slice::<Observation>(line) {
        Ok(Observation::Finding(finding)) => vec![one(&finding.subject.key, Input::Finding(&finding))],
        Ok(Observation::Evidence(evidence)) => vec![one(&evidence.subject.key, Input::Evidence(&evidence))],
        Ok(Observation::Receipt(receipt)) => {
            let keys = cases.scanned(None, &receipt);
            keys.iter()
                .map(|key| one(key, Input::Receipt(&receipt)))
                .collect()
        }
        Err(_) => event(line).map_or_else(Vec::new, |event| {
            vec![one(&event.subject_key, Input::Event(&event))]
        }),
    }
}

fn event(line: &[u8]) -> Option<TaskEvent> {
    let raw: RawEvent = serde_json::from_slice(line).ok()?;
    TaskEvent::try_from(raw).ok()
}

fn check(applied: &[Applied], revisions: &mut BTreeMap<String, u64>) {
    for told in applied.iter().flat_map(|applied| &applied.tasks) {
        let task = told.task();
        let last = revisions.insert(task.task_id.to_string(), task.revision);
        assert!(
            last.is_none_or(|last| last < task.revision),
            "a revision that went back"
        );
    }
}

/// Commits, and holds that a replica that only read the ledger has the same.
fn settle(cases: &mut Partition, written: &mut Partition, mut overlay: Overlay) {
    for (key, value) in overlay.ledger_records(&POLICY) {
        written
            .restore(key.as_str().as_bytes(), value.as_deref(), &POLICY)
            .expect("what was written can be read");
    }
    cases.commit(overlay, &POLICY);
    written.verify(Some(&cases.proof(None))).expect("the same cases");
    for (ours, theirs) in cases.cases().zip(written.cases()) {
        let told = ours.tasks().map(|task| Task {
            explain: None,
            ..task.into_owned()
        });
        assert!(told.eq(theirs.tasks().map(Cow::into_owned)), "the same tasks");
    }
}
