//! One subject, several keys: whatever comes first, one task stands at the end, with the oldest clock and every sighting.

use reeve_domain::event::EventType;
use reeve_domain::key::{Alias, Strength, SubjectKey};
use reeve_domain::observation::{Evidence, Finding, Statement};
use reeve_domain::task::{Change, Task, TaskState};
use reeve_ledger::{Case, Partition};

use crate::net::{Fault, Net, ends};
use crate::support::{Step, at, at_once, audit, leak, live, says, shipped, subject};

/// The key of the value itself.
pub(crate) const VALUE: &str = "secret:value:hmac:k/value";
/// The keys of its SHA-1 and of another hash.
pub(crate) const SHA1: &str = "secret:value:hmac:k/sha1";
pub(crate) const HMSL: &str = "secret:value:hmac:k/hmsl";
/// A key by a public part, of which the value is an alias.
pub(crate) const PUBLIC: &str = "secret:aws:access-key:AKIAY34FZKBOKMUTVV7A";
pub(crate) const PLACE: &str = "secret:location:file:payments/deploy.sh/generic";

pub(crate) fn strong(key: &str) -> Alias {
    Alias {
        key: key.parse().unwrap(),
        strength: Strength::Strong,
    }
}

pub(crate) fn under(key: &str, format: &str, hours: i64) -> Finding {
    let mut finding = leak(hours);
    finding.subject = subject(key);
    finding.source.format = format.to_owned();
    finding.source.reference = format!("{format}-{hours}");
    finding
}

pub(crate) fn also(mut finding: Finding, aliases: &[&str]) -> Finding {
    finding.aliases = aliases.iter().map(|key| strong(key)).collect();
    finding
}

/// A scanner that carries the value.
pub(crate) fn by_value(hours: i64) -> Finding {
    also(under(VALUE, "gitleaks-v8", hours), &[SHA1, HMSL])
}

/// A scanner that carries its SHA-1 alone.
pub(crate) fn by_sha1(hours: i64) -> Finding {
    under(SHA1, "detect-secrets", hours)
}

/// A scanner that carries another hash alone.
pub(crate) fn by_hmsl(hours: i64) -> Finding {
    under(HMSL, "gitguardian", hours)
}

pub(crate) fn of(mut evidence: Evidence, key: &str) -> Evidence {
    evidence.subject = subject(key);
    evidence
}

pub(crate) fn waiting(steps: &[Step], fault: Fault) -> Net {
    let mut net = Net::new(at_once(), fault);
    steps.iter().for_each(|step| net.wait(step.clone()));
    net
}

/// The one end of every interleaving.
#[track_caller]
pub(crate) fn one_end(steps: &[Step], fault: Fault) -> Net {
    let (mut ends, _) = ends(waiting(steps, fault));
    let texts: Vec<_> = ends.iter().map(|(end, _)| format!("{end:#}")).collect();
    assert_eq!(ends.len(), 1, "several ends:\n{}", texts.join("\n---\n"));
    ends.remove(0).1
}

#[track_caller]
pub(crate) fn one_task(net: &Net, sightings: u64, first: i64) {
    let living = net.living();
    assert_eq!(living.len(), 1, "{:?}", net.last());
    assert_eq!(living[0].sightings.count, sightings);
    assert_eq!(living[0].first_detected_at, at(first));
    assert_eq!(net.rejects, 0);
}

/// The value was deleted before anybody reported it, and its hash had a task that was told of.
#[test]
fn a_task_that_is_closed_by_what_another_key_knew_says_that_it_is_verified() {
    let mut net = Net::new(shipped(), Fault::None);
    net.now = at(1);
    net.give(by_sha1(1));
    net.tick(2);
    net.give(of(audit(Statement::Deleted, 3), VALUE));
    net.now = at(4);
    net.give(by_value(4));
    net.settle();
    let living = net.living();
    assert_eq!(living.len(), 1);
    let told: Vec<_> = net
        .records
        .iter()
        .filter(|task| task.task_id == living[0].task_id)
        .collect();
    assert_eq!(
        told.iter().map(|task| task.change).collect::<Vec<_>>(),
        [Change::Opened, Change::Merged, Change::Verified]
    );
}

