//! Removed from source: only by an equal, complete, later scan that no longer shows what one had shown before.

use reeve_domain::observation::{Finding, Receipt, Validity};
use reeve_domain::task::TaskState;
use reeve_ledger::{Input, Overlay, Partition};

use crate::links::{SHA1, VALUE, also, by_sha1, under};
use crate::net::{Fault, Net, ends};
use crate::support::{SECRET, Step, at, at_once, audit, in_report, leak, on_line, scan};
use crate::world::World;

fn dead(finding: Finding) -> Finding {
    Finding {
        validity: Validity::Inactive,
        ..finding
    }
}

/// A dead secret in report 1, its receipt, and then `second`.
fn state_after(first: Option<Receipt>, second: impl Into<Step>) -> TaskState {
    let mut world = World::new(at_once(), 200);
    world.give(dead(leak(1)));
    if let Some(first) = first {
        world.give(first);
    }
    world.give(second);
    world.restart();
    world.task().state
}

fn with(change: impl Fn(&mut Receipt)) -> Receipt {
    let mut receipt = scan(2, 20);
    change(&mut receipt);
    receipt
}

#[test]
fn an_equal_complete_later_scan_without_it_closes_what_is_dead() {
    assert_eq!(state_after(Some(scan(1, 1)), scan(2, 20)), TaskState::Verified);
}

#[test]
fn every_gap_in_the_coverage_leaves_it_open() {
    let gaps: [(&str, Receipt); 7] = [
        ("partial", with(|receipt| receipt.scope.complete = false)),
        (
            "other rules",
            with(|receipt| receipt.scope.ruleset = "other".to_owned()),
        ),
        ("unknown rules", with(|receipt| receipt.scope.ruleset.clear())),
        (
            "another branch",
            with(|receipt| receipt.scope.reference = Some("fix".to_owned())),
        ),
        (
            "another repository",
            with(|receipt| receipt.scope.id = "billing".to_owned()),
        ),
        (
            "another scanner",
            with(|receipt| receipt.source.format = "trufflehog-v3".to_owned()),
        ),
        ("earlier", with(|receipt| receipt.observed_at = at(0))),
    ];
    for (gap, second) in gaps {
        assert_eq!(state_after(Some(scan(1, 1)), second), TaskState::Open, "{gap}");
    }
    assert_eq!(
        state_after(None, scan(2, 20)),
        TaskState::Open,
        "no scan had shown it"
    );
    assert_eq!(
        state_after(Some(scan(1, 1)), scan(1, 1)),
        TaskState::Open,
        "the report shows it"
    );
}

/// One record may hold the reports of several scans.
#[test]
fn a_scan_shows_only_what_its_own_format_found_in_its_own_repository() {
    let mut elsewhere = dead(leak(1));
    elsewhere.location.repository = Some("billing".to_owned());
    let mut by_another = dead(leak(1));
    by_another.source.format = "trufflehog-v3".to_owned();
    for finding in [elsewhere, by_another] {
        let mut world = World::new(at_once(), 200);
        world.give(finding);
        world.give(scan(1, 1));
        world.give(scan(2, 20));
        assert_eq!(world.task().state, TaskState::Open);
    }
}

#[test]
fn what_may_be_live_is_not_closed_by_its_removal() {
    let mut world = World::new(at_once(), 200);
    world.give(leak(1));
    world.give(scan(1, 1));
    world.give(scan(2, 20));
    assert_eq!(world.task().state, TaskState::Open);
    assert_eq!(world.task().evidence.len(), 1);
    assert!(!world.task().evidence[0].accepted);
    world.give(audit(reeve_domain::observation::Statement::Disabled, 30));
    assert_eq!(world.task().state, TaskState::Verified);
}

