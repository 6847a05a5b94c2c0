//! What closes a task and what does not: proof does, say-so never does.

use reeve_domain::event::{Actor, ActorKind};
use reeve_domain::observation::{Evidence, EvidenceScope, Finding, IssueType, Statement, Validity};
use reeve_domain::outcome::Outcome;
use reeve_domain::reject::Reason;
use reeve_domain::task::{Change, Closure, Task, TaskState};
use reeve_ledger::Noted;

use crate::support::{
    SECRET, Step, USER, at, at_once, audit, failed, in_report, leak, live, of_user, on_line, passed, proof,
    says,
};
use crate::world::World;

/// The task after these steps.
fn after(steps: impl IntoIterator<Item = Step>) -> (World, Task) {
    let mut world = World::new(at_once(), 100);
    for step in steps {
        world.give(step);
    }
    let task = world.task();
    (world, task)
}

fn check_open(steps: impl IntoIterator<Item = Step>) {
    let (_, task) = after(steps);
    assert!(task.state.is_open(), "{:?}", task.evidence);
    assert_eq!((task.closure, task.verified_at), (None, None));
}

fn check_verified(steps: impl IntoIterator<Item = Step>) {
    let (world, task) = after(steps);
    assert_eq!(
        (task.state, task.closure),
        (TaskState::Verified, Some(Closure::Verified)),
        "{:?}",
        task.evidence
    );
    assert!(task.causes.iter().all(|cause| cause.cleared_by.is_some()));
    assert_eq!(world.records.last().unwrap().change, Change::Verified);
}

fn check_says(id: &str, body: &str) -> Step {
    says(SECRET, id, "evidence", 5, body).into()
}

#[test]
fn a_providers_audit_event_closes_and_names_itself_on_every_cause() {
    check_verified([
        leak(1).into(),
        on_line(leak(2), 9).into(),
        audit(Statement::Disabled, 5).into(),
    ]);
    let (_, task) = after([leak(1).into(), audit(Statement::Deleted, 5).into()]);
    assert_eq!(task.causes[0].cleared_by.as_deref(), Some("e-deleted-5"));
    assert_eq!(task.verified_at, Some(at(5)));
}

