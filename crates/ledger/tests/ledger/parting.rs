//! An un-merge restores both: as if they never had been one, with what came under each key meanwhile.

use reeve_domain::task::{Change, TaskState};

use crate::links::{PUBLIC, SHA1, VALUE, also, by_sha1, by_value, one_task, under, waiting};
use crate::net::{Fault, Net, ends};
use crate::support::{Step, at, at_once, says};

#[test]
fn an_un_merge_restores_both_and_later_sightings_stay_where_they_came() {
    let parts = [
        says(VALUE, "ines", "unmerge", 199, &format!(r#"{{"from":"{SHA1}"}}"#)),
        says(SHA1, "ines", "unlink", 199, &format!(r#"{{"main":"{VALUE}"}}"#)),
    ];
    for part in parts {
        for fault in [Fault::None, Fault::Twice, Fault::Restarts] {
            for hash_first in [true, false] {
                let mut net = Net::new(at_once(), fault);
                let mut first: Vec<Step> = vec![by_value(5).into(), by_sha1(2).into()];
                if hash_first {
                    first.reverse();
                }
                first.into_iter().for_each(|step| net.give(step));
                net.give(by_sha1(7));
                one_task(&net, 3, 2);
                net.give(part.clone());
                net.give(by_sha1(8));
                net.give(by_value(9));
                let mut both: Vec<_> = net
                    .living()
                    .into_iter()
                    .map(|task| {
                        (
                            task.subject.key.to_string(),
                            task.sightings.count,
                            task.first_detected_at,
                        )
                    })
                    .collect();
                both.sort();
                assert_eq!(both, [(SHA1.to_owned(), 3, at(2)), (VALUE.to_owned(), 2, at(5))]);
                assert_eq!(net.rejects, 0);
                net.projection();
                net.give(says(
                    SHA1,
                    "ines",
                    "link",
                    199,
                    &format!(r#"{{"main":"{VALUE}"}}"#),
                ));
                one_task(&net, 5, 2);
            }
        }
    }
}

#[test]
fn an_un_merge_in_the_midst_of_sightings_loses_and_doubles_none() {
    let steps: [Step; 4] = [
        by_value(5).into(),
        by_sha1(2).into(),
        says(VALUE, "ines", "unmerge", 199, &format!(r#"{{"from":"{SHA1}"}}"#)).into(),
        by_sha1(7).into(),
    ];
    let (found, paths) = ends(waiting(&steps, Fault::None));
    assert!(paths > 0);
    for (_, net) in found {
        let sum: u64 = net.living().iter().map(|task| task.sightings.count).sum();
        assert_eq!(sum, 3);
    }
}

#[test]
fn a_task_that_stands_again_is_told_as_unmerged_under_its_own_name() {
    let mut net = Net::new(at_once(), Fault::None);
    net.give(by_sha1(2));
    let old = net.living()[0].task_id.clone();
    net.now = at(201);
    net.give(by_value(5));
    net.give(says(
        VALUE,
        "ines",
        "unmerge",
        200,
        &format!(r#"{{"from":"{SHA1}"}}"#),
    ));
    let last = net.last();
    assert_eq!(last.len(), 2);
    assert!(
        last.values()
            .all(|task| task.change == Change::Unmerged && task.state == TaskState::Open)
    );
    assert_eq!(last[&old].subject.key.as_str(), SHA1);
}

#[test]
fn a_chain_that_is_cut_in_its_midst_restores_both_parts() {
    let mut net = Net::new(at_once(), Fault::Restarts);
    net.give(by_sha1(2));
    net.give(also(under(VALUE, "gitleaks-v8", 5), &[SHA1]));
    net.give(also(under(PUBLIC, "trufflehog-v3", 4), &[VALUE]));
    net.give(by_sha1(6));
    one_task(&net, 4, 2);
    let inner = says(PUBLIC, "ines", "unmerge", 199, &format!(r#"{{"from":"{SHA1}"}}"#));
    net.give(inner);
    assert_eq!(net.rejects, 1, "it came through another alias");
    net.rejects = 0;
    net.give(says(
        PUBLIC,
        "ines",
        "unmerge",
        199,
        &format!(r#"{{"from":"{VALUE}"}}"#),
    ));
    net.give(by_sha1(7));
    let mut both: Vec<_> = net
        .living()
        .into_iter()
        .map(|task| (task.subject.key.to_string(), task.sightings.count))
        .collect();
    both.sort();
    assert_eq!(both, [(PUBLIC.to_owned(), 1), (VALUE.to_owned(), 4)]);
    net.projection();
}
