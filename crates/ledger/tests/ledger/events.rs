//! What people and tickets may say, once, and about what.

use reeve_domain::context::{IdentityClass, Knowledge};
use reeve_domain::event::ActorKind;
use reeve_domain::observation::{Finding, IssueType, Validity};
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::Reason;
use reeve_domain::task::{Change, GateStatus, TaskState};
use reeve_ledger::{Applied, Noted};

use crate::support::{SECRET, at, at_once, known, leak, owner, says};
use crate::world::World;

pub(crate) fn leaked() -> World {
    let mut world = World::new(at_once(), 10);
    world.give(leak(1));
    world
}

/// A leak of an account that several people share, with its owner known.
fn shared() -> World {
    let mut world = leaked();
    let mut knowledge = known("team/payments");
    knowledge.context.identity_class = Some(IdentityClass::SharedServiceAccount);
    knowledge.owners.business = Some(owner("group/finance"));
    world.knows(knowledge);
    world
}

pub(crate) fn tell(world: &mut World, who: &str, what: &str, hours: i64, body: &str) -> Applied {
    world.give(says(SECRET, who, what, hours, body))
}

/// What a system may not do by another name: who names the next one reassigns.
#[test]
fn who_may_not_reassign_disowns_without_naming_the_next_one() {
    let mut world = leaked();
    let told = |to: &str| {
        let mut event = says(SECRET, "helper", "disowned", 6, to);
        event.actor.kind = ActorKind::System;
        event
    };
    let out = world.give(told(r#"{"to":"team/other"}"#));
    assert_eq!(out.reject.map(|reject| reject.reason), Some(Reason::NotPermitted));
    let mut again = told("null");
    again.event_id.push('2');
    assert_eq!(world.give(again).reject, None);
}

pub(crate) fn check_refused(world: &mut World, who: &str, what: &str, body: &str, reason: Reason) {
    let records = world.records.len();
    let out = tell(world, who, what, 6, body);
    assert_eq!(
        out.reject.map(|reject| reject.reason),
        Some(reason),
        "{what} by {who}"
    );
    assert_eq!(
        (out.outcome, world.records.len()),
        (Some(Outcome::Rejected), records)
    );
}

#[test]
fn an_event_is_applied_once() {
    let mut world = leaked();
    let out = tell(&mut world, "mara", "acknowledged", 3, "null");
    assert_eq!(out.outcome, Some(Outcome::EventApplied));
    assert!(matches!(&out.noted[..], [Noted::Acknowledged(age)] if age.seconds == 2 * 3_600));
    let out = tell(&mut world, "mara", "acknowledged", 3, "null");
    assert_eq!(
        (out.outcome, out.tasks.len(), out.changed),
        (Some(Outcome::EventRepeated), 0, false)
    );
}

#[test]
fn an_event_about_nothing_known_is_refused() {
    let mut world = World::new(at_once(), 10);
    check_refused(&mut world, "mara", "claimed", "null", Reason::UnknownTask);
    world.give(leak(1));
    let mut event = says(SECRET, "mara", "claimed", 6, "null");
    event.task_id = Some("t-elsewhere".to_owned());
    assert_eq!(world.give(event).reject.unwrap().reason, Reason::UnknownTask);
    let mut event = says(SECRET, "mara", "evidence", 6, r#"{"statement":"deleted"}"#);
    event.task_id = Some("t-elsewhere".to_owned());
    assert_eq!(world.give(event).reject.unwrap().reason, Reason::UnknownTask);
}

#[test]
fn an_event_that_is_too_old_to_tell_from_a_repeat_is_stale() {
    let mut world = leaked();
    world.now = at(24 * 40);
    check_refused(&mut world, "mara", "claimed", "null", Reason::StaleEvent);
    let mut world = World::new(at_once(), 400);
    world.give(leak(1));
    for minute in 0..300 {
        let mut event = says(SECRET, "mara", "note", 100 + minute, "null");
        event.event_id = format!("n-{minute}");
        assert_eq!(world.give(event).outcome, Some(Outcome::EventApplied));
    }
    let mut event = says(SECRET, "mara", "note", 100, "null");
    event.event_id = "n-0".to_owned();
    assert_eq!(world.give(event).reject.unwrap().reason, Reason::StaleEvent);
}

#[test]
fn an_event_without_a_task_is_heard_by_every_open_task_of_the_subject() {
    let mut world = leaked();
    world.give(Finding {
        issue_type: IssueType::CredentialNotRotated,
        ..leak(2)
    });
    let out = tell(&mut world, "mara", "acknowledged", 3, "null");
    assert_eq!(out.tasks.len(), 2);
    assert!(
        out.tasks
            .iter()
            .all(|task| task.task().state == TaskState::Acknowledged)
    );
}

#[test]
fn what_is_not_mine_goes_to_the_next_and_stays_there_until_an_inventory_names_another() {
    let mut world = shared();
    assert_eq!(
        world.task().owners.resolver.as_ref().unwrap().reference,
        "team/payments"
    );
    let out = tell(&mut world, "mara", "disowned", 3, "null");
    assert_eq!(out.tasks[0].task().change, Change::Reassigned);
    assert_eq!(
        world.task().owners.resolver.as_ref().unwrap().reference,
        "group/finance"
    );
    assert!(!world.task().ownerless);
    tell(
        &mut world,
        "mara",
        "reassigned",
        4,
        r#"{"to":"team/platform","contact":"platform"}"#,
    );
    let resolver = |world: &World| world.task().owners.resolver.unwrap();
    assert_eq!(
        (
            resolver(&world).reference.as_str(),
            resolver(&world).source.as_str()
        ),
        ("team/platform", "event")
    );
    assert_eq!(
        world
            .task()
            .previous_route
            .as_ref()
            .map(|route| route.target.as_str()),
        Some("group/finance@example.org")
    );
    world.knows(known("team/payments"));
    assert_eq!(
        resolver(&world).reference,
        "team/platform",
        "the inventory says what it said before"
    );
    world.knows(known("team/ledger"));
    assert_eq!(resolver(&world).reference, "team/ledger");
}

#[test]
fn a_blocked_resolver_escalates_at_once_by_one_level_and_keeps_the_clock() {
    let mut world = leaked();
    let due = world.task().deadlines.remediate_by;
    let out = tell(&mut world, "mara", "blocked", 3, r#"{"reason":"no_authority"}"#);
    assert_eq!(
        (out.tasks.len(), out.tasks[0].task().change),
        (1, Change::Escalated)
    );
    assert!(matches!(out.noted[..], [Noted::Escalated { level: 2 }]));
    let task = world.task();
    assert_eq!(
        (
            task.escalation.level,
            task.escalation.history.len(),
            task.deadlines.remediate_by
        ),
        (2, 1, due)
    );
    assert!(task.blocked.is_some() && task.state.is_open());
    assert!(
        tell(&mut world, "mara", "claimed", 4, "null").tasks[0]
            .task()
            .blocked
            .is_none()
    );
}

#[test]
fn nobody_approves_their_own_request_or_their_own_work() {
    let mut world = shared();
    let gate = |world: &World| {
        world
            .task()
            .path
            .gates
            .iter()
            .find(|gate| gate.name == "business_approval")
            .unwrap()
            .status
    };
    assert_eq!(gate(&world), GateStatus::Required);
    tell(&mut world, "mara", "approval_requested", 3, "null");
    assert_eq!(gate(&world), GateStatus::Requested);
    check_refused(&mut world, "mara", "approved", "null", Reason::NotPermitted);
    check_refused(
        &mut world,
        "team/payments",
        "approved",
        "null",
        Reason::NotPermitted,
    );
    tell(&mut world, "tom", "claimed", 4, "null");
    check_refused(&mut world, "tom", "approved", "null", Reason::NotPermitted);
    check_refused(
        &mut world,
        "ines",
        "approved",
        r#"{"gate":"no_such_gate"}"#,
        Reason::InvalidEvent,
    );
    tell(&mut world, "ines", "approved", 5, "null");
    assert_eq!(gate(&world), GateStatus::Passed);
    check_refused(&mut world, "ines", "claimed", "null", Reason::NotPermitted);
}

#[test]
fn the_clock_stands_while_approval_is_awaited_and_goes_on_at_its_limit() {
    let mut world = shared();
    let due = world.task().deadlines.remediate_by;
    tell(&mut world, "mara", "approval_requested", 3, "null");
    assert_eq!(
        world.task().deadlines.paused.as_ref().unwrap().reason,
        "awaiting_business_approval"
    );
    tell(&mut world, "ines", "denied", 8, "null");
    assert_eq!(
        (
            world.task().deadlines.paused.is_none(),
            world.task().deadlines.remediate_by
        ),
        (true, due.plus_seconds(5 * 3_600))
    );
    let mut world = shared();
    tell(&mut world, "mara", "approval_requested", 3, "null");
    world.tick(3 + 73);
    assert!(world.task().deadlines.paused.is_none());
    assert_eq!(world.task().deadlines.remediate_by, due.plus_seconds(72 * 3_600));
}

#[test]
fn a_pre_check_that_nobody_made_is_not_safe() {
    let mut world = leaked();
    let knowledge = Knowledge {
        context: Default::default(),
        ..known("team/payments")
    };
    world.knows(knowledge);
    let gate = |world: &World| {
        world
            .task()
            .path
            .gates
            .iter()
            .find(|gate| gate.name == "pre_checks")
            .map(|gate| gate.status)
    };
    assert_eq!(gate(&world), Some(GateStatus::Required));
    check_refused(
        &mut world,
        "mara",
        "pre_check",
        r#"{"name":"horoscope","result":"no"}"#,
        Reason::InvalidEvent,
    );
    for (hours, name) in [(3, "batch_jobs"), (4, "scheduled_tasks")] {
        tell(
            &mut world,
            "mara",
            "pre_check",
            hours,
            &format!(r#"{{"name":"{name}","result":"no"}}"#),
        );
    }
    assert_eq!(gate(&world), Some(GateStatus::Required));
    tell(
        &mut world,
        "mara",
        "pre_check",
        5,
        r#"{"name":"incident_tooling","result":"no"}"#,
    );
    assert_eq!(gate(&world), Some(GateStatus::Passed));
}

#[test]
fn joining_subjects_is_nobodys_to_ask_yet() {
    check_refused(
        &mut leaked(),
        "mara",
        "link",
        r#"{"main":"identity:aws:user:123456789012/ci"}"#,
        Reason::NotPermitted,
    );
}

#[test]
fn a_finding_of_a_later_time_than_now_is_clamped() {
    let mut world = leaked();
    world.give(Finding {
        validity: Validity::Active,
        ..leak(5_000)
    });
    assert_eq!(world.task().sightings.last, at(10));
}
