//! Points, score, bands and rules of `risk-policy v1`.

use proptest::prelude::*;
use reeve_domain::context::{Criticality, Environment, Privilege};
use reeve_domain::key::{Class, Confidence};
use reeve_domain::observation::{Exposure, IssueType, Validity};
use reeve_domain::priority::{Band, Priority};
use reeve_policy::{ConfigTexts, Policy};

use crate::alert::{Alert, SHIPPED, admin_user, leaked_key, now};

fn decide(alert: &Alert) -> Priority {
    alert.triage(&SHIPPED).priority
}

/// By hand: what anyone can do with the record alone.
fn added_up(priority: &Priority) -> i32 {
    let counted: Vec<_> = priority
        .factors
        .iter()
        .filter(|factor| factor.applicable)
        .collect();
    let points: i32 = counted.iter().map(|factor| factor.points).sum();
    let max: i32 = counted.iter().map(|factor| factor.max).sum();
    let score = (f64::from(100 * points) / f64::from(max)).round() as i32;
    score.clamp(0, 100)
}

fn points(priority: &Priority, factor: &str) -> i32 {
    priority
        .factors
        .iter()
        .find(|row| row.factor == factor)
        .unwrap()
        .points
}

#[test]
fn the_worst_case_of_each_class_scores_a_hundred() {
    let secret = decide(&leaked_key().known_worst());
    assert_eq!((secret.score, secret.band), (100, Band::P1));
    let identity = decide(&admin_user().known_worst());
    assert_eq!((identity.score, identity.band), (100, Band::P1));
    let entitlement = decide(&admin_user().known_worst().of_class(Class::Entitlement));
    assert_eq!(entitlement.score, 100);
}

#[test]
fn the_published_points_are_the_ones_that_count() {
    let unknown = decide(&leaked_key().with(|alert| {
        alert.validity = Validity::Unknown;
        alert.exposure = Exposure::Unknown;
    }));
    let rows = [
        "exposure",
        "validity",
        "recency",
        "privilege",
        "environment",
        "blast_radius",
        "criticality",
    ];
    assert_eq!(rows.map(|row| points(&unknown, row)), [8, 12, 5, 10, 8, 5, 3]);
    assert_eq!(points(&unknown, "owner_unknown"), 5);
    // 8 + 12 + 5 + 10 + 8 + 5 + 3 + 5 of 100
    assert_eq!((unknown.score, unknown.band), (56, Band::P3));
    assert!(
        unknown
            .factors
            .iter()
            .filter(|row| row.max > 0)
            .all(|row| row.defaulted && row.applicable)
    );
}

#[test]
fn exposure_and_validity_leave_the_scale_where_they_cannot_apply() {
    let identity = decide(&admin_user());
    for factor in ["exposure", "validity"] {
        let row = identity.factors.iter().find(|row| row.factor == factor).unwrap();
        assert!(!row.applicable && row.points == 0);
    }
    // 5 + 10 + 8 + 5 + 3 + 5 of 60
    assert_eq!(identity.score, 60);
}

#[test]
fn steps_of_numbers_are_where_the_policy_puts_them() {
    let used = |days: i64| {
        let used_at = now().plus_seconds(-days * 86_400);
        points(
            &decide(&leaked_key().with(|alert| alert.knowledge.context.last_used_at = Some(used_at))),
            "recency",
        )
    };
    assert_eq!(
        [used(-1), used(7), used(8), used(90), used(91)],
        [10, 10, 6, 6, 3]
    );
    let dependents = |count| {
        let alert = leaked_key().with(|alert| alert.knowledge.context.dependents.count = Some(count));
        points(&decide(&alert), "blast_radius")
    };
    assert_eq!([0, 1, 2, 3, 9, 10].map(dependents), [0, 3, 3, 6, 6, 10]);
}

fn check_rule(alert: &Alert, id: &str, band: Band) {
    let priority = decide(alert);
    assert!(
        priority.rules_fired.iter().any(|fired| fired == id),
        "{id} not in {:?}",
        priority.rules_fired
    );
    assert_eq!(priority.band, band, "{id}");
}

fn check_no_rule(alert: &Alert, id: &str) {
    let fired = decide(alert).rules_fired;
    assert!(!fired.iter().any(|fired| fired == id), "{id} fired");
}

#[test]
fn verified_live_and_public_is_p1_and_neither_alone_is() {
    check_rule(&leaked_key(), "R1", Band::P1);
    check_no_rule(
        &leaked_key().with(|alert| alert.exposure = Exposure::Private),
        "R1",
    );
    check_no_rule(
        &leaked_key().with(|alert| alert.validity = Validity::Unknown),
        "R1",
    );
}

