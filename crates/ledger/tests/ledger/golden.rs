//! The golden ledger record of version 1: what an old reeve wrote is read for ever.

use reeve_domain::observation::Statement;
use reeve_domain::task::TaskState;
use reeve_ledger::{LEDGER_VERSION, Partition};
use serde_json::Value;

use crate::support::{SECRET, at, at_once, audit, known, leak, live, says};
use crate::world::World;

const GOLDEN: &str = include_str!("golden_v1.json");

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

#[test]
fn this_version_writes_the_golden_record() {
    let world = history();
    let mut case = world.case.clone().unwrap();
    let text = reeve_ledger::ledger_record(&mut case, world.policy).unwrap();
    let mut written: Value = serde_json::from_slice(&text).unwrap();
    let mut golden: Value = serde_json::from_str(GOLDEN).unwrap();
    // What the policy decides has golden files of its own.
    for record in [&mut written, &mut golden] {
        for task in record["tasks"].as_array_mut().unwrap() {
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
        for tracked in record["facts"]["tracked"].as_object_mut().unwrap().values_mut() {
            tracked.as_object_mut().unwrap().remove("decided_from");
        }
    }
    assert_eq!(written, golden);
}

#[test]
fn the_golden_record_is_read_and_goes_on() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!((golden["ledger_version"].as_u64(), LEDGER_VERSION), (Some(1), 1));
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
