//! Until when, by band, from the first report.

use reeve_domain::priority::Band;
use reeve_policy::Due;

use crate::alert::{SHIPPED, leaked_key, now};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn check(band: Band, contain: Option<i64>, remediate: i64) {
    let due = SHIPPED.due(band, now());
    assert_eq!(
        due.contain_by,
        contain.map(|seconds| now().plus_seconds(seconds)),
        "{band}"
    );
    assert_eq!(due.remediate_by, now().plus_seconds(remediate), "{band}");
}

#[test]
fn each_band_has_the_time_that_the_policy_gives_it() {
    check(Band::P1, Some(4 * HOUR), 24 * HOUR);
    check(Band::P2, Some(24 * HOUR), 3 * DAY);
    check(Band::P3, None, 14 * DAY);
    check(Band::P4, None, 60 * DAY);
    check(Band::P5, None, 90 * DAY);
}

#[test]
fn an_upgrade_never_gives_more_time_than_before() {
    let policy = &*SHIPPED;
    let old = policy.due(Band::P3, now());
    let soon = policy.upgraded(old, Band::P1, now().plus_seconds(DAY));
    assert_eq!(soon.remediate_by, now().plus_seconds(2 * DAY));
    assert_eq!(soon.contain_by, Some(now().plus_seconds(DAY + 4 * HOUR)));
    let late = policy.upgraded(old, Band::P1, now().plus_seconds(13 * DAY + 12 * HOUR));
    assert_eq!(late.remediate_by, old.remediate_by);
    let kept = Due {
        contain_by: Some(now()),
        ..old
    };
    assert_eq!(policy.upgraded(kept, Band::P1, now()).contain_by, Some(now()));
}

#[test]
fn the_deadline_is_written_as_arithmetic() {
    let triage = leaked_key().triage(&SHIPPED);
    assert_eq!(
        triage.explain.deadline,
        "P1, first reported 2026-03-01T00:00:00Z; + 4 h = contain by 2026-03-01T04:00:00Z; \
         + 24 h = remediate by 2026-03-02T00:00:00Z (wall clock)"
    );
    assert_eq!(triage.remediate_by, now().plus_seconds(DAY));
}