#[test]
fn it_is_open_while_the_report_still_shows_it_elsewhere() {
    let mut world = World::new(at_once(), 200);
    world.give(dead(leak(1)));
    world.give(dead(on_line(leak(1), 99)));
    world.give(scan(1, 1));
    world.give(in_report(dead(on_line(leak(20), 99)), 2));
    world.give(scan(2, 20));
    assert_eq!(world.task().state, TaskState::Open);
    world.give(scan(3, 30));
    assert_eq!(world.task().state, TaskState::Verified);
}

#[test]
fn seen_again_it_opens_again_only_where_it_was_not_proven_dead() {
    let mut world = World::new(at_once(), 200);
    world.give(dead(leak(1)));
    world.give(scan(1, 1));
    world.give(scan(2, 20));
    world.give(dead(in_report(leak(40), 3)));
    assert_eq!(world.task().state, TaskState::Verified, "it lies in the history");
    world.give(crate::support::live(60));
    assert_eq!((world.task().state, world.task().cycle), (TaskState::Open, 2));
}

/// A receipt goes to every partition on its own way: it may overtake what its report says under an alias.
#[test]
fn every_interleaving_with_an_alias_ends_alike_and_never_closes_what_is_still_shown() {
    let value = also(in_report(under(VALUE, "gitleaks-v8", 1), 7), &[SHA1]);
    let shown = |hours, report| dead(in_report(by_sha1(hours), report));
    let of_baseline = |report, hours| {
        let mut receipt = scan(report, hours);
        receipt.source.format = "detect-secrets".to_owned();
        receipt.source.tool = "detect-secrets".to_owned();
        receipt
    };
    let still: [Step; 5] = [
        dead(value.clone()).into(),
        shown(2, 1).into(),
        of_baseline(1, 2).into(),
        shown(20, 2).into(),
        of_baseline(2, 20).into(),
    ];
    let gone: [Step; 4] = [
        dead(value).into(),
        shown(2, 1).into(),
        of_baseline(1, 2).into(),
        of_baseline(2, 20).into(),
    ];
    for (steps, cleared) in [(&still[..], 0), (&gone[..], 1)] {
        let mut net = Net::new(at_once(), Fault::Twice);
        steps.iter().for_each(|step| net.wait(step.clone()));
        for (_, net) in ends(net).0 {
            let task = &net.living()[0];
            let causes = task
                .causes
                .iter()
                .filter(|cause| cause.cleared_by.is_some())
                .count();
            assert_eq!(
                (net.living().len(), task.state, causes),
                (1, TaskState::Open, cleared)
            );
        }
    }
}

#[test]
fn a_partition_knows_whom_a_receipt_concerns_before_and_after_a_restart() {
    let policy = at_once();
    let (mut partition, mut overlay) = (Partition::default(), Overlay::default());
    let key = SECRET.parse().unwrap();
    let finding = dead(leak(1));
    partition.apply(
        &mut overlay,
        &key,
        (Input::Finding(&finding), None),
        policy,
        at(200),
    );
    assert_eq!(partition.scanned(Some(&overlay), &scan(1, 1)).len(), 1);
    assert!(partition.scanned(Some(&overlay), &scan(2, 20)).is_empty());
    partition.apply(
        &mut overlay,
        &key,
        (Input::Receipt(&scan(1, 1)), None),
        policy,
        at(200),
    );
    let records = overlay.ledger_records(policy);
    partition.commit(overlay, policy);
    let mut restored = Partition::default();
    for (key, value) in &records {
        restored
            .restore(key.as_str().as_bytes(), value.as_deref(), policy)
            .unwrap();
    }
    for partition in [&partition, &restored] {
        assert_eq!(partition.scanned(None, &scan(2, 20)).len(), 1);
        assert!(
            partition
                .scanned(None, &with(|receipt| receipt.scope.id = "billing".to_owned()))
                .is_empty()
        );
    }
    restored.restore(SECRET.as_bytes(), None, policy).unwrap();
    assert!(restored.scanned(None, &scan(2, 20)).is_empty());
}
