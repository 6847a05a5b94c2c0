//! Priority, routes, deadlines, paths and evidence rules: written configuration, compiled once, deciding purely.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod config;

mod compile;
mod deadlines;
mod evidence;
mod facts;
mod issues;
mod limits;
mod matcher;
mod owners;
mod paths;
mod policy;
mod priority;
mod routes;
mod words;

pub use config::{ConfigError, ConfigTexts};
pub use deadlines::{Clocks, Due, Rung};
pub use evidence::{Standing, Verdict};
pub use facts::{Facts, Triage};
pub use limits::{EventRules, LedgerLimits};
pub use policy::{Policy, TestFailure};

/// The policy that ships.
pub fn shipped() -> Policy {
    Policy::shipped()
}