#[test]
fn a_persons_word_never_closes_whatever_level_it_claims() {
    let (world, task) = after([
        leak(1).into(),
        check_says("mara", r#"{"statement":"deleted","level":"E1"}"#),
    ]);
    assert!(task.state.is_open());
    let entry = &task.evidence[0];
    assert!(!entry.accepted && entry.why_not.is_some());
    assert_eq!(entry.level.as_str(), "E4");
    assert_eq!(world.records.last().unwrap().change, Change::Updated);
}

#[test]
fn an_automation_nobody_listed_may_not_prove_anything() {
    let mut world = World::new(at_once(), 10);
    world.give(leak(1));
    let mut event = says(SECRET, "bot", "evidence", 5, r#"{"statement":"deleted"}"#);
    event.actor = Actor {
        id: "bot".to_owned(),
        kind: ActorKind::Automation,
    };
    let out = world.give(event.clone());
    assert_eq!(out.reject.unwrap().reason, Reason::NotPermitted);
    event.actor.id = "connector".to_owned();
    event.event_id = "listed".to_owned();
    assert_eq!(
        world.give(event).reject.unwrap().reason,
        Reason::NotPermitted,
        "it may not say `deleted`"
    );
    let mut event = says(SECRET, "bot", "evidence", 5, r#"{"statement":"disabled"}"#);
    event.actor = Actor {
        id: "connector".to_owned(),
        kind: ActorKind::Automation,
    };
    world.give(event);
    assert_eq!(world.task().state, TaskState::Verified);
}

#[test]
fn two_scans_without_verification_close_nothing() {
    let silent = |hours| Finding {
        validity: Validity::Unknown,
        ..live(hours)
    };
    check_open([silent(1).into(), silent(40).into()]);
    let dead = |hours| proof("trufflehog-v3", Statement::Inactive, hours);
    check_open([silent(1).into(), dead(2).into(), dead(40).into(), dead(80).into()]);
}

#[test]
fn live_and_then_not_live_in_the_same_source_closes_with_a_second_look_a_day_later() {
    let dead = |hours| proof("trufflehog-v3", Statement::Inactive, hours);
    check_open([live(1).into(), dead(2).into()]);
    check_open([live(1).into(), dead(2).into(), dead(3).into()]);
    check_verified([live(1).into(), dead(2).into(), dead(27).into()]);
    check_open([live(1).into(), dead(2).into(), live(10).into(), dead(27).into()]);
}

#[test]
fn a_pass_closes_only_its_own_rule() {
    let passes = |rule| [passed(rule, 5).into(), passed(rule, 40).into()];
    let both = || [failed("IAM.1", 1).into(), failed("IAM.2", 1).into()];
    check_open(both().into_iter().chain(passes("IAM.1")));
    check_verified(both().into_iter().chain(passes("IAM.1")).chain(passes("IAM.2")));
    let (_, task) = after(both().into_iter().chain(passes("IAM.1")));
    let cleared: Vec<_> = task
        .causes
        .iter()
        .map(|cause| (cause.rule.as_str(), cause.cleared_by.is_some()))
        .collect();
    assert!(cleared.contains(&("IAM.1", true)) && cleared.contains(&("IAM.2", false)));
}

#[test]
fn audit_events_of_one_batch_count_each_for_its_own_time() {
    let mut granted = in_report(failed("PutUserPolicy", 1), 40);
    let mut revoked = of_user(audit(Statement::PrivilegeReduced, 5));
    granted.source.format.clone_from(&revoked.source.format);
    revoked.provenance = granted.provenance.clone();
    check_verified([granted.into(), revoked.into()]);
}

#[test]
fn a_pass_and_a_fail_of_one_control_in_one_report_count_as_no_pass() {
    let in_one = |fail: Finding| {
        [
            failed("IAM.1", 1).into(),
            fail.into(),
            passed("IAM.1", 5).into(),
            passed("IAM.1", 40).into(),
        ]
    };
    check_verified(in_one(in_report(failed("IAM.1", 2), 777)));
    check_open(in_one(in_report(failed("IAM.1", 4), 10_005)));
    check_open(in_one(failed("IAM.1", 40)));
}

#[test]
fn what_failed_at_its_source_proves_nothing() {
    let errored = Evidence {
        errored: true,
        ..audit(Statement::Deleted, 5)
    };
    let (_, task) = after([leak(1).into(), errored.into()]);
    assert!(task.state.is_open());
    assert_eq!(
        task.evidence[0].why_not.as_deref(),
        Some("the source's action failed")
    );
}

/// GitHub's `resolution: revoked` is a person's word; its validity check still says `active`.
#[test]
fn a_state_counts_only_if_it_is_newer_than_the_last_sign_of_life() {
    check_open([live(6).into(), audit(Statement::Disabled, 5).into()]);
    check_verified([live(4).into(), audit(Statement::Disabled, 5).into()]);
    check_open([
        leak(1).into(),
        audit(Statement::Disabled, 5).into(),
        audit(Statement::Used, 6).into(),
    ]);
    let resolved = check_says("github", r#"{"statement":"rotated"}"#);
    check_open([
        Finding {
            validity: Validity::Active,
            ..leak(4)
        }
        .into(),
        resolved,
    ]);
}

#[test]
fn a_deletion_counts_whenever_it_happened_and_before_anybody_knew() {
    check_verified([live(6).into(), audit(Statement::Deleted, 5).into()]);
    let (world, task) = after([audit(Statement::Deleted, 2).into(), leak(5).into()]);
    assert_eq!(task.state, TaskState::Verified);
    let changes: Vec<_> = world
        .records
        .iter()
        .map(|record| (record.change, record.state, record.revision))
        .collect();
    assert_eq!(
        changes,
        [
            (Change::Opened, TaskState::Open, 1),
            (Change::Verified, TaskState::Verified, 2)
        ]
    );
}

#[test]
fn a_statement_that_does_not_fit_the_issue_closes_nothing() {
    check_open([
        failed("IAM.1", 1).into(),
        of_user(audit(Statement::Rotated, 5)).into(),
    ]);
    check_verified([
        failed("IAM.1", 1).into(),
        of_user(audit(Statement::PrivilegeReduced, 5)).into(),
    ]);
}

#[test]
fn claimed_is_still_open_and_a_ticket_never_verifies() {
    let (world, task) = after([
        leak(1).into(),
        says(SECRET, "mara", "claimed", 3, r#"{"note":"rotated it"}"#).into(),
    ]);
    assert_eq!(task.state, TaskState::Claimed);
    assert!(task.state.is_open());
    assert_eq!(world.records.last().unwrap().change, Change::Claimed);
    assert_eq!(task.claimed_at, Some(at(3)));
}

#[test]
fn seen_alive_again_the_same_task_reopens_in_its_next_cycle() {
    let mut world = World::new(at_once(), 100);
    world.give(leak(1));
    let first = world.task().task_id;
    world.give(says(SECRET, "mara", "claimed", 3, "null"));
    let out = world.give(audit(Statement::Disabled, 5));
    assert!(matches!(out.noted[..], [Noted::Verified { .. }]));
    let out = world.give(live(30));
    let task = world.task();
    assert_eq!(
        (task.task_id.as_str(), task.cycle, task.state),
        (first.as_str(), 2, TaskState::Open)
    );
    assert_eq!(out.tasks[0].task().change, Change::Reopened);
    assert!(matches!(out.noted[..], [Noted::Reopened { .. }]));
    assert_eq!(
        (task.claimed_at, task.claims.len(), task.first_detected_at),
        (None, 1, at(1))
    );
    assert!(
        task.deadlines.remediate_by > at(30),
        "the new cycle has its own clock"
    );
}

#[test]
fn a_scan_of_old_history_without_a_sign_of_life_is_a_repeat() {
    let mut world = World::new(at_once(), 100);
    world.give(leak(1));
    world.give(audit(Statement::Disabled, 5));
    let records = world.records.len();
    let out = world.give(leak(50));
    assert_eq!((out.outcome, out.tasks.len()), (Some(Outcome::Folded), 0));
    assert_eq!(
        (
            world.task().state,
            world.task().sightings.count,
            world.records.len()
        ),
        (TaskState::Verified, 2, records)
    );
    world.give(live(3));
    assert_eq!(
        (world.task().state, world.task().cycle),
        (TaskState::Verified, 1),
        "seen before it was proven"
    );
}

#[test]
fn a_control_that_fails_again_reopens_without_any_sign_of_life() {
    let mut world = World::new(at_once(), 100);
    world.give(failed("IAM.1", 1));
    world.give(of_user(audit(Statement::PrivilegeReduced, 5)));
    world.give(of_user(audit(Statement::Used, 9)));
    assert_eq!(
        world.task().state,
        TaskState::Verified,
        "a user in use is no privilege given back"
    );
    world.give(failed("IAM.1", 30));
    assert_eq!((world.task().state, world.task().cycle), (TaskState::Open, 2));
    assert_eq!(world.case.as_ref().unwrap().key().as_str(), USER);
}

#[test]
fn the_proof_that_closes_a_task_does_not_make_it_less_urgent_than_it_was() {
    let mut world = World::new(at_once(), 1);
    world.give(live(1));
    let before = world.task().priority.band;
    world.give(audit(Statement::Deleted, 2));
    assert_eq!(world.task().state, TaskState::Verified);
    assert_eq!(world.task().priority.band, before);
}

#[test]
fn nor_does_it_make_it_more_urgent() {
    let mut world = World::new(at_once(), 1);
    world.give(live(1));
    let urgent = world.task().priority.band;
    world.now = at(10);
    world.give(proof("trufflehog-v3", Statement::Inactive, 10));
    let found_dead = world.task().priority;
    assert!(world.task().state.is_open() && found_dead.band > urgent);
    world.now = at(40);
    world.give(proof("trufflehog-v3", Statement::Inactive, 40));
    assert_eq!(world.task().state, TaskState::Verified);
    assert_eq!(world.task().priority.band, found_dead.band);
    assert_eq!(world.task().priority.rules_fired, found_dead.rules_fired);
}

#[test]
fn fewer_rights_do_not_prove_a_second_factor_and_a_second_factor_does() {
    let weak = |hours: i64| {
        let mut finding = failed("IAM.5", hours);
        finding.issue_type = IssueType::WeakAuthentication;
        finding
    };
    let detached = of_user(audit(Statement::PrivilegeReduced, 2));
    check_open([weak(1).into(), detached.clone().into()]);
    check_verified([failed("IAM.1", 1).into(), detached.clone().into()]);
    let mut enabled = detached;
    enabled.scope = EvidenceScope::Rule("issue:weak_authentication".to_owned());
    check_verified([weak(1).into(), enabled.into()]);
}
