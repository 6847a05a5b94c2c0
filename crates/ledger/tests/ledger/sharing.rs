//! Causes that share a place: none of them is closed by what speaks of another, and no size is without a bound.

use reeve_domain::observation::{EvidenceScope, Finding, IssueType, Receipt, Statement, Validity};
use reeve_domain::task::TaskState;

use crate::support::{at_once, audit, in_report, leak, on_line, scan, with_ledger};
use crate::world::World;

fn dead(finding: Finding) -> Finding {
    Finding {
        validity: Validity::Inactive,
        ..finding
    }
}

fn small() -> &'static reeve_policy::Policy {
    Box::leak(Box::new(with_ledger(&[
        ("hold_ms: 3000", "hold_ms: 0"),
        ("case_bytes_max: 262144", "case_bytes_max: 17000"),
    ])))
}

fn of(repository: &str, mut finding: Finding) -> Finding {
    finding.location.repository = Some(repository.to_owned());
    finding.location.path = Some("p".repeat(250));
    finding
}

fn scan_of(repository: &str, report: i64, hours: i64) -> Receipt {
    let mut receipt = scan(report, hours);
    receipt.scope.id = repository.to_owned();
    receipt
}

/// Thirty places in each of two repositories, each repository scanned; then the case is cut to its budget.
fn two_repositories() -> World {
    let mut world = World::new(small(), 300);
    for (report, repository) in [(1, "payments"), (2, "billing")] {
        for line in 0..30 {
            let found = on_line(of(repository, dead(leak(report))), line);
            world.give(in_report(found, report));
        }
        world.give(scan_of(repository, report, report));
    }
    world.restart();
    world
}

#[test]
fn a_scan_of_one_repository_closes_nothing_that_another_holds_though_they_share_a_place() {
    let mut world = two_repositories();
    world.give(scan_of("payments", 3, 20));
    assert_eq!(world.task().state, TaskState::Open);
    world.restart();
    world.give(audit(Statement::Deleted, 50));
    assert_eq!(world.task().state, TaskState::Verified);
}

#[test]
fn a_scan_of_one_image_closes_nothing_beyond_the_bound_that_another_holds() {
    let image = |report, hours, id: &str| {
        let mut receipt = scan(report, hours);
        receipt.scope.kind = "image".to_owned();
        receipt.scope.id = id.to_owned();
        receipt
    };
    let mut world = World::new(at_once(), 300);
    for (report, id, lines) in [(1, "one", 0..70), (2, "two", 70..80)] {
        for line in lines {
            let mut found = on_line(dead(leak(report)), line);
            found.location.repository = None;
            world.give(in_report(found, report));
        }
        world.give(image(report, report, id));
    }
    world.give(image(3, 20, "one"));
    assert_eq!(world.task().state, TaskState::Open, "two was not scanned again");
}

/// What a stranger can put into names, in the longest characters there are.
#[test]
fn neither_a_task_nor_a_ledger_record_is_larger_than_a_broker_takes() {
    let mut world = World::new(at_once(), 300);
    let long = |number: u64| format!("{number}{}", "\u{1f512}".repeat(300));
    for issue in [IssueType::SecretExposed, IssueType::CredentialUnused] {
        for number in 0..70 {
            let mut finding = on_line(leak(2), number);
            finding.issue_type = issue;
            finding.source.rule = long(number);
            finding.source.reference = long(number);
            finding.source.format = long(number % 20);
            finding.title = long(number);
            let place = &mut finding.location;
            for part in [
                &mut place.repository,
                &mut place.path,
                &mut place.commit,
                &mut place.resource,
                &mut place.region,
            ] {
                *part = Some(long(number));
            }
            world.give(finding);
        }
    }
    let largest = world
        .records
        .iter()
        .map(|task| serde_json::to_vec(task).unwrap().len())
        .max();
    let policy = at_once();
    let text = reeve_ledger::ledger_record(world.case.as_mut().unwrap(), policy);
    assert!(text.len() <= policy.limits().case_bytes_max, "{}", text.len());
    assert!(largest <= Some(900_000), "{largest:?}");
    world.restart();
    let open = |world: &World| {
        let case = world.case.as_ref().unwrap();
        case.tasks().filter(|task| task.state.is_open()).count()
    };
    assert_eq!(open(&world), 2);
    let mut of_no_rule = audit(Statement::Deleted, 20);
    of_no_rule.scope = EvidenceScope::Rule(String::new());
    world.give(of_no_rule);
    assert_eq!(open(&world), 2, "it speaks of no rule");
    world.give(audit(Statement::Deleted, 30));
    assert_eq!(open(&world), 0);
}
