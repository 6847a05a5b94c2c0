//! The fold is confluent: whatever order a small history arrives in, the same case stands at its end.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reeve_domain::observation::{Exposure, Statement};
use reeve_ledger::Case;
use serde_json::{Value, json};

use crate::support::{
    SECRET, Step, USER, at, at_once, audit, by_first_report, failed, in_report, leak, live, of_user, on_line,
    passed, proof, says, seen_by,
};
use crate::world::World;

/// What must not depend on the order of arrival.
fn projection(case: Option<&Case>) -> BTreeMap<String, Value> {
    let tasks = case.into_iter().flat_map(Case::tasks);
    tasks
        .map(|task| {
            let causes: Vec<_> = task.causes.iter().map(|cause| json!([cause, cause.cleared_by.is_some()])).collect();
            let body = json!({
                "state": task.state, "cycle": task.cycle, "closure": task.closure, "verified_at": task.verified_at,
                "causes": causes, "evidence": task.evidence, "sightings": task.sightings,
                "due": [task.deadlines.contain_by, task.deadlines.remediate_by], "band": task.priority.band,
                "score": task.priority.score, "first_detected_at": task.first_detected_at, "title": task.title,
                "acknowledged_at": task.acknowledged_at, "claimed_at": task.claimed_at, "claims": task.claims,
                "route": task.route, "blocked": task.blocked, "owner": task.owners.resolver,
            });
            (task.issue_type.to_string(), body)
        })
        .collect()
}

fn outcome(steps: &[Step]) -> BTreeMap<String, Value> {
    let mut world = World::new(at_once(), 200);
    for step in steps {
        world.give(step.clone());
    }
    projection(world.case.as_ref())
}

/// Every order of `rest` after `first`; the first order that ends elsewhere, if there is one.
fn check_orders(
    first: &[Step],
    rest: &[Step],
    run: impl Fn(&[Step]) -> BTreeMap<String, Value>,
) -> Result<usize, String> {
    let mut expected: Option<BTreeMap<String, Value>> = None;
    let mut orders = 0;
    for order in permutations(rest.len()) {
        let steps: Vec<_> = first
            .iter()
            .cloned()
            .chain(order.iter().map(|&index| rest[index].clone()))
            .collect();
        let end = run(&steps);
        orders += 1;
        match &expected {
            None => expected = Some(end),
            Some(expected) if *expected != end => {
                return Err(format!(
                    "order {order:?} of {steps:?} ends elsewhere: {}",
                    differences(expected, &end)
                ));
            }
            Some(_) => {}
        }
    }
    Ok(orders)
}

fn differences(left: &BTreeMap<String, Value>, right: &BTreeMap<String, Value>) -> String {
    let mut text = String::new();
    for issue in left.keys().chain(right.keys()) {
        let fields = left
            .get(issue)
            .or(right.get(issue))
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        for name in fields.map(|(name, _)| name) {
            let [a, b] = [left, right].map(|side| side.get(issue).map(|body| &body[name]));
            if a != b {
                text += &format!("\n{issue}.{name}: {a:?} ≠ {b:?}");
            }
        }
    }
    text
}

