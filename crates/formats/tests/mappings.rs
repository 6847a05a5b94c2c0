//! Mappings: every file that ships proves its samples, and a file that is wrong says where.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

#[path = "support/mappings.rs"]
mod mappings;
mod support;

use mappings::shipped;

#[test]
fn every_mapping_that_ships_gives_what_its_samples_expect() {
    assert!(shipped().names().count() > 0);
}
