//! A case has a size, whatever is thrown at it, and a repeat has a price that does not grow.

use reeve_domain::observation::{Finding, IssueType, Location, Statement};
use reeve_domain::outcome::Outcome;

use crate::links::{by_sha1, by_value, one_task};
use crate::net::{Fault, Net};
use crate::support::{SECRET, at, at_once, audit, failed, leak, live, on_line, says, with_ledger};
use crate::world::World;

#[test]
fn a_million_repeats_cost_no_replay_and_no_record() {
    let mut world = World::new(at_once(), 100);
    world.give(leak(1));
    let mut replays = 0;
    for n in 0..20_000_i64 {
        let mut repeat = leak(2);
        repeat.observed_at = at(2).plus_seconds(n);
        repeat.first_detected_at = at(1);
        let out = world.give(repeat);
        assert!(out.tasks.is_empty());
        replays += out.replays;
    }
    assert_eq!(
        (replays, world.task().sightings.count, world.records.len()),
        (0, 20_001, 1)
    );
}

#[test]
fn neither_words_nor_evidence_make_a_repeat_dear() {
    let mut world = World::new(at_once(), 300);
    for finding in [live(1), failed("IAM.1", 1)] {
        let key = finding.subject.key.to_string();
        world.case = None;
        world.records.clear();
        world.give(finding.clone());
        world.give(says(&key, "mara", "acknowledged", 2, "null"));
        let mut errored = audit(Statement::Deleted, 3);
        errored.errored = true;
        errored.subject = finding.subject.clone();
        world.give(errored);
        let mut replays = Vec::new();
        for n in 0..1_000_i64 {
            let mut repeat = finding.clone();
            repeat.observed_at = at(4).plus_seconds(n * 60);
            replays.push(world.give(repeat).replays);
        }
        assert!(replays.iter().sum::<u32>() <= 2, "{replays:?}");
        assert_eq!(world.task().sightings.count, 1_001);
    }
}

#[test]
fn a_hot_subject_with_a_new_line_each_time_settles_to_the_same_price() {
    let mut world = World::new(at_once(), 100);
    let mut replays = Vec::new();
    for line in 0..5_000 {
        let out = world.give(on_line(leak(2), line));
        assert_eq!(out.outcome, Some(Outcome::Folded));
        replays.push(out.replays);
    }
    assert_eq!(
        replays[100..].iter().sum::<u32>(),
        0,
        "beyond the bound the causes of a rule share a place"
    );
    assert_eq!(world.task().sightings.count, 5_000);
    assert!(world.task().causes.len() <= 65 && world.records.len() <= 66);
    world.give(audit(Statement::Disabled, 5));
    assert!(
        !world.task().state.is_open(),
        "what shares a place is cleared too"
    );
}

#[test]
fn a_case_stays_within_its_budget_and_reads_back() {
    let policy: &'static _ = Box::leak(Box::new(with_ledger(&[
        ("hold_ms: 3000", "hold_ms: 0"),
        ("case_bytes_max: 262144", "case_bytes_max: 20000"),
    ])));
    let mut world = World::new(policy, 300);
    for (number, issue) in [IssueType::SecretExposed, IssueType::CredentialNotRotated]
        .into_iter()
        .enumerate()
    {
        for line in 0..200_u64 {
            let mut finding = on_line(leak(2), line);
            finding.issue_type = issue;
            finding.location.path = Some(format!("{line}/{}", "x".repeat(2_000 + number)));
            world.give(finding);
        }
    }
    for hour in 3..200 {
        world.give(says(
            SECRET,
            "mara",
            "note",
            hour,
            &format!(r#"{{"note":"{}"}}"#, "n".repeat(5_000)),
        ));
    }
    let mut case = world.case.clone().unwrap();
    let text = reeve_ledger::ledger_record(&mut case, policy);
    assert!(text.len() <= 20_000, "{}", text.len());
    world.case = Some(case);
    world.restart();
    assert_eq!(world.task().sightings.count, 200);
    world.give(audit(Statement::Deleted, 250));
    assert!(
        world
            .case
            .as_ref()
            .unwrap()
            .tasks()
            .all(|task| !task.state.is_open())
    );
}

/// A record near its bound, which is a quarter of what a broker takes by default.
const NEAR_THE_BOUND: std::ops::Range<usize> = 200_000..270_000;

/// As long as a text may be, and each character of it four bytes.
fn longest(mut finding: Finding, line: u64) -> Finding {
    let long = || Some(format!("{line}/{}", "\u{1F511}".repeat(2_000)));
    finding.location = Location {
        repository: long(),
        path: long(),
        line: Some(line),
        commit: long(),
        resource: long(),
        region: long(),
    };
    finding.source.rule = long().unwrap_or_default();
    finding.title = long().unwrap_or_default();
    finding
}

/// As many as one task is shown to have.
const CAUSES: u64 = 64;

#[test]
fn no_task_and_no_ledger_record_is_more_than_a_broker_takes() {
    let mut world = World::new(at_once(), 300);
    let mut longest_body = 0;
    for line in 0..CAUSES {
        let out = world.give(longest(leak(2), line));
        longest_body = out
            .tasks
            .iter()
            .map(|told| told.body().len())
            .fold(longest_body, usize::max);
    }
    assert!(NEAR_THE_BOUND.contains(&longest_body), "{longest_body}");
    let told = world.records.last().unwrap();
    assert!(told.causes_left_out > 0);
    assert_eq!(told.causes.len() as u64 + told.causes_left_out, CAUSES);
    let mut case = world.case.clone().unwrap();
    let text = reeve_ledger::ledger_record(&mut case, at_once());
    assert!(text.len() < NEAR_THE_BOUND.end, "{}", text.len());
    world.give(audit(Statement::Deleted, 50));
    assert_eq!(
        (world.task().sightings.count, world.task().state.is_open()),
        (CAUSES, false)
    );
}

#[test]
fn facts_that_are_handed_over_are_no_more_than_a_broker_takes() {
    let mut net = Net::new(at_once(), Fault::None);
    for line in 0..100 {
        net.give(longest(by_sha1(2), line));
    }
    net.give(by_value(3));
    one_task(&net, 101, 2);
    assert!(
        NEAR_THE_BOUND.contains(&net.longest_event),
        "{}",
        net.longest_event
    );
}
