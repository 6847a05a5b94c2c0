//! Who is told when nothing happens, each step once.

use reeve_domain::priority::Band;
use reeve_domain::time::Timestamp;
use reeve_policy::{Clocks, Rung};

use crate::alert::{SHIPPED, now as start};

const HOUR: i64 = 3_600;

fn clocks(now_h: i64) -> Clocks {
    Clocks {
        band: Band::P1,
        first_detected_at: start(),
        opened_at: start(),
        contain_by: Some(at(4)),
        remediate_by: at(24),
        ownerless_since: None,
        claimed_at: None,
        blocked_since: None,
        now: at(now_h),
    }
}

fn at(hours: i64) -> Timestamp {
    start().plus_seconds(hours * HOUR)
}

fn rungs(clocks: Clocks) -> Vec<Rung> {
    SHIPPED.ladder(&clocks)
}

fn find(rungs: &[Rung], step: &str) -> Rung {
    rungs
        .iter()
        .find(|rung| rung.step == step)
        .unwrap_or_else(|| panic!("no {step} in {rungs:?}"))
        .clone()
}

#[test]
fn the_ladder_climbs_at_shares_of_both_deadlines() {
    let steps: Vec<(String, i64, String)> = rungs(clocks(0))
        .into_iter()
        .map(|rung| (rung.step, rung.at.seconds_since(start()) / 60, rung.to))
        .collect();
    let expected = [
        ("contain_50", 120, "resolver"),
        ("contain_80", 192, "control_owner"),
        ("contain_100", 240, "business_owner"),
        ("remediate_50", 720, "resolver"),
        ("remediate_80", 1_152, "control_owner"),
        ("remediate_100", 1_440, "business_owner"),
        ("overdue+4h", 1_680, "executive"),
        ("older_than", 180 * 1_440, "executive"),
    ];
    assert_eq!(
        steps,
        expected.map(|(step, minutes, to)| (step.to_owned(), minutes, to.to_owned()))
    );
}

#[test]
fn repeats_that_were_missed_collapse_into_one() {
    let overdue = |now_h| {
        let all = rungs(clocks(now_h)).into_iter().map(|rung| rung.step);
        all.filter(|step| step.starts_with("overdue")).collect::<Vec<_>>()
    };
    assert_eq!(overdue(24), ["overdue+4h"]);
    assert_eq!(overdue(28), ["overdue+4h", "overdue+8h"]);
    assert_eq!(overdue(24 + 400), ["overdue+400h", "overdue+404h"]);
    assert!(rungs(clocks(24 + 100_000)).len() < 12);
}

#[test]
fn a_step_keeps_its_name_and_time_however_often_it_is_asked_for() {
    for now_h in [0, 2, 30, 1_000] {
        let rung = find(&rungs(clocks(now_h)), "remediate_80");
        assert_eq!(
            (rung.at, rung.level),
            (start().plus_seconds(24 * HOUR * 80 / 100), 2)
        );
    }
}

#[test]
fn blocked_goes_one_level_above_what_the_clock_had_reached() {
    let blocked = |at_h: i64| {
        let rung = find(
            &rungs(Clocks {
                blocked_since: Some(at(at_h)),
                ..clocks(at_h)
            }),
            "blocked",
        );
        assert_eq!(rung.at, at(at_h));
        (rung.to, rung.level)
    };
    assert_eq!(blocked(1), ("control_owner".to_owned(), 2));
    assert_eq!(blocked(5), ("executive".to_owned(), 4));
    assert_eq!(blocked(2), ("control_owner".to_owned(), 2));
    assert_eq!(blocked(100), ("executive".to_owned(), 4));
}

#[test]
fn nobody_owning_it_has_a_clock_of_its_own() {
    let rungs = rungs(Clocks {
        ownerless_since: Some(at(10)),
        ..clocks(10)
    });
    assert_eq!(find(&rungs, "ownerless_50").to, "class_owner");
    assert_eq!(find(&rungs, "ownerless_50").at, at(12));
    assert_eq!(find(&rungs, "ownerless_80").to, "platform_owner");
    assert_eq!(find(&rungs, "ownerless_100").to, "executive");
}

#[test]
fn a_claim_without_evidence_is_told_to_the_control_owner() {
    let rungs = rungs(Clocks {
        claimed_at: Some(at(1)),
        ..clocks(1)
    });
    let rung = find(&rungs, "claimed_without_evidence");
    assert_eq!((rung.at, rung.to.as_str()), (at(49), "control_owner"));
}

#[test]
fn no_step_is_earlier_than_the_task() {
    let late = rungs(Clocks {
        opened_at: at(500),
        ..clocks(500)
    });
    assert!(late.iter().all(|rung| rung.at >= at(500)));
    assert!(late.windows(2).all(|pair| pair[0].at <= pair[1].at));
}
