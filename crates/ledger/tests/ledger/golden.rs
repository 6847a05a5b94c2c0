//! The golden ledger records of every version: what an old reeve wrote is read for ever.

use reeve_domain::observation::Statement;
use reeve_domain::task::TaskState;
use reeve_ledger::{Case, LEDGER_VERSION, Partition};
use serde_json::Value;

use crate::links::{by_sha1, by_value};
use crate::net::{Fault, Net};
use crate::support::{SECRET, at, at_once, audit, known, leak, live, says};
use crate::world::World;

const GOLDEN: &str = include_str!("golden_v1.json");
/// A case that has taken over what came under an alias, and the redirect that stands under that alias.
const GOLDEN_TIES: &str = include_str!("golden_v2.json");

/// Claimed, proven, seen alive again, acknowledged: a little of everything.
fn history() -> World {
    let mut world = World::new(at_once(), 30);
    world.give(leak(1));
    world.knows(known("team/payments"));
    world.give(says(SECRET, "mara", "claimed", 3, r#"{"note":"rotated"}"#));
    world.give(audit(Statement::Disabled, 5));
    world.give(live(20));
    world.give(says(SECRET, "mara", "acknowledged", 22, "null"));
    world
}

/// What the policy decides has golden files of its own.
fn undecided(record: &mut Value) {
    for tasks in ["tasks", "handed"] {
        for task in record[tasks].as_array_mut().into_iter().flatten() {
            for decided in [
                "priority",
                "actions",
                "evidence_required",
                "path",
                "frameworks",
                "config_sha256",
                "route",
            ] {
                task.as_object_mut().unwrap().remove(decided);
            }
        }
    }
    for tracked in record["facts"]["tracked"].as_object_mut().unwrap().values_mut() {
        tracked.as_object_mut().unwrap().remove("decided_from");
    }
}

fn written(case: &Case) -> Value {
    let text = reeve_ledger::ledger_record(&mut case.clone(), at_once());
    serde_json::from_slice(&text).unwrap()
}

/// Seen by its hash, then by its value, then by its hash again.
fn joined() -> Net {
    let mut net = Net::new(at_once(), Fault::None);
    net.now = at(30);
    net.give(by_sha1(1));
    net.give(by_value(3));
    net.give(by_sha1(4));
    net
}

#[test]
fn this_version_writes_the_golden_records() {
    let golden: Value = serde_json::from_str(GOLDEN_TIES).unwrap();
    let net = joined();
    let written: Vec<Value> = net.cases.values().flatten().map(written).collect();
    assert_eq!(
        written.len(),
        golden.as_array().unwrap().len() + 1,
        "and the redirect of an alias that nobody used"
    );
    for (mut golden, mut written) in golden
        .as_array()
        .unwrap()
        .iter()
        .cloned()
        .zip(written.into_iter().skip(1))
    {
        undecided(&mut golden);
        undecided(&mut written);
        assert_eq!(written, golden);
    }
}

#[test]
fn a_case_without_other_keys_is_written_as_ever() {
    let mut golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let mut written = written(history().case.as_ref().unwrap());
    undecided(&mut golden);
    undecided(&mut written);
    golden["ledger_version"] = written["ledger_version"].clone();
    assert_eq!(written, golden);
}

#[test]
fn golden_ties_are_read_and_go_on() {
    let golden: Value = serde_json::from_str(GOLDEN_TIES).unwrap();
    let mut net = joined();
    for record in golden.as_array().unwrap() {
        let key = record["subject_key"].as_str().unwrap();
        let mut partition = Partition::default();
        partition
            .restore(key.as_bytes(), Some(record.to_string().as_bytes()), at_once())
            .unwrap();
        assert_eq!(partition.len(), usize::from(record["kind"] == "case"));
        net.cases
            .insert(key.parse().unwrap(), partition.cases().next().cloned());
    }
    net.give(by_sha1(6));
    assert_eq!((net.living().len(), net.living()[0].sightings.count), (1, 4));
}

#[test]
fn the_golden_record_is_read_and_goes_on() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!((golden["ledger_version"].as_u64(), LEDGER_VERSION), (Some(1), 2));
    let mut partition = Partition::default();
    partition
        .restore(SECRET.as_bytes(), Some(GOLDEN.as_bytes()), at_once())
        .unwrap();
    let mut world = history();
    world.case = partition.cases().next().cloned();
    assert_eq!(
        (world.task().cycle, world.task().state),
        (2, TaskState::Acknowledged)
    );
    world.give(audit(Statement::Deleted, 25));
    assert_eq!(
        (world.task().state, world.task().verified_at),
        (TaskState::Verified, Some(at(25)))
    );
}
