//! A partition: nothing before the commit, a proof of what is there, numbers that stay true.

use reeve_domain::key::{Alias, Strength, SubjectKey};
use reeve_domain::observation::{Finding, IssueType, Statement};
use reeve_ledger::{Input, InputTopic, LedgerError, Overlay, Partition, Position};

use crate::support::{SECRET, at, at_once, audit, leak, subject};

fn keys(count: usize) -> Vec<SubjectKey> {
    (0..count)
        .map(|n| format!("secret:aws:access-key:AKIA{n:016}").parse().unwrap())
        .collect()
}

fn leak_of(key: &SubjectKey) -> Finding {
    Finding {
        subject: subject(key.as_str()),
        ..leak(1)
    }
}

/// Keys and values as they stand in the ledger.
type Ledger = Vec<(Vec<u8>, Vec<u8>)>;

/// A partition of `count` cases and its ledger.
fn filled(count: usize) -> (Partition, Ledger, String) {
    let policy = at_once();
    let (mut partition, mut overlay) = (Partition::default(), Overlay::default());
    for (offset, key) in keys(count).iter().enumerate() {
        let position = Some(Position {
            topic: InputTopic::Findings,
            offset: i64::try_from(offset).unwrap(),
        });
        partition.apply(
            &mut overlay,
            key,
            (Input::Finding(&leak_of(key)), position),
            policy,
            at(1),
        );
    }
    let records = overlay.ledger_records(policy);
    let proof = partition.proof(Some(&overlay));
    partition.commit(overlay, policy);
    let records = records
        .into_iter()
        .map(|(key, value)| (key.as_str().as_bytes().to_vec(), value.unwrap()))
        .collect();
    (partition, records, proof)
}

fn restored(records: &[(Vec<u8>, Vec<u8>)]) -> Partition {
    let mut partition = Partition::default();
    for (key, value) in records {
        partition.restore(key, Some(value), at_once()).unwrap();
    }
    partition
}

#[test]
fn a_restore_proves_itself_in_any_order() {
    let (partition, mut records, proof) = filled(20);
    assert_eq!(partition.proof(None), proof);
    records.reverse();
    let mut again = restored(&records);
    assert_eq!(again.verify(Some(&proof)), Ok(()));
    assert_eq!(again.cases().count(), 20);
    assert!(
        again
            .cases()
            .all(|case| partition.case(None, case.key()).unwrap().revision() == case.revision())
    );
}