#[test]
fn a_suspected_compromise_is_p1_with_full_rights_or_in_production() {
    let suspected = admin_user().with(|alert| {
        alert.issue_type = IssueType::SuspectedCompromise;
        alert.suspected_misuse = true;
        alert.knowledge.context.privilege = Some(Privilege::Limited);
        alert.knowledge.context.environment = Some(Environment::Development);
    });
    check_no_rule(&suspected, "R2");
    check_rule(
        &suspected
            .clone()
            .with(|alert| alert.knowledge.context.privilege = Some(Privilege::Total)),
        "R2",
        Band::P1,
    );
    check_rule(
        &suspected.with(|alert| alert.knowledge.context.environment = Some(Environment::Production)),
        "R2",
        Band::P1,
    );
}

#[test]
fn a_live_credential_with_full_rights_is_p1_wherever_it_lies() {
    let alert = leaked_key().with(|alert| {
        alert.exposure = Exposure::Local;
        alert.knowledge.context.privilege = Some(Privilege::Total);
    });
    check_rule(&alert, "R3", Band::P1);
}

#[test]
fn a_dead_credential_is_at_most_p4_even_where_a_floor_speaks() {
    let dead = leaked_key().known_worst().with(|alert| {
        alert.validity = Validity::Inactive;
        alert.suspected_misuse = true;
    });
    check_rule(&dead, "R4", Band::P4);
    check_rule(&dead, "R2", Band::P4);
}

#[test]
fn a_decoy_is_investigated_and_never_rotated() {
    let decoy = leaked_key().known_worst().with(|alert| alert.honeytoken = true);
    let triage = decoy.triage(&SHIPPED);
    let actions: Vec<&str> = triage
        .actions
        .iter()
        .map(|action| action.action.as_str())
        .collect();
    assert_eq!(actions, ["investigate_only"]);
    assert_eq!(triage.route.queue, "detection-response");
    assert!(triage.priority.rules_fired.contains(&"R5".to_owned()));
}

#[test]
fn an_unknown_owner_never_lowers_priority() {
    let owned = decide(&leaked_key().owned_by("team/payments"));
    let unowned = decide(&leaked_key());
    assert_eq!(i32::from(unowned.score), i32::from(owned.score) + 5);
}

#[test]
fn the_root_user_has_every_right_without_an_inventory_saying_so() {
    let root =
        admin_user().with(|alert| alert.subject = crate::alert::subject("identity:aws:root:123456789012"));
    let row = decide(&root)
        .factors
        .into_iter()
        .find(|row| row.factor == "privilege")
        .unwrap();
    assert_eq!(
        (row.value.as_str(), row.points, row.source.as_str(), row.defaulted),
        ("total", 22, "subject", false)
    );
}

#[test]
fn a_weak_key_lowers_the_score_unless_the_credential_was_seen_working() {
    let weak = leaked_key().with(|alert| alert.subject.confidence = Confidence::Low);
    assert_eq!(points(&decide(&weak), "low_confidence"), 0);
    let unverified = weak.with(|alert| alert.validity = Validity::Unknown);
    assert_eq!(points(&decide(&unverified), "low_confidence"), -15);
}

#[test]
fn a_policy_in_which_ignorance_lowers_priority_is_refused() {
    let refused = |from: &str, to: &str| {
        let shipped = ConfigTexts::shipped();
        let text = shipped.text("priority.yaml").replacen(from, to, 1);
        assert_ne!(text, shipped.text("priority.yaml"), "nothing was changed");
        Policy::compile(&shipped.with("priority.yaml", text)).unwrap_err()[0]
            .message
            .clone()
    };
    assert!(refused("owner_unknown: 5", "owner_unknown: -5").contains("unknown owner may not lower"));
    assert!(refused("limited: 4, unknown: 10", "limited: 4, unknown: 3").contains("below every known value"));
    assert!(refused("over: 10", "over: 5").contains("points must rise"));
    assert!(refused("local: 2, ", "").contains("points are missing for `local`"));
    assert!(refused("P2: 60", "P2: 90").contains("falling from at most 100"));
}

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

