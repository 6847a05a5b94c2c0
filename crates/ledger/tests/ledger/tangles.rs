//! Chains, circles and rival claims of aliases: nothing is lost, nothing is counted twice, and nobody merges by say-so.

use reeve_domain::event::{Actor, ActorKind, EventType, RawEvent, TaskEvent};
use reeve_domain::key::Strength;
use serde_json::json;

use crate::links::{PLACE, PUBLIC, SHA1, VALUE, also, by_sha1, by_value, one_end, one_task, under, waiting};
use crate::net::{Fault, Net, ends};
use crate::support::{Step, at, at_once, says};

fn by_reeve(key: &str, event_type: EventType, body: serde_json::Value) -> TaskEvent {
    let raw = RawEvent {
        kind: Default::default(),
        event_id: format!("{event_type}-{key}-{body}"),
        event_type,
        subject_key: key.parse().unwrap(),
        task_id: None,
        actor: Actor {
            id: "reeve".to_owned(),
            kind: ActorKind::System,
        },
        at: at(200),
        external: None,
        via: Vec::new(),
        body,
    };
    TaskEvent::try_from(raw).unwrap()
}

/// The value's case is an alias itself: of a key by a public part.
#[test]
fn every_interleaving_of_a_chain_of_aliases_ends_in_one_task() {
    let steps: [Step; 3] = [
        also(under(PUBLIC, "trufflehog-v3", 4), &[VALUE]).into(),
        also(under(VALUE, "gitleaks-v8", 5), &[SHA1]).into(),
        by_sha1(2).into(),
    ];
    for fault in [Fault::None, Fault::Twice] {
        let net = one_end(&steps, fault);
        one_task(&net, 3, 2);
        assert_eq!(net.living()[0].subject.key.as_str(), PUBLIC);
    }
}

#[test]
fn of_two_keys_that_claim_each_other_one_stays_whoever_is_first() {
    let steps: [Step; 2] = [
        also(under(VALUE, "gitleaks-v8", 5), &[SHA1]).into(),
        also(under(SHA1, "detect-secrets", 2), &[VALUE]).into(),
    ];
    for fault in [Fault::None, Fault::Twice, Fault::Restarts] {
        let (found, _) = ends(waiting(&steps, fault));
        for (_, net) in found {
            one_task(&net, 2, 2);
        }
    }
}

#[test]
fn a_circle_of_three_or_four_keys_leaves_one_task() {
    let ring = [
        "secret:value:hmac:k/a",
        "secret:value:hmac:k/b",
        "secret:value:hmac:k/c",
        "secret:value:hmac:k/d",
    ];
    for length in [3, 4] {
        let keys = &ring[..length];
        let of = |index: usize, hours: i64| {
            also(
                under(keys[index], "gitleaks-v8", hours),
                &[keys[(index + 1) % length]],
            )
        };
        let mut net = Net::new(at_once(), Fault::None);
        (0..length).for_each(|index| net.wait(of(index, 2 + i64::try_from(index).unwrap())));
        net.settle();
        (0..length).for_each(|index| net.give(of(index, 20 + i64::try_from(index).unwrap())));
        let total: u64 = net.living().iter().map(|task| task.sightings.count).sum();
        assert_eq!(
            (net.living().len(), total),
            (1, 2 * length as u64),
            "{length}: {:?}",
            net.living()
        );
    }
    let steps: Vec<Step> = (0..3)
        .map(|index| also(under(ring[index], "gitleaks-v8", 2), &[ring[(index + 1) % 3]]).into())
        .collect();
    let (found, _) = ends(waiting(&steps, Fault::None));
    for (_, net) in found {
        one_task(&net, 3, 2);
        net.projection();
    }
}

#[test]
fn a_second_claimant_is_refused_and_the_first_keeps_the_alias() {
    let other = "secret:value:hmac:k/other";
    let steps: [Step; 3] = [
        by_value(5).into(),
        also(under(other, "trufflehog-v3", 6), &[SHA1]).into(),
        by_sha1(2).into(),
    ];
    let (found, _) = ends(waiting(&steps, Fault::None));
    for (_, net) in found {
        assert_eq!((net.living().len(), net.rejects), (2, 1));
        let total: u64 = net.living().iter().map(|task| task.sightings.count).sum();
        assert_eq!(total, 3);
    }
}

#[test]
fn what_lies_in_one_place_is_never_joined() {
    let mut net = Net::new(at_once(), Fault::None);
    net.give(also(under(PLACE, "gitleaks-v8", 2), &[VALUE]));
    net.give(also(under(VALUE, "gitleaks-v8", 3), &[PLACE]));
    assert_eq!(net.living().len(), 2);
    net.give(by_reeve(PLACE, EventType::Link, json!({ "main": VALUE })));
    assert_eq!((net.living().len(), net.rejects), (2, 1));
}

#[test]
fn a_weak_alias_joins_nothing() {
    let mut finding = by_value(5);
    finding
        .aliases
        .iter_mut()
        .for_each(|alias| alias.strength = Strength::Weak);
    let mut net = Net::new(at_once(), Fault::None);
    net.give(finding);
    net.give(by_sha1(2));
    assert_eq!(net.living().len(), 2);
}

#[test]
fn nobody_but_reeve_hands_facts_over_and_a_person_joins_only_what_was_parted() {
    let mut net = Net::new(at_once(), Fault::None);
    net.give(by_value(5));
    net.give(under("secret:value:hmac:k/x", "gitleaks-v8", 2));
    for (what, body) in [
        ("link", json!({ "main": VALUE })),
        ("unlink", json!({ "main": VALUE })),
        ("unmerge", json!({ "from": VALUE })),
        (
            "merge",
            json!({ "from": VALUE, "through": VALUE, "generation": 1, "sequence": 1, "facts": {} }),
        ),
        (
            "sighting",
            json!({ "from": VALUE, "hops": 1, "through": VALUE, "generation": 1, "sequence": 1, "finding": by_value(6) }),
        ),
    ] {
        let before = net.rejects;
        net.give(says(
            "secret:value:hmac:k/x",
            "mallory",
            what,
            199,
            &body.to_string(),
        ));
        assert_eq!(net.rejects, before + 1, "{what}");
    }
    assert_eq!(net.living().len(), 2);
}

#[test]
fn a_redirect_is_forgotten_only_after_long_silence_and_a_claim_renews_it() {
    let mut net = Net::new(at_once(), Fault::None);
    net.now = at(10);
    net.give(by_value(5));
    net.tick(24 * 250);
    net.give(by_value(24 * 250));
    net.tick(24 * 500);
    assert!(net.cases[&SHA1.parse().unwrap()].is_some());
    net.tick(24 * 1_200);
    assert!(net.cases[&SHA1.parse().unwrap()].is_none());
}