#[test]
fn a_ledger_with_a_record_taken_out_or_an_old_one_put_back_is_refused() {
    let (_, mut records, proof) = filled(20);
    let lost = records.remove(7);
    assert!(matches!(
        restored(&records).verify(Some(&proof)),
        Err(LedgerError::Lost { .. })
    ));
    let older = String::from_utf8(lost.1.clone())
        .unwrap()
        .replacen(r#""revision":1"#, r#""revision":0"#, 1);
    records.push((lost.0, older.into_bytes()));
    assert!(matches!(
        restored(&records).verify(Some(&proof)),
        Err(LedgerError::Lost { .. })
    ));
    assert!(
        matches!(restored(&records).verify(None), Err(LedgerError::Lost { .. })),
        "and one that nothing proves"
    );
    assert_eq!(Partition::default().verify(None), Ok(()));
}

#[test]
fn a_dropped_overlay_leaves_no_trace() {
    let (mut partition, _, proof) = filled(3);
    let gauges = partition.gauges(at(2));
    let mut overlay = Overlay::default();
    let key = &keys(3)[0];
    let position = Some(Position {
        topic: InputTopic::Findings,
        offset: 99,
    });
    let out = partition.apply(
        &mut overlay,
        key,
        (Input::Finding(&leak_of(key)), position),
        at_once(),
        at(2),
    );
    assert!(out.changed && !overlay.is_empty());
    assert_ne!(partition.proof(Some(&overlay)), proof);
    drop(overlay);
    assert_eq!((partition.proof(None), partition.gauges(at(2))), (proof, gauges));
}

#[test]
fn a_record_that_was_applied_is_skipped() {
    let (mut partition, _, proof) = filled(3);
    let mut overlay = Overlay::default();
    for (offset, key) in keys(3).iter().enumerate() {
        let position = Some(Position {
            topic: InputTopic::Findings,
            offset: i64::try_from(offset).unwrap(),
        });
        let out = partition.apply(
            &mut overlay,
            key,
            (Input::Finding(&leak_of(key)), position),
            at_once(),
            at(2),
        );
        assert!(!out.changed && out.outcome.is_some());
    }
    assert!(overlay.is_empty() && overlay.ledger_records(at_once()).is_empty());
    assert_eq!(partition.proof(Some(&overlay)), proof);
    partition.commit(overlay, at_once());
    assert!(
        partition
            .cases()
            .all(|case| case.tasks().all(|task| task.sightings.count == 1))
    );
}

#[test]
fn many_repeats_in_one_batch_are_one_ledger_record() {
    let (partition, ..) = filled(1);
    let mut overlay = Overlay::default();
    let key = &keys(1)[0];
    for offset in 10..1_010 {
        let position = Some(Position {
            topic: InputTopic::Findings,
            offset,
        });
        partition.apply(
            &mut overlay,
            key,
            (Input::Finding(&leak_of(key)), position),
            at_once(),
            at(2),
        );
    }
    let records = overlay.ledger_records(at_once());
    assert_eq!(records.len(), 1);
    let text = String::from_utf8(records[0].1.clone().unwrap()).unwrap();
    assert!(text.contains(r#""count":1001"#) && text.contains(r#""findings":1009"#));
    assert!(!text.contains(r#""explain""#));
}

#[test]
fn gauges_count_what_is_open_and_time_makes_it_overdue() {
    let (mut partition, records, _) = filled(5);
    let sum = |numbers: &reeve_ledger::ByRoute| numbers.values().sum::<u64>();
    let now = partition.gauges(at(2));
    assert_eq!(
        (sum(&now.open), sum(&now.overdue), sum(&now.ownerless)),
        (5, 0, 0)
    );
    assert_eq!(now.pending.values().sum::<u64>(), 5);
    assert_eq!(now.oldest.values().next(), Some(&at(1)));
    assert_eq!(sum(&partition.gauges(at(24 * 100)).overdue), 5);
    assert_eq!(sum(&restored(&records).gauges(at(24 * 100)).overdue), 5);
    let key = &keys(5)[0];
    let mut overlay = Overlay::default();
    let mut evidence = audit(Statement::Disabled, 3);
    evidence.subject = subject(key.as_str());
    let position = Some(Position {
        topic: InputTopic::Findings,
        offset: 50,
    });
    partition.apply(
        &mut overlay,
        key,
        (Input::Evidence(&evidence), position),
        at_once(),
        at(24 * 100),
    );
    partition.commit(overlay, at_once());
    let now = partition.gauges(at(24 * 100));
    assert_eq!((sum(&now.open), sum(&now.overdue)), (4, 4));
}

#[test]
fn open_cases_are_counted_by_the_keys_that_name_them() {
    let hash = |id: &str, n: usize| format!("secret:value:hmac:{id}/{n:0>52}");
    let alias = |key: String| Alias {
        key: key.parse().unwrap(),
        strength: Strength::Strong,
    };
    let by_id = keys(2);
    let met: Vec<(SubjectKey, Vec<Alias>)> = vec![
        (hash("oldoldol", 1).parse().unwrap(), Vec::new()),
        (
            hash("newnewne", 2).parse().unwrap(),
            vec![alias(hash("oldoldol", 2))],
        ),
        (by_id[0].clone(), vec![alias(hash("oldoldol", 3))]),
        (by_id[1].clone(), Vec::new()),
    ];
    let (mut partition, mut overlay) = (Partition::default(), Overlay::default());
    for (key, aliases) in &met {
        let finding = Finding {
            aliases: aliases.clone(),
            ..leak_of(key)
        };
        partition.apply(
            &mut overlay,
            key,
            (Input::Finding(&finding), None),
            at_once(),
            at(1),
        );
    }
    let records = overlay.ledger_records(at_once());
    partition.commit(overlay, at_once());
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let expected = [
        (ids(&["oldoldol"]), 2),
        (ids(&["newnewne", "oldoldol"]), 1),
        (ids(&[]), 1),
    ];
    assert_eq!(partition.gauges(at(2)).cases, expected.clone().into());
    let records: Ledger = records
        .into_iter()
        .map(|(key, value)| (key.as_str().as_bytes().to_vec(), value.unwrap()))
        .collect();
    assert_eq!(restored(&records).gauges(at(2)).cases, expected.into());
}

#[test]
fn a_tick_is_told_whom_to_visit_and_in_which_order() {
    let (mut partition, ..) = filled(4);
    assert!(partition.due(at(1), 10).is_empty());
    let first = partition.next_due().unwrap();
    assert_eq!(partition.due(first, 10).len(), 4);
    assert_eq!(partition.due(first, 3).len(), 3);
    let mut overlay = Overlay::default();
    for key in partition.due(first, 10) {
        let out = partition.apply(&mut overlay, &key, (Input::Tick, None), at_once(), first);
        assert!(out.changed);
    }
    partition.commit(overlay, at_once());
    assert!(
        partition.due(first, 10).is_empty(),
        "a step taken is not due again"
    );
    assert_eq!(partition.wanting(at(1), 10).len(), 4);
    let key = keys(4)[2].clone();
    partition.asked(&key, at(5));
    assert_eq!(partition.wanting(at(1), 10).len(), 3);
    assert_eq!(partition.wanting(at(5), 10).len(), 4);
}

#[test]
fn a_record_of_a_newer_version_stops_the_restore_and_a_broken_one_too() {
    let (_, records, _) = filled(1);
    let text = String::from_utf8(records[0].1.clone()).unwrap();
    let newer = text.replacen(r#""ledger_version":2"#, r#""ledger_version":3"#, 1);
    let mut partition = Partition::default();
    let key = &records[0].0;
    let error = partition
        .restore(key, Some(newer.as_bytes()), at_once())
        .unwrap_err();
    assert_eq!(error, LedgerError::Newer { found: 3, known: 2 });
    for broken in [
        "",
        "null",
        "[]",
        r#"{"kind":"case"}"#,
        r#"{"kind":"case","ledger_version":1}"#,
        r#"{"kind":"redirect","ledger_version":1}"#,
    ] {
        let error = partition
            .restore(key, Some(broken.as_bytes()), at_once())
            .unwrap_err();
        assert!(matches!(error, LedgerError::Unreadable(_)));
    }
    assert!(
        partition
            .restore(SECRET.as_bytes(), Some(text.as_bytes()), at_once())
            .is_err(),
        "another subject's key"
    );
    assert!(partition.restore(b"\xff", None, at_once()).is_err());
    partition.restore(key, Some(text.as_bytes()), at_once()).unwrap();
    partition.restore(key, None, at_once()).unwrap();
    assert!(partition.is_empty());
}

#[test]
fn a_case_with_several_tasks_counts_each() {
    let policy = at_once();
    let (mut partition, mut overlay) = (Partition::default(), Overlay::default());
    let key = &keys(1)[0];
    for (offset, issue_type) in [
        (1, IssueType::SecretExposed),
        (2, IssueType::CredentialNotRotated),
    ] {
        let finding = Finding {
            issue_type,
            ..leak_of(key)
        };
        let position = Some(Position {
            topic: InputTopic::Findings,
            offset,
        });
        partition.apply(
            &mut overlay,
            key,
            (Input::Finding(&finding), position),
            policy,
            at(1),
        );
    }
    partition.commit(overlay, policy);
    assert_eq!(partition.gauges(at(1)).open.values().sum::<u64>(), 2);
}

/// Whether a record at offset 0 changes the last of three cases, which has seen offset 2.
fn takes_the_first_record(partition: &Partition) -> bool {
    let position = Some(Position {
        topic: InputTopic::Findings,
        offset: 0,
    });
    let finding = leak_of(&keys(3)[2]);
    let given = (Input::Finding(&finding), position);
    let mut overlay = Overlay::default();
    partition
        .apply(&mut overlay, &keys(3)[2], given, at_once(), at(2))
        .changed
}

#[test]
fn an_input_that_begins_before_what_was_seen_is_refused() {
    let (mut partition, _, _) = filled(3);
    let mut begin = |begins| partition.begin(&[(InputTopic::Findings, begins)], false);
    assert_eq!((begin(3), begin(90)), (Ok(None), Ok(None)));
    let refused = begin(1).unwrap_err();
    assert_eq!((refused.begins, refused.seen), (1, 2));
    assert!(!takes_the_first_record(&partition), "it would pass for a repeat");
}

#[test]
fn an_input_that_was_allowed_to_begin_anew_is_allowed_to_after_every_restart() {
    let (mut partition, records, _) = filled(3);
    let inputs = |begins| [(InputTopic::Findings, begins)];
    assert!(partition.begin(&inputs(0), true).unwrap().is_some());
    assert!(takes_the_first_record(&partition));
    // the records of cases that have not changed since still say what they have seen
    let proof = partition.proof(None);
    let mut again = restored(&records);
    assert_eq!(again.verify(Some(&proof)), Ok(()));
    assert!(again.begin(&inputs(1), false).unwrap().is_some());
    assert!(again.proof(None).contains("anew"));
    assert_eq!(again.begin(&inputs(3), false), Ok(None));
    assert!(!again.proof(None).contains("anew"), "nobody remembers more");
    let mut other = restored(&records);
    assert!(other.begin(&inputs(1), false).is_err(), "nobody has allowed it");
}
