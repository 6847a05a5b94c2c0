//! Deadlines, ladders and ends: each step once, whatever restarts lie between.

use reeve_domain::context::Environment;
use reeve_domain::observation::{Exposure, Statement};
use reeve_domain::priority::Band;
use reeve_domain::task::{Change, TaskState};
use reeve_ledger::{Noted, next_due};

use crate::support::{DAY, HOUR, at, at_once, audit, by_first_report, known, leak, live, seen_by};
use crate::world::World;

#[test]
fn the_clock_is_the_first_report_and_the_earliest_wins() {
    let mut world = World::new(at_once(), 100);
    world.give(by_first_report(leak(50), 40));
    let due = world.task().deadlines.remediate_by;
    world.give(by_first_report(leak(60), 30));
    assert_eq!(world.task().deadlines.remediate_by, due.plus_seconds(-10 * HOUR));
    assert_eq!(world.task().first_detected_at, at(30));
}

#[test]
fn an_upgrade_gives_the_new_band_from_then_on_and_never_more_time_than_before() {
    let mut world = World::new(at_once(), 400);
    world.give(leak(1));
    assert_eq!(
        (world.task().priority.band, world.task().deadlines.remediate_by),
        (Band::P3, at(1).plus_seconds(14 * DAY))
    );
    world.give(seen_by(by_first_report(live(240), 1), Exposure::Public));
    assert_eq!(world.task().priority.band, Band::P1);
    let out_of = by_first_report(live(240), 1).first_detected_at;
    assert_eq!(
        world.task().deadlines.remediate_by,
        out_of.plus_seconds(DAY),
        "its own first report was at the clock"
    );
    let mut world = World::new(at_once(), 400);
    world.give(seen_by(leak(1), Exposure::Public));
    let before = world.task().deadlines.remediate_by;
    world.give(audit(Statement::Active, 240));
    assert_eq!(world.task().priority.band, Band::P1);
    assert_eq!(
        world.task().deadlines.remediate_by,
        before.min(at(240).plus_seconds(DAY))
    );
}

#[test]
fn an_inventory_that_raises_the_band_gives_time_from_then_on() {
    let mut world = World::new(at_once(), 100);
    world.give(leak(1));
    let before = world.task().deadlines;
    let mut knowledge = known("team/payments");
    knowledge.context.environment = Some(Environment::Production);
    knowledge.context.privilege = Some(reeve_domain::context::Privilege::Total);
    world.knows(knowledge.clone());
    assert_eq!(world.task().priority.band, Band::P2);
    assert_eq!(
        world.task().deadlines.remediate_by,
        at(100).plus_seconds(3 * DAY).min(before.remediate_by)
    );
    knowledge.context.environment = Some(Environment::Development);
    knowledge.context.privilege = Some(reeve_domain::context::Privilege::Limited);
    world.knows(knowledge);
    assert!(world.task().priority.band > Band::P2);
    assert!(world.task().deadlines.remediate_by >= before.remediate_by);
}

#[test]
fn a_deadline_that_passes_twice_across_two_restarts_escalates_once_per_step() {
    let mut world = World::new(at_once(), 1);
    world.give(live(1));
    let mut steps = Vec::new();
    for hours in (2..40).chain(40..45) {
        for _ in 0..2 {
            world.restart();
            for record in world.tick(hours).tasks {
                assert_eq!(record.task().change, Change::Escalated);
                assert!(
                    record.task().explain.is_some(),
                    "the body is always the whole task"
                );
            }
        }
    }
    steps.extend(
        world
            .task()
            .escalation
            .history
            .iter()
            .map(|step| step.step.clone()),
    );
    let once: std::collections::BTreeSet<_> = steps.iter().collect();
    assert_eq!(once.len(), steps.len(), "{steps:?}");
    assert!(steps.iter().any(|step| step == "remediate_50"));
}

#[test]
fn missed_steps_collapse_into_one_record() {
    let mut world = World::new(at_once(), 1);
    world.give(leak(1));
    let out = world.tick(24 * 20);
    assert_eq!(
        (out.tasks.len(), out.tasks[0].task().change),
        (1, Change::Escalated)
    );
    assert!(out.tasks[0].task().escalation.history.len() >= 3);
    assert_eq!(
        out.noted
            .iter()
            .filter(|noted| matches!(noted, Noted::Escalated { .. }))
            .count(),
        1
    );
    assert!(world.tick(24 * 20).tasks.is_empty());
}

#[test]
fn a_tick_touches_only_what_is_due() {
    let mut world = World::new(at_once(), 1);
    world.give(leak(1));
    let due = next_due(world.case.as_ref().unwrap(), world.policy).unwrap();
    world.now = due.plus_seconds(-1);
    let hours = (due.seconds_since(at(0)) - 1) / HOUR;
    assert!(!world.tick(hours.max(2)).changed || due <= at(hours.max(2)));
}

#[test]
fn a_new_cycle_climbs_the_ladder_from_its_foot() {
    let mut world = World::new(at_once(), 1);
    world.give(leak(1));
    world.tick(24 * 20);
    world.give(audit(Statement::Disabled, 24 * 20));
    assert_eq!(world.task().deadlines.next_escalation_at, None);
    world.now = at(24 * 21);
    world.give(live(24 * 21));
    assert_eq!((world.task().cycle, world.task().escalation.level), (2, 0));
    assert!(
        world
            .tick(24 * 26)
            .tasks
            .iter()
            .any(|task| task.task().change == Change::Escalated)
    );
}

#[test]
fn a_closing_that_lasts_is_sustained_shrinks_and_is_forgotten() {
    let mut world = World::new(at_once(), 10);
    world.give(leak(1));
    world.give(audit(Statement::Disabled, 5));
    let out = world.tick(24 * 31);
    assert_eq!(
        (out.tasks[0].task().change, world.task().state),
        (Change::Sustained, TaskState::Sustained)
    );
    world.restart();
    assert!(world.task().context.sources.is_empty() && world.task().explain.is_none());
    world.now = at(24 * 60);
    world.give(leak(24 * 60));
    assert_eq!(
        world.task().state,
        TaskState::Sustained,
        "a stub still knows a repeat"
    );
    world.tick(24 * 95);
    world.now = at(24 * 100);
    world.give(live(24 * 100));
    assert_eq!(
        (world.task().state, world.task().cycle),
        (TaskState::Open, 2),
        "and a reopening"
    );
    world.give(audit(Statement::Deleted, 24 * 100 + 1));
    world.now = at(24 * 100 + 2);
    world.give(audit(Statement::Deleted, 24 * 100 + 1));
    world.tick(24 * 501);
    assert!(world.case.is_none(), "a tombstone");
}
