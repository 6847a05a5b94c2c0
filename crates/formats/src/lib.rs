//! Raw alert to observations: envelopes, scanner formats, scrubber.
//!
//! Pure: bytes and settings in, observations, drops and rejects out; no I/O, no clock, no order that differs between
//! runs. To add a scanner, read [`formats`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod canary;
mod draft;
mod envelope;
mod explain;
pub mod formats;
mod issue;
mod json;
mod mapping;
mod observe;
mod parse;
mod parsed;
mod scrub;
mod settings;
mod severity;
mod time;
mod url;

pub use explain::{ExplainedObject, Verdict, explain};
#[doc(hidden)]
pub use json::Json;
pub use mapping::{MappingFault, Mappings, RawMapping};
pub use parse::parse;
pub use parsed::{Item, Parsed};
#[doc(hidden)]
pub use settings::Scrub;
pub use settings::{EvidenceLevels, Limits, Settings};

/// A name that is no part of an alert (a file's path), without anything that looks like a secret.
pub fn scrubbed_name(name: &str) -> String {
    scrub::Scrubber::new(&[], Scrub::On).text(name).into_owned()
}
