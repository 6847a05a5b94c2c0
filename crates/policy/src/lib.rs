//! Priority, routes, deadlines, paths and evidence rules: written configuration, compiled once, deciding purely.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod facts;

pub use facts::{Facts, Triage};