fn permutations(length: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for index in 0..length {
        let longer = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |place| {
                let mut longer = order.clone();
                longer.insert(place, index);
                longer
            })
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

fn subsets(alphabet: &[Step], size: usize) -> Vec<Vec<Step>> {
    let chosen = |bits: u32| (0..alphabet.len()).filter(move |index| bits & (1 << index) != 0);
    (0..1_u32 << alphabet.len())
        .filter(|bits| bits.count_ones() as usize == size)
        .map(|bits| chosen(bits).map(|index| alphabet[index].clone()).collect())
        .collect()
}

/// A leaked key: unknown, live, in several places, disabled, deleted, found dead, used.
fn leak_alphabet() -> Vec<Step> {
    vec![
        leak(1).into(),
        by_first_report(live(5), 1).into(),
        seen_by(on_line(leak(3), 99), Exposure::Public).into(),
        live(9).into(),
        audit(Statement::Disabled, 6).into(),
        audit(Statement::Deleted, 4).into(),
        proof("trufflehog-v3", Statement::Inactive, 10).into(),
        proof("trufflehog-v3", Statement::Inactive, 40).into(),
        audit(Statement::Used, 8).into(),
    ]
}

/// Two controls of a user: fail, pass, fail again, rights taken away, user deleted, one report that says both.
fn control_alphabet() -> Vec<Step> {
    vec![
        failed("IAM.1", 1).into(),
        failed("IAM.1", 12).into(),
        failed("IAM.2", 3).into(),
        in_report(failed("IAM.1", 50), 10_040).into(),
        passed("IAM.1", 5).into(),
        passed("IAM.1", 40).into(),
        of_user(audit(Statement::PrivilegeReduced, 6)).into(),
        of_user(audit(Statement::Deleted, 2)).into(),
    ]
}

#[test]
fn every_order_of_up_to_four_facts_about_a_leaked_key_ends_in_the_same_case() {
    for size in 2..=4 {
        for history in subsets(&leak_alphabet(), size) {
            check_orders(&[], &history, outcome).unwrap();
        }
    }
}

#[test]
fn every_order_of_up_to_four_facts_about_two_controls_ends_in_the_same_case() {
    for size in 2..=4 {
        for history in subsets(&control_alphabet(), size) {
            check_orders(&[], &history, outcome).unwrap();
        }
    }
}

#[test]
fn every_order_of_six_facts_of_two_long_histories_ends_in_the_same_case() {
    for alphabet in [leak_alphabet(), control_alphabet()] {
        let history = &alphabet[..6];
        assert_eq!(check_orders(&[], history, outcome).unwrap(), 720);
        let history = &alphabet[alphabet.len() - 6..];
        assert_eq!(check_orders(&[], history, outcome).unwrap(), 720);
    }
}

/// Between the two inputs there is no order: what people say once a task is known may arrive anywhere among the facts.
#[test]
fn words_of_people_may_arrive_anywhere_among_the_facts() {
    let words: [Step; 3] = [
        says(SECRET, "mara", "acknowledged", 2, "null").into(),
        says(SECRET, "mara", "claimed", 7, "null").into(),
        says(SECRET, "ines", "reassigned", 6, r#"{"to":"team/platform"}"#).into(),
    ];
    let facts: [Step; 3] = [
        audit(Statement::Disabled, 6).into(),
        live(9).into(),
        leak(3).into(),
    ];
    for word in subsets(&words, 2) {
        let rest: Vec<_> = word.into_iter().chain(facts.clone()).collect();
        check_orders(&[leak(1).into()], &rest, outcome).unwrap();
    }
    let first: [Step; 1] = [failed("IAM.1", 1).into()];
    let rest: [Step; 4] = [
        says(USER, "mara", "claimed", 2, "null").into(),
        says(USER, "mara", "blocked", 3, r#"{"reason":"contract"}"#).into(),
        of_user(audit(Statement::PrivilegeReduced, 6)).into(),
        failed("IAM.1", 12).into(),
    ];
    check_orders(&first, &rest, outcome).unwrap();
}

/// The negative control: a fold that takes the time of arrival for the time of the fact is caught by the same checker.
#[test]
fn a_fold_by_arrival_is_caught() {
    let by_arrival = |steps: &[Step]| {
        let mut steps = steps.to_vec();
        for (arrived, step) in steps.iter_mut().enumerate() {
            let now = at(1 + i64::try_from(arrived).unwrap());
            match step {
                Step::Finding(finding) => finding.observed_at = now,
                Step::Evidence(evidence) => evidence.observed_at = now,
                _ => {}
            }
        }
        outcome(&steps)
    };
    let history: [Step; 3] = [
        leak(1).into(),
        audit(Statement::Disabled, 6).into(),
        live(9).into(),
    ];
    assert!(check_orders(&[], &history, outcome).is_ok());
    assert!(check_orders(&[], &history, by_arrival).is_err());
}

fn any_fact() -> impl Strategy<Value = Step> {
    let statements = [
        Statement::Disabled,
        Statement::Deleted,
        Statement::Inactive,
        Statement::Active,
        Statement::Used,
    ];
    let hours = 0_i64..60;
    prop_oneof![
        (hours.clone(), 0_u64..3).prop_map(|(hours, line)| on_line(leak(hours), line).into()),
        (hours.clone(), 0_i64..60)
            .prop_map(|(hours, first)| by_first_report(live(hours), first.min(hours)).into()),
        (hours.clone(), proptest::sample::select(statements.to_vec()))
            .prop_map(|(hours, statement)| audit(statement, hours).into()),
        hours.prop_map(|hours| proof("trufflehog-v3", Statement::Inactive, hours).into()),
    ]
}

fn any_check() -> impl Strategy<Value = Step> {
    let rules = || proptest::sample::select(vec!["IAM.1", "IAM.2"]);
    let statements = [
        Statement::Disabled,
        Statement::Deleted,
        Statement::PrivilegeReduced,
        Statement::Used,
    ];
    let hours = 0_i64..80;
    prop_oneof![
        (rules(), hours.clone()).prop_map(|(rule, hours)| failed(rule, hours).into()),
        (rules(), hours.clone()).prop_map(|(rule, hours)| passed(rule, hours).into()),
        (rules(), hours.clone(), hours.clone()).prop_map(|(rule, hours, report)| in_report(
            failed(rule, hours),
            10_000 + report
        )
        .into()),
        (hours, proptest::sample::select(statements.to_vec()))
            .prop_map(|(hours, statement)| of_user(audit(statement, hours)).into()),
    ]
}

fn shuffled(fact: impl Strategy<Value = Step>) -> impl Strategy<Value = (Vec<Step>, Vec<Step>)> {
    proptest::collection::vec(fact, 2..9)
        .prop_flat_map(|history| (Just(history.clone()), Just(history).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_shuffled_history_of_a_leaked_key_ends_in_the_same_case((history, other) in shuffled(any_fact())) {
        let (left, right) = (outcome(&history), outcome(&other));
        prop_assert!(left == right, "{}", differences(&left, &right));
    }

    #[test]
    fn a_shuffled_history_of_two_controls_ends_in_the_same_case((history, other) in shuffled(any_check())) {
        let (left, right) = (outcome(&history), outcome(&other));
        prop_assert!(left == right, "{}", differences(&left, &right));
    }
}
