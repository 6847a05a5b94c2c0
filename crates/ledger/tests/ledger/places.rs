//! A place stands for several secrets: what is said of one of them is not said of the others.

use reeve_domain::event::ActorKind;
use reeve_domain::observation::{Evidence, Finding, Statement, Validity};
use reeve_domain::task::TaskState;

use crate::support::{SECRET, Step, at_once, leak, proof, says, subject};
use crate::world::World;

const PLACE: &str = "secret:location:file:github.com%2facme%2ftill/.env/aws";
const GITHUB: &str = "github-secret-scanning";
/// Of its words only a change counts: it found the secret alive, and then not.
const TRUFFLEHOG: &str = "trufflehog-v3";

/// The alert `number` at `key`, of which the scanner says how it stands.
fn alert((scanner, key): (&str, &str), number: &str, validity: Validity, hours: i64) -> Step {
    let mut finding = Finding {
        subject: subject(key),
        validity,
        ..leak(hours)
    };
    finding.source.format = scanner.to_owned();
    finding.source.reference = number.to_owned();
    finding.into()
}

/// The scanner says that the secret of the alert `number` does not work.
fn dead((scanner, key): (&str, &str), number: &str, hours: i64) -> Step {
    let mut evidence = Evidence {
        subject: subject(key),
        ..proof(scanner, Statement::Inactive, hours)
    };
    evidence.source.reference = number.to_owned();
    evidence.into()
}

fn after(steps: Vec<Step>) -> World {
    let mut world = World::new(at_once(), 24 * 20);
    steps.into_iter().for_each(|step| drop(world.give(step)));
    world
}

/// The alerts whose causes are cleared.
fn cleared(world: &World) -> Vec<String> {
    let causes = world.task().causes.into_iter();
    let cleared = causes.filter(|cause| cause.cleared_by.is_some());
    cleared.map(|cause| cause.reference).collect()
}

/// One lives, the other was found dead twice, two days apart.
fn one_of_two(key: &str) -> Vec<Step> {
    let github = (GITHUB, key);
    vec![
        alert(github, "2", Validity::Active, 1),
        alert(github, "3", Validity::Unknown, 1),
        dead(github, "3", 10),
        dead(github, "3", 58),
    ]
}

#[test]
fn a_scanners_word_of_one_secret_closes_no_other_in_the_same_place() {
    let world = after(one_of_two(PLACE));
    assert!(world.task().state.is_open(), "{:?}", world.task().evidence);
    assert_eq!(cleared(&world), ["3"]);
}

/// A value is one secret, whatever its alerts are called.
#[test]
fn of_a_value_the_same_words_close_everything() {
    let world = after(one_of_two(SECRET));
    assert_eq!(world.task().state, TaskState::Verified);
}

#[test]
fn life_of_one_makes_no_change_of_the_death_of_another() {
    let place = (TRUFFLEHOG, PLACE);
    let world = after(vec![
        alert(place, "2", Validity::Active, 1),
        alert(place, "3", Validity::Unknown, 1),
        dead(place, "3", 10),
        dead(place, "3", 58),
    ]);
    assert_eq!(cleared(&world), [""; 0]);
    let alive = alert(place, "2", Validity::Active, 1);
    let world = after(vec![alive, dead(place, "2", 10), dead(place, "2", 58)]);
    assert_eq!(world.task().state, TaskState::Verified);
}

#[test]
fn a_place_is_closed_when_each_of_its_secrets_is_and_life_reopens_its_own() {
    let github = (GITHUB, PLACE);
    let mut world = after(one_of_two(PLACE));
    world.give(dead(github, "2", 60));
    world.give(dead(github, "2", 90));
    assert_eq!(world.task().state, TaskState::Verified);
    world.restart();
    world.give(alert(github, "2", Validity::Active, 100));
    assert_eq!((world.task().cycle, cleared(&world)), (2, vec!["3".to_owned()]));
}

/// What a connector has read of the place, at E1.
fn connected(statement: &str, hours: i64) -> Step {
    let body = format!(r#"{{"statement":"{statement}"}}"#);
    let mut event = says(PLACE, "connector", "evidence", hours, &body);
    event.actor.kind = ActorKind::Automation;
    event.into()
}

#[test]
fn who_reads_the_state_of_the_place_speaks_of_all_that_lies_there() {
    let github = (GITHUB, PLACE);
    let mut world = after(vec![
        alert(github, "2", Validity::Unknown, 1),
        connected("disabled", 10),
    ]);
    assert_eq!(world.task().state, TaskState::Verified);
    world.give(connected("active", 20));
    assert_eq!((world.task().cycle, cleared(&world).len()), (2, 0));
}

#[test]
fn a_source_that_calls_nothing_by_name_speaks_of_the_only_one_it_has_there() {
    let nameless = ("ggshield", PLACE);
    let dead_twice = || [dead(nameless, "", 10), dead(nameless, "", 58)];
    let mut steps = vec![alert(nameless, "", Validity::Unknown, 1)];
    steps.extend(dead_twice());
    let mut world = after(steps);
    assert_eq!(world.task().state, TaskState::Verified);
    let mut second = leak(1);
    second.subject = subject(PLACE);
    second.source.format = "ggshield".to_owned();
    second.source.reference = String::new();
    second.location.line = Some(70);
    world.give(second);
    assert!(
        world.task().state.is_open(),
        "nobody knows which of the two is dead"
    );
}

/// As many live alerts in one file as a leaked `.env` has, and more than sources of any other subject.
#[test]
fn the_order_of_many_alerts_in_one_place_does_not_matter() {
    let github = (GITHUB, PLACE);
    let numbers: Vec<String> = (10..22).map(|number| number.to_string()).collect();
    let ends = |backwards: bool| {
        let mut seen: Vec<Step> = numbers
            .iter()
            .map(|number| alert(github, number, Validity::Active, 1))
            .collect();
        if backwards {
            seen.reverse();
        }
        for number in &numbers {
            seen.extend([dead(github, number, 10), dead(github, number, 58)]);
        }
        seen.push(alert(github, &numbers[7], Validity::Active, 70));
        cleared(&after(seen))
    };
    let forwards = ends(false);
    assert_eq!(forwards.len(), numbers.len() - 1);
    assert_eq!(forwards, ends(true));
}

#[test]
fn what_has_no_room_of_its_own_in_a_place_is_alive_with_any_of_its_source() {
    let github = (GITHUB, PLACE);
    let mut steps: Vec<Step> = (100..170)
        .map(|number| alert(github, &number.to_string(), Validity::Unknown, 1))
        .collect();
    steps.push(alert(github, "999", Validity::Active, 2));
    let world = after(steps);
    let validity = world
        .task()
        .priority
        .factors
        .into_iter()
        .find(|factor| factor.factor == "validity");
    assert_eq!(validity.map(|factor| factor.value), Some("active".to_owned()));
}