pub(crate) fn histories() -> Vec<(Vec<Step>, u64, i64)> {
    vec![
        (vec![by_value(5).into(), by_sha1(2).into()], 2, 2),
        (
            vec![
                by_value(5).into(),
                by_value(9).into(),
                by_sha1(2).into(),
                by_sha1(7).into(),
            ],
            4,
            2,
        ),
        (
            vec![by_value(5).into(), by_sha1(2).into(), by_hmsl(1).into()],
            3,
            1,
        ),
        (
            vec![
                by_value(5).into(),
                of(audit(Statement::Deleted, 8), VALUE).into(),
                by_sha1(2).into(),
            ],
            2,
            2,
        ),
        (
            vec![
                by_value(5).into(),
                of(audit(Statement::Deleted, 8), SHA1).into(),
                by_sha1(2).into(),
            ],
            2,
            2,
        ),
        (
            vec![by_value(5).into(), of(audit(Statement::Disabled, 8), SHA1).into()],
            1,
            5,
        ),
    ]
}

#[test]
fn every_interleaving_of_findings_under_several_keys_ends_in_one_task() {
    for (steps, sightings, first) in histories() {
        let net = one_end(&steps, Fault::None);
        one_task(&net, sightings, first);
        assert_eq!(net.living()[0].subject.key.as_str(), VALUE);
    }
}

#[test]
fn a_second_delivery_of_every_event_changes_nothing() {
    for (steps, sightings, first) in histories() {
        one_task(&one_end(&steps, Fault::Twice), sightings, first);
    }
}

#[test]
fn a_restart_between_any_two_inputs_changes_nothing() {
    for (steps, sightings, first) in histories() {
        one_task(&one_end(&steps, Fault::Restarts), sightings, first);
        let told = |fault| {
            let mut net = Net::new(at_once(), fault);
            steps.iter().for_each(|step| net.give(step.clone()));
            net.tick(300);
            net.records.iter().map(unstamped).collect::<Vec<_>>()
        };
        assert_eq!(told(Fault::Restarts), told(Fault::None));
    }
}

/// A task but for when the values behind its points were seen: without its receipt, which no ledger keeps, it is decided anew.
fn unstamped(task: &Task) -> serde_json::Value {
    let mut task = serde_json::to_value(task).unwrap();
    let factors = task["priority"]["factors"].as_array_mut();
    factors
        .into_iter()
        .flatten()
        .for_each(|factor| drop(factor["as_of"].take()));
    task
}