prop_compose! {
    fn any_alert()(
        class in any_of(&[Class::Identity, Class::Secret, Class::Entitlement]),
        issue_type in any_of(IssueType::ALL),
        validity in any_of(Validity::ALL),
        exposure in any_of(Exposure::ALL),
        confidence in any_of(&[Confidence::Low, Confidence::Medium, Confidence::High]),
        (suspected_misuse, compensating_control, owned) in any::<(bool, bool, bool)>(),
        privilege in proptest::option::of(any_of(Privilege::ALL)),
        environment in proptest::option::of(any_of(Environment::ALL)),
        criticality in proptest::option::of(any_of(Criticality::ALL)),
        dependents in proptest::option::of(0u64..20),
        used in proptest::option::of(0i64..200),
    ) -> Alert {
        leaked_key().of_class(class).with(|alert| {
            alert.issue_type = issue_type;
            alert.validity = validity;
            alert.exposure = exposure;
            alert.subject.confidence = confidence;
            alert.suspected_misuse = suspected_misuse;
            alert.compensating_control = compensating_control;
            alert.knowledge.owners.resolver = owned.then(|| crate::alert::owner("team/a"));
            let context = &mut alert.knowledge.context;
            (context.privilege, context.environment, context.criticality) = (privilege, environment, criticality);
            context.dependents.count = dependents;
            context.last_used_at = used.map(|days| now().plus_seconds(-days * 86_400));
        })
    }
}

/// The values of every factor from the least risk to the most.
fn worse(alert: &Alert, factor: usize) -> Option<Alert> {
    let context = &alert.knowledge.context;
    let next = |order: &[&str], current: &str| {
        let at = order.iter().position(|word| *word == current)?;
        order.get(at + 1).map(|word| (*word).to_owned())
    };
    let known = alert.clone();
    match factor {
        0 => {
            let order = ["local", "private", "internal", "third_party", "public"];
            let word = next(&order, alert.exposure.as_str())?;
            Some(known.with(|alert| alert.exposure = Exposure::named(&word).unwrap()))
        }
        1 => {
            let word = next(&["inactive", "unknown", "active"], alert.validity.as_str())?;
            Some(known.with(|alert| alert.validity = Validity::named(&word).unwrap()))
        }
        2 => {
            let used = context.last_used_at?.plus_seconds(40 * 86_400).min(now());
            Some(known.with(|alert| alert.knowledge.context.last_used_at = Some(used)))
        }
        3 => {
            let order = [
                "limited",
                "read_sensitive",
                "write_sensitive",
                "escalation_path",
                "total",
            ];
            let word = next(&order, context.privilege?.as_str())?;
            Some(known.with(|alert| alert.knowledge.context.privilege = Privilege::named(&word)))
        }
        4 => {
            let word = next(
                &["development", "staging", "shared", "production"],
                context.environment?.as_str(),
            )?;
            Some(known.with(|alert| alert.knowledge.context.environment = Environment::named(&word)))
        }
        5 => {
            let count = context.dependents.count?;
            Some(known.with(|alert| alert.knowledge.context.dependents.count = Some(count + 4)))
        }
        6 => {
            let word = next(&["other", "tier2", "tier1"], context.criticality?.as_str())?;
            Some(known.with(|alert| alert.knowledge.context.criticality = Criticality::named(&word)))
        }
        _ => (!alert.suspected_misuse).then(|| known.with(|alert| alert.suspected_misuse = true)),
    }
}

proptest! {
    #[test]
    fn the_record_alone_gives_the_score(alert in any_alert()) {
        let priority = decide(&alert);
        prop_assert_eq!(i32::from(priority.score), added_up(&priority));
    }

    #[test]
    fn more_risk_never_lowers_the_score_or_the_band(alert in any_alert(), factor in 0usize..8) {
        if let Some(worse) = worse(&alert, factor) {
            let (before, after) = (decide(&alert), decide(&worse));
            prop_assert!(after.score >= before.score, "factor {}: {} → {}", factor, before.score, after.score);
            prop_assert!(after.band <= before.band, "factor {}: {} → {}", factor, before.band, after.band);
        }
    }

    #[test]
    fn to_know_nothing_never_scores_below_the_least_that_could_be_known(alert in any_alert()) {
        let least = alert.clone().with(|alert| {
            let context = &mut alert.knowledge.context;
            context.privilege = Some(Privilege::Limited);
            context.environment = Some(Environment::Development);
            context.criticality = Some(Criticality::Other);
            context.dependents.count = Some(0);
            context.last_used_at = Some(now().plus_seconds(-200 * 86_400));
        });
        let nothing = alert.with(|alert| alert.knowledge.context = Default::default());
        prop_assert!(decide(&nothing).score >= decide(&least).score);
    }
}
