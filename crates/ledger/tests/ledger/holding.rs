//! A new task waits for its context, a little; and is amended when the answer comes, also in silence.

use reeve_domain::context::{Enrichment, EnrichmentStatus, Knowledge};
use reeve_domain::observation::{Exposure, Finding, IssueType};
use reeve_domain::task::{Change, TaskState};
use reeve_ledger::{Input, apply, next_due, wants_lookup};

use crate::support::{
    answered, at, at_once, failed, known, leak, live, on_line, seen_by, shipped, with_ledger,
};
use crate::world::World;

fn silent() -> Knowledge {
    let enrichment = Enrichment {
        status: EnrichmentStatus::Pending,
        missing: vec!["cmdb".to_owned()],
    };
    Knowledge {
        enrichment,
        ..Knowledge::default()
    }
}

fn held() -> World {
    let mut world = World::new(shipped(), 1);
    world.give(leak(1));
    world
}

#[test]
fn a_new_task_is_held_and_leaves_with_its_context() {
    let mut world = held();
    assert!(world.records.is_empty());
    world.give(on_line(leak(1), 9));
    assert!(world.records.is_empty());
    let case = world.case.as_ref().unwrap();
    assert!(wants_lookup(case, world.policy, world.now));
    assert_eq!(case.held_until(), Some(at(1).plus_seconds(3)));
    world.knows(known("team/payments"));
    assert_eq!(world.records.len(), 1);
    let task = &world.records[0];
    assert_eq!(
        (task.change, task.revision, task.sightings.count),
        (Change::Opened, 1, 2)
    );
    assert_eq!(task.enrichment.status, EnrichmentStatus::Complete);
    assert_eq!(task.owners.resolver.as_ref().unwrap().reference, "team/payments");
    assert!(!wants_lookup(
        world.case.as_ref().unwrap(),
        world.policy,
        world.now
    ));
}

#[test]
fn an_inventory_that_is_down_holds_no_longer_than_its_time_and_amends_in_silence() {
    let mut world = held();
    world.knows(silent());
    assert!(world.records.is_empty());
    world.restart();
    assert_eq!(
        next_due(world.case.as_ref().unwrap(), world.policy),
        Some(at(1).plus_seconds(3))
    );
    let out = world.tick(2);
    assert_eq!(out.tasks[0].task().enrichment.status, EnrichmentStatus::Pending);
    assert!(
        !out.tasks[0].task().ownerless,
        "no answer is not the answer that nobody owns it"
    );
    world.restart();
    assert!(wants_lookup(
        world.case.as_ref().unwrap(),
        world.policy,
        world.now
    ));
    let out = world.knows(known("team/payments"));
    assert_eq!(
        (out.tasks.len(), out.tasks[0].task().change),
        (1, Change::Updated)
    );
    assert_eq!(
        out.tasks[0].task().owners.resolver.as_ref().unwrap().reference,
        "team/payments"
    );
}

#[test]
fn what_a_rule_makes_most_urgent_is_never_held() {
    let mut world = World::new(shipped(), 1);
    world.give(seen_by(live(1), Exposure::Public));
    assert_eq!(world.records.len(), 1);
}

#[test]
fn nobody_owns_it_only_if_every_inventory_said_so() {
    let mut world = held();
    world.knows(answered());
    assert!(world.task().ownerless);
    assert_eq!(world.task().ownerless_since, Some(at(1)));
    world.knows(known("team/payments"));
    assert!(!world.task().ownerless && world.task().ownerless_since.is_none());
}

#[test]
fn silence_never_replaces_an_answer() {
    let mut world = held();
    world.knows(known("team/payments"));
    let out = world.knows(silent());
    assert!(!out.changed);
    assert_eq!(
        world.task().owners.resolver.as_ref().unwrap().reference,
        "team/payments"
    );
    assert_eq!(world.task().state, TaskState::Open);
}

#[test]
fn an_answer_goes_stale_and_is_asked_for_again() {
    let mut world = held();
    world.knows(known("team/payments"));
    let case = world.case.as_ref().unwrap();
    assert!(!wants_lookup(case, world.policy, at(24)));
    assert!(
        wants_lookup(case, world.policy, at(1 + 27)),
        "a day and at most a tenth"
    );
    let out = world.knows(known("team/payments"));
    assert!(
        out.changed && out.tasks.is_empty(),
        "the same answer is news only to the clock"
    );
}

#[test]
fn without_holding_a_task_leaves_at_once() {
    let policy = Box::leak(Box::new(with_ledger(&[("hold_ms: 3000", "hold_ms: 0")])));
    let mut world = World::new(policy, 1);
    world.give(leak(1));
    assert_eq!(world.records.len(), 1);
}

#[test]
fn an_owner_that_an_inventory_names_is_proof_for_an_identity_without_one() {
    let mut world = World::new(at_once(), 5);
    world.give(Finding {
        issue_type: IssueType::IdentityOrphaned,
        ..failed("orphan", 1)
    });
    world.knows(answered());
    assert!(world.task().state.is_open() && world.task().ownerless);
    world.now = at(9);
    world.knows(known("team/payments"));
    assert_eq!(
        (world.task().state, world.task().verified_at),
        (TaskState::Verified, Some(at(9)))
    );
}

#[test]
fn a_context_that_is_there_first_goes_out_with_the_first_record() {
    let (finding, knowledge) = (live(1), known("team/payments"));
    let input = Input::KnownFinding {
        finding: &finding,
        knowledge: &knowledge,
        at: at(1),
    };
    let applied = apply(&mut None, input, None, shipped(), at(1));
    assert_eq!(applied.tasks.len(), 1);
    assert_eq!(
        applied.tasks[0].task().enrichment.status,
        EnrichmentStatus::Complete
    );
    assert_eq!(
        applied.tasks[0]
            .task()
            .owners
            .resolver
            .as_ref()
            .unwrap()
            .reference,
        "team/payments"
    );
}