/// The negative control: a record that lacks anything gives another case, or none.
#[test]
fn a_restart_that_forgets_anything_is_seen() {
    let mut net = Net::new(at_once(), Fault::None);
    net.give(by_value(5));
    net.give(by_sha1(2));
    net.give(says(VALUE, "mara", "claimed", 10, r#"{"note":"rotated"}"#));
    for (key, case) in &net.cases {
        let record = written(&mut case.clone()).unwrap();
        assert_eq!(written(&mut restored(key, &record)), Some(record.clone()));
        let filled = record.iter().filter(|(_, value)| !value.is_null());
        for (field, _) in filled.filter(|(field, _)| *field != "ledger_version") {
            let mut lacking = record.clone();
            lacking.remove(field);
            let again = written(&mut restored(key, &lacking));
            assert_ne!(again, Some(record.clone()), "{key}: {field}");
        }
    }
}

type Record = serde_json::Map<String, serde_json::Value>;

fn written(case: &mut Option<Case>) -> Option<Record> {
    let text = reeve_ledger::ledger_record(case.as_mut()?, at_once());
    serde_json::from_slice(&text).ok()
}

fn restored(key: &SubjectKey, record: &Record) -> Option<Case> {
    let mut partition = Partition::default();
    let text = serde_json::to_vec(record).unwrap();
    let read = partition.restore(key.as_str().as_bytes(), Some(&text), at_once());
    read.ok().and_then(|()| partition.case(None, key).cloned())
}

/// The negative control: whoever loses one kind of event is seen.
#[test]
fn an_event_that_is_lost_between_the_partitions_is_seen() {
    let steps = [by_value(5).into(), by_sha1(2).into(), by_sha1(7).into()];
    for lost in [EventType::Link, EventType::Merge, EventType::Sighting] {
        let (found, _) = ends(waiting(&steps, Fault::Loses(lost)));
        let whole = |net: &Net| net.living().len() == 1 && net.living()[0].sightings.count == 3;
        assert!(!found.iter().all(|(_, net)| whole(net)), "{lost} is not missed");
    }
}

#[test]
fn the_task_that_was_opened_first_lives_on_with_its_name_its_words_and_its_clock() {
    let mut net = Net::new(at_once(), Fault::Restarts);
    net.now = at(10);
    net.give(by_sha1(2));
    let old = net.living()[0].clone();
    net.give(says(SHA1, "mara", "acknowledged", 10, "null"));
    net.now = at(20);
    net.give(by_value(15));
    one_task(&net, 2, 2);
    let task = net.living()[0].clone();
    assert_eq!((&task.task_id, task.opened_at), (&old.task_id, at(10)));
    assert_eq!(task.state, TaskState::Acknowledged);
    assert_eq!(task.subject.key.as_str(), VALUE);
    assert!(task.deadlines.remediate_by <= old.deadlines.remediate_by);
    let ended = net
        .last()
        .into_values()
        .find(|task| task.state == TaskState::Merged)
        .cloned()
        .unwrap();
    assert_eq!(ended.merged_into.as_ref(), Some(&task.task_id));
    // the ticket still names the key and the task it knows
    let mut claim = says(SHA1, "mara", "claimed", 21, "null");
    claim.task_id = Some(old.task_id);
    net.now = at(22);
    net.give(claim);
    let mut claim = says(VALUE, "mara", "note", 22, r#"{"note":"x"}"#);
    claim.task_id = Some(ended.task_id);
    net.give(claim);
    assert_eq!(net.rejects, 0);
    assert_eq!(net.living()[0].state, TaskState::Claimed);
    assert_eq!(net.living()[0].claims.len(), 3);
}

#[test]
fn a_hash_that_comes_after_the_value_opens_no_task() {
    let mut net = Net::new(at_once(), Fault::None);
    net.give(by_value(5));
    net.give(by_sha1(2));
    one_task(&net, 2, 2);
    assert_eq!(net.last().len(), 1);
    assert_eq!(
        net.cases[&SHA1.parse().unwrap()]
            .as_ref()
            .unwrap()
            .redirected_to()
            .unwrap()
            .as_str(),
        VALUE
    );
}

#[test]
fn evidence_under_an_alias_closes_the_task_of_the_value_and_a_sign_of_life_reopens_it() {
    let mut net = Net::new(at_once(), Fault::Twice);
    net.give(by_value(5));
    net.give(by_sha1(2));
    net.give(of(audit(Statement::Disabled, 9), SHA1));
    assert_eq!(net.living()[0].state, TaskState::Verified);
    let mut again = live(30);
    again.subject = subject(SHA1);
    net.give(again);
    assert_eq!(
        (net.living()[0].state, net.living()[0].cycle),
        (TaskState::Open, 2)
    );
}

#[test]
fn what_is_held_when_its_keys_meet_opens_as_one_task() {
    for steps in [
        [Step::from(by_sha1(2)), by_value(5).into()],
        [by_value(5).into(), by_sha1(2).into()],
    ] {
        let mut net = Net::new(shipped(), Fault::Restarts);
        steps.into_iter().for_each(|step| net.give(step));
        assert!(net.last().is_empty(), "it waits for its context");
        net.tick(201);
        one_task(&net, 2, 2);
        assert_eq!(net.last().len(), 1);
    }
}

#[test]
fn a_closed_task_hands_over_its_proof() {
    for fault in [Fault::None, Fault::Twice] {
        let mut net = Net::new(at_once(), fault);
        net.give(by_sha1(2));
        net.give(of(audit(Statement::Deleted, 3), SHA1));
        let closed = net.living()[0].clone();
        assert_eq!(closed.state, TaskState::Verified);
        net.now = at(201);
        net.give(by_value(5));
        one_task(&net, 2, 2);
        let task = &net.living()[0];
        assert_eq!(
            (&task.task_id, task.state),
            (&closed.task_id, TaskState::Verified)
        );
    }
}
