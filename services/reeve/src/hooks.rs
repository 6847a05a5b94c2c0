//! What a test may switch off or break, by its environment: every such variable is read here and nowhere else, and a
//! build without debug assertions (a release) reads none of them: it holds not even their names.

use reeve_formats::Scrub;
use reeve_kafka::Failpoints;

use crate::exit::Failure;

/// Where the process dies or a transaction aborts, e.g. `mid_produce:abort@3`.
const FAILPOINT: &str = "REEVE_FAILPOINT";

/// Set: Kafka records and offsets are written without transactions. The negative control of exactly-once.
const WITHOUT_TRANSACTIONS: &str = "REEVE_TEST_WITHOUT_TRANSACTIONS";

/// Set: observations keep the secrets they came with. The negative control of the canaries.
const WITHOUT_SCRUBBER: &str = "REEVE_TEST_WITHOUT_SCRUBBER";

/// Set: whoever says to be reeve on `task-events` is believed. The negative control of the seals.
const WITHOUT_SEALS: &str = "REEVE_TEST_WITHOUT_SEALS";

/// What goes wrong on purpose on the Kafka edge: nothing, outside tests.
///
/// # Errors
/// A failpoint that cannot be read.
pub fn failpoints() -> Result<Failpoints, Failure> {
    let text = asked(FAILPOINT).unwrap_or_default();
    text.parse()
        .map_err(|error| Failure::Usage(format!("{FAILPOINT}: {error}")))
}

/// Whether what a batch writes is one transaction: always, outside tests.
pub fn transactions() -> bool {
    asked(WITHOUT_TRANSACTIONS).is_none()
}

/// Whether observations are scrubbed: always, outside tests.
pub fn scrub() -> Scrub {
    match asked(WITHOUT_SCRUBBER) {
        None => Scrub::On,
        Some(_) => Scrub::Off,
    }
}

/// Whether what reeve itself says on `task-events` must be sealed: always, outside tests.
pub fn seals() -> bool {
    asked(WITHOUT_SEALS).is_none()
}

/// The variable, if it is set and not empty.
#[cfg(debug_assertions)]
fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A release has no ear for tests.
#[cfg(not(debug_assertions))]
const fn asked(_: &str) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_ignores_what_a_test_build_hears() {
        assert_eq!(asked("PATH").is_some(), cfg!(debug_assertions));
    }

    #[test]
    fn nothing_is_broken_unless_it_was_asked_for() {
        assert!(transactions() && seals());
        assert_eq!(scrub(), Scrub::On);
        assert!(failpoints().is_ok_and(|points| points == Failpoints::default()));
    }
}
