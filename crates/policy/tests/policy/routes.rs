//! First match wins, every task has a route, and a route that nothing reaches is an error.

use reeve_policy::{ConfigTexts, Policy};

use crate::alert::leaked_key;

const FALLBACK: &str = "fallback: { name: the rest, queue: \"{{ owners.resolver }}\", channel: ticket }\n";

fn compiled(routes: &str) -> Result<Policy, Vec<String>> {
    let texts = ConfigTexts::shipped().with("routes.yaml", format!("routes:\n{routes}{FALLBACK}"));
    Policy::compile(&texts).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn route(name: &str, matches: &str) -> String {
    format!(
        "  - {{ name: {name}, match: {matches}, queue: \"{{{{ owners.resolver }}}}\", channel: ticket }}\n"
    )
}

fn check_fine(routes: &[&str]) {
    let text: String = routes
        .iter()
        .enumerate()
        .map(|(i, matches)| route(&format!("r{i}"), matches))
        .collect();
    if let Err(errors) = compiled(&text) {
        panic!("{}", errors.join("\n"));
    }
}

fn check_refused(routes: &[&str], expected: &str) {
    let text: String = routes
        .iter()
        .enumerate()
        .map(|(i, matches)| route(&format!("r{i}"), matches))
        .collect();
    match compiled(&text) {
        Ok(_) => panic!("{routes:?} was taken"),
        Err(errors) => assert!(errors.iter().any(|error| error.contains(expected)), "{errors:?}"),
    }
}

#[test]
fn the_first_route_that_fits_wins_and_each_one_tried_says_why_not() {
    let routes =
        route("staging", "{ environment: staging }") + &route("live", "{ class: secret, validity: active }");
    let explain = leaked_key().triage(&compiled(&routes).unwrap()).explain;
    let tried: Vec<(&str, Option<&str>)> = explain
        .routes
        .iter()
        .map(|tried| (tried.route.as_str(), tried.failed.as_deref()))
        .collect();
    assert_eq!(
        tried,
        [
            ("staging", Some("environment: unknown ≠ staging")),
            ("live", None)
        ]
    );
}

#[test]
fn what_fits_nothing_goes_to_the_fallback() {
    let policy = compiled(&route("staging", "{ environment: staging }")).unwrap();
    assert_eq!(leaked_key().triage(&policy).route.rule, "the rest");
}

#[test]
fn a_route_behind_one_that_takes_all_of_it_is_an_error() {
    check_refused(
        &["{ class: secret }", "{ class: secret, environment: production }"],
        "`r0` takes all of it before",
    );
    check_refused(
        &["{ at_least: P2 }", "{ band: P1 }"],
        "`r0` takes all of it before",
    );
    check_refused(&["{}", "{ class: secret }"], "`r0` takes all of it before");
    check_refused(
        &["{ owner: { ref: team/* } }", "{ owner: { ref: team/a } }"],
        "`r0` takes",
    );
    check_refused(
        &[
            "{ tags: { zone: pci } }",
            "{ tags: { zone: pci }, class: secret }",
        ],
        "`r0` takes",
    );
    check_refused(
        &["{ class: secret }", "{ issue_type: secret_exposed }"],
        "`r0` takes all of it before",
    );
    check_fine(&["{ class: secret, environment: production }", "{ class: secret }"]);
    check_fine(&["{ owner: { ref: team/a } }", "{ owner: { ref: team/* } }"]);
    check_fine(&["{ provider: aws }", "{ class: secret }"]);
    check_fine(&["{ band: P1 }", "{ at_least: P2 }"]);
}

#[test]
fn several_routes_may_take_everything_of_a_later_one_together() {
    check_refused(
        &[
            "{ honeytoken: true }",
            "{ honeytoken: false }",
            "{ class: secret }",
        ],
        "`r0`, `r1` takes",
    );
    check_refused(
        &["{ band: P1 }", "{ band: [P2, P3] }", "{ at_least: P2 }"],
        "`r0`, `r1`",
    );
    check_fine(&["{ band: P1 }", "{ band: P3 }", "{ at_least: P2 }"]);
}

#[test]
fn a_route_whose_fields_exclude_each_other_is_an_error() {
    check_refused(&["{ band: P3, at_least: P2 }"], "this can never match");
    check_refused(
        &["{ ownerless: true, owner: { known: true } }"],
        "this can never match",
    );
    check_refused(
        &["{ ownerless: true, enrichment: pending }"],
        "this can never match",
    );
    check_refused(
        &["{ class: entitlement, issue_type: secret_exposed }"],
        "never about its classes",
    );
    check_refused(&["{ class: [] }"], "this can never match");
    check_fine(&["{ class: entitlement, issue_type: [secret_exposed, over_privileged] }"]);
}

#[test]
fn an_alternative_that_nothing_reaches_is_told_apart() {
    check_refused(
        &[
            "{ class: secret }",
            "[{ class: secret, provider: aws }, { class: identity }]",
        ],
        "one alternative",
    );
}

fn check_queue(queue: &str, queues: &str, expected: &str) {
    let route = format!("  - {{ name: a, queue: {queue}, channel: ticket }}\n");
    let text = format!("queues: {queues}\nroutes:\n{route}{FALLBACK}");
    let errors = Policy::compile(&ConfigTexts::shipped().with("routes.yaml", text)).unwrap_err();
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert!(lines.iter().any(|line| line.contains(expected)), "{lines:?}");
}

#[test]
fn only_the_fallback_may_go_to_a_generic_queue() {
    let generic = "[{ name: triage, owner: team/soc, generic: true }]";
    check_queue("triage", generic, "only the fallback may go to a generic queue");
    check_queue(
        "triag",
        generic,
        "must stand under `queues` with its owner, did you mean `triage`?",
    );
    check_queue("\"{{ owners.resolvr }}\"", "[]", "did you mean `resolver`?");
    check_queue("\"{{ owners.resolver\"", "[]", "`{{` without `}}`");
    let fallback = "routes: []\nqueues: [{ name: triage, owner: team/soc, generic: true }]\n\
                    fallback: { name: rest, queue: triage, channel: ticket }\n";
    assert!(Policy::compile(&ConfigTexts::shipped().with("routes.yaml", fallback)).is_ok());
}

#[test]
fn a_failing_test_of_the_route_file_is_told_with_its_place_and_reason() {
    let text = format!(
        "routes:\n{}{FALLBACK}tests:\n  - finding: {{ class: identity, priority: P2 }}\n    expect: {{ route: live }}\n",
        route("live", "{ class: secret }")
    );
    let policy = Policy::compile(&ConfigTexts::shipped().with("routes.yaml", text)).unwrap();
    let failures = policy.run_tests();
    assert_eq!(
        failures[0].error.to_string(),
        "routes.yaml:5:5: test `→ live`: route: expected `live`, got `the rest`; \
         `live` did not fit: class: identity ≠ secret"
    );
}

#[test]
fn a_test_that_names_no_route_is_an_error() {
    let text = format!(
        "routes: []\n{FALLBACK}tests:\n  - {{ finding: {{ class: secret }}, expect: {{ route: the rst }} }}\n"
    );
    let errors = Policy::compile(&ConfigTexts::shipped().with("routes.yaml", text)).unwrap_err();
    assert_eq!(errors[0].suggestion.as_deref(), Some("the rest"));
}
