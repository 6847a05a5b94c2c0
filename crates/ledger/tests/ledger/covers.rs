//! What may close or cover a task without a machine's proof: reviews, false positives, exceptions.

use reeve_domain::observation::{Finding, IssueType, Statement};
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::Reason;
use reeve_domain::task::{Change, Closure, TaskState};

use crate::events::{check_refused, leaked, tell};
use crate::support::{at, at_once, audit, leak, live, on_line};
use crate::world::World;

fn review() -> World {
    let mut world = World::new(at_once(), 10);
    world.give(Finding {
        issue_type: IssueType::AccessUnreviewed,
        ..leak(1)
    });
    world
}

#[test]
fn a_review_closes_only_where_no_machine_can_prove_it_and_never_by_the_claimant() {
    let body = r#"{"document":"REV-7","reviewer":"ines"}"#;
    check_refused(&mut leaked(), "ines", "attestation", body, Reason::NotPermitted);
    let mut world = review();
    tell(&mut world, "mara", "claimed", 3, "null");
    check_refused(
        &mut world,
        "mara",
        "attestation",
        r#"{"document":"REV-7"}"#,
        Reason::NotPermitted,
    );
    check_refused(
        &mut world,
        "ines",
        "attestation",
        r#"{"document":" "}"#,
        Reason::InvalidEvent,
    );
    tell(&mut world, "mara", "attestation", 5, body);
    assert_eq!(
        (world.task().state, world.task().closure),
        (TaskState::Verified, Some(Closure::Attested))
    );
}

#[test]
fn a_false_positive_needs_a_reason_an_expiry_and_from_p2_up_a_second_person() {
    let until = r#""expires_at":"2026-03-01T00:00:00Z""#;
    let good = format!(r#"{{"reason":"test key","second":"ines",{until}}}"#);
    check_refused(
        &mut leaked(),
        "mara",
        "false_positive",
        &format!(r#"{{"reason":" ","second":"ines",{until}}}"#),
        Reason::InvalidEvent,
    );
    let past = r#"{"reason":"test key","second":"ines","expires_at":"2026-01-01T00:00:00Z"}"#;
    check_refused(
        &mut leaked(),
        "mara",
        "false_positive",
        past,
        Reason::InvalidEvent,
    );
    let far = r#"{"reason":"test key","second":"ines","expires_at":"2030-01-01T00:00:00Z"}"#;
    check_refused(&mut leaked(), "mara", "false_positive", far, Reason::InvalidEvent);
    let mut urgent = World::new(at_once(), 10);
    urgent.give(live(1));
    check_refused(&mut urgent, "mara", "false_positive", &good, Reason::NotPermitted);
    urgent.give(audit(Statement::Disabled, 2));
    let mut world = leaked();
    if world.task().priority.band <= reeve_domain::priority::Band::P2 {
        check_refused(
            &mut world,
            "mara",
            "false_positive",
            &format!(r#"{{"reason":"x","second":"mara",{until}}}"#),
            Reason::NotPermitted,
        );
    }
    let out = tell(&mut world, "mara", "false_positive", 6, &good);
    assert_eq!(
        (world.task().state, out.tasks[0].task().change),
        (TaskState::FalsePositive, Change::FalsePositive)
    );
    assert_eq!(world.give(leak(5)).outcome, Some(Outcome::Suppressed));
    assert_eq!(world.task().sightings.count, 2);
    world.give(on_line(leak(9), 99));
    assert_eq!(world.task().state, TaskState::Open, "a new cause is new evidence");
}

#[test]
fn an_exception_is_asked_by_one_approved_by_another_and_ends_by_itself() {
    let mut world = leaked();
    let ask = r#"{"exception_id":"x1","reason":"vendor","expires_at":"2026-01-03T00:00:00Z"}"#;
    tell(&mut world, "mara", "exception_requested", 3, ask);
    assert!(world.task().state.is_open());
    check_refused(
        &mut world,
        "mara",
        "exception_approved",
        r#"{"exception_id":"x1"}"#,
        Reason::NotPermitted,
    );
    // nobody is on record for having asked for it
    check_refused(
        &mut world,
        "ines",
        "exception_approved",
        r#"{"exception_id":"x2","requester":"mara","expires_at":"2026-01-03T00:00:00Z"}"#,
        Reason::InvalidEvent,
    );
    let out = tell(
        &mut world,
        "ines",
        "exception_approved",
        5,
        r#"{"exception_id":"x1"}"#,
    );
    assert_eq!(
        (out.tasks[0].task().change, world.task().state),
        (Change::Excepted, TaskState::Excepted)
    );
    assert_eq!(world.give(leak(6)).outcome, Some(Outcome::Suppressed));
    assert_eq!(world.task().sightings.count, 2);
    assert_eq!(
        reeve_ledger::next_due(world.case.as_ref().unwrap(), world.policy),
        Some(at(48))
    );
    world.tick(48);
    assert!(world.task().state.is_open());
    assert_eq!(world.task().exception, None);
}

#[test]
fn nobody_asks_in_the_name_of_another_and_approves_it() {
    let body = r#"{"exception_id":"x1","requester":"mara","expires_at":"2026-01-03T00:00:00Z"}"#;
    let mut world = leaked();
    tell(&mut world, "ines", "exception_requested", 3, body);
    for approver in ["ines", "mara"] {
        check_refused(
            &mut world,
            approver,
            "exception_approved",
            body,
            Reason::NotPermitted,
        );
    }
    tell(&mut world, "olaf", "exception_approved", 5, body);
    let task = world.task();
    assert_eq!(task.state, TaskState::Excepted);
    let second = task.claims.iter().map(|claim| claim.second.as_deref());
    assert_eq!(second.collect::<Vec<_>>(), [Some("mara"); 2]);
}

/// Asked by mara, approved by ines.
fn excepted(world: &mut World, hours: i64, body: &str) {
    tell(world, "mara", "exception_requested", hours, body);
    tell(world, "ines", "exception_approved", hours, body);
}

#[test]
fn no_exception_hides_what_is_verified_live() {
    let body = r#"{"exception_id":"x1","expires_at":"2026-02-01T00:00:00Z"}"#;
    let mut world = leaked();
    tell(&mut world, "mara", "exception_requested", 1, body);
    world.give(live(2));
    check_refused(
        &mut world,
        "ines",
        "exception_approved",
        body,
        Reason::NotPermitted,
    );
    let mut world = leaked();
    excepted(&mut world, 3, body);
    assert_eq!(world.task().state, TaskState::Excepted);
    assert_eq!(world.give(live(8)).outcome, Some(Outcome::Folded));
    assert!(world.task().state.is_open());
    tell(
        &mut world,
        "ines",
        "exception_revoked",
        9,
        r#"{"exception_id":"x1"}"#,
    );
    assert!(world.task().state.is_open());
}

#[test]
fn an_exception_under_which_nothing_is_seen_ends_by_itself_and_one_in_use_lasts() {
    let body = r#"{"exception_id":"x1","expires_at":"2026-06-01T00:00:00Z"}"#;
    for (seen_again, state) in [(false, TaskState::Open), (true, TaskState::Excepted)] {
        let mut world = leaked();
        excepted(&mut world, 5, body);
        if seen_again {
            world.now = at(24 * 60);
            world.give(leak(24 * 60));
        }
        world.tick(5 + 24 * 89);
        assert_eq!(world.task().state, TaskState::Excepted);
        world.tick(5 + 24 * 90);
        assert_eq!(world.task().state, state);
    }
}
