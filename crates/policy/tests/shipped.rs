//! What ships compiles, and its own tests pass.

use reeve_policy::{ConfigTexts, Policy};

#[test]
fn the_shipped_configuration_compiles() {
    if let Err(errors) = Policy::compile(&ConfigTexts::shipped()) {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"));
    }
}

#[test]
fn the_tests_of_the_shipped_routes_pass() {
    let policy = Policy::shipped();
    assert!(policy.tests() > 5);
    let failures: Vec<String> = policy
        .run_tests()
        .iter()
        .map(|failure| failure.error.to_string())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
