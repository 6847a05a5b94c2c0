//! The receipt says everything in words and adds up by hand.

use reeve_domain::context::{FieldSource, SourceStatus};

use crate::alert::{SHIPPED, leaked_key, now};

#[test]
fn the_receipt_of_a_leaked_key_reads_as_a_calculation() {
    let alert = leaked_key().known_worst().with(|alert| {
        let from = FieldSource {
            source: "cmdb".to_owned(),
            as_of: now(),
        };
        alert
            .knowledge
            .context
            .provenance
            .insert("environment".to_owned(), from);
        alert.compensating_control = true;
    });
    let explain = alert.triage(&SHIPPED).explain;
    insta::assert_json_snapshot!(explain);
}

#[test]
fn the_receipt_tells_no_answer_from_no_owner() {
    let policy = &*SHIPPED;
    let silent = leaked_key().unanswered().triage(policy).explain;
    assert_eq!(silent.inventories, ["cmdb: has not answered"]);
    assert!(
        silent.owner[0].contains("not every inventory has answered"),
        "{:?}",
        silent.owner
    );
    let absent = leaked_key().answered(SourceStatus::Absent).triage(policy).explain;
    assert_eq!(
        absent.inventories,
        ["cmdb: says that it does not know it, as of 2026-03-01T00:00:00Z"]
    );
    assert!(
        absent.owner[0].contains("every inventory answered and none names one"),
        "{:?}",
        absent.owner
    );
}
