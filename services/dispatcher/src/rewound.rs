//! An input that begins before what the cases have seen of it: its topic was made anew, or its offsets were moved.

use reeve_ledger::{InputTopic, Partition};
use reeve_log::{RestoreError, Topic};

/// Refuses to take new records for repeats, unless told that they are new.
pub(crate) fn check(
    cases: &mut Partition,
    partition: i32,
    (topic, begins): (Topic, i64),
    accept_loss: bool,
) -> Result<(), RestoreError> {
    let input = input_topic(topic);
    let Some(seen) = cases.seen(input).filter(|seen| *seen >= begins) else {
        return Ok(());
    };
    let rewound = RestoreError::Rewound {
        partition,
        topic,
        begins,
        seen,
    };
    if !accept_loss {
        return Err(rewound);
    }
    tracing::error!(%partition, error = %rewound, "an input begins anew; its records are taken for new ones, as told");
    cases.forget_seen(input, begins);
    Ok(())
}

/// The input of the ledger that a topic is.
pub(crate) const fn input_topic(topic: Topic) -> InputTopic {
    match topic {
        Topic::TaskEvents => InputTopic::TaskEvents,
        _ => InputTopic::Findings,
    }
}

#[cfg(test)]
mod tests {
    use reeve_policy::{ConfigTexts, Policy};
    use serde_json::Value;

    use super::*;

    /// A case that has seen findings up to offset 2.
    fn cases() -> Partition {
        let written = include_str!("../../../crates/ledger/tests/ledger/golden_v2.json");
        let records: Vec<Value> = serde_json::from_str(written).unwrap();
        let record = &records[0];
        assert_eq!(record["applied"]["findings"], 2);
        let key = record["subject_key"].as_str().unwrap();
        let policy = Policy::compile(&ConfigTexts::shipped()).unwrap();
        let mut cases = Partition::default();
        cases
            .restore(key.as_bytes(), Some(record.to_string().as_bytes()), &policy)
            .unwrap();
        cases
    }

    #[test]
    fn an_input_that_begins_before_what_was_seen_is_refused_with_what_to_do() {
        let at = |begins| check(&mut cases(), 4, (Topic::Findings, begins), false);
        assert_eq!(at(3), Ok(()));
        assert_eq!(at(90), Ok(()), "records were lost, not rewound: the log tells");
        let refused = at(1).unwrap_err().to_string();
        assert!(
            refused.contains("reading of findings begins at offset 1, but the ledger has seen it up to 2"),
            "{refused}"
        );
    }

    #[test]
    fn as_told_its_records_are_new_ones() {
        let mut cases = cases();
        assert_eq!(check(&mut cases, 4, (Topic::Findings, 0), true), Ok(()));
        assert_eq!(cases.seen(InputTopic::Findings), None);
        assert_eq!(
            cases.seen(InputTopic::TaskEvents),
            Some(1),
            "the other input is as it was"
        );
    }
}
