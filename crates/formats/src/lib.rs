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

use std::borrow::Cow;

use reeve_domain::reject::{Reason, Reject};

pub use explain::{ExplainedObject, Verdict, explain};
#[doc(hidden)]
pub use json::Json;
pub use mapping::{MappingFault, Mappings, RawMapping};
pub use parse::parse;
pub use parsed::{Item, Parsed};
#[doc(hidden)]
pub use settings::Scrub;
pub use settings::{EvidenceLevels, Limits, Settings};

/// Whether each name stands once in every object of a JSON text: where one stands twice, two readers may believe two
/// values.
///
/// # Errors
/// `duplicate_key`, with line and column. What is no JSON, or breaks another limit, is another's to tell.
pub fn each_name_once(text: &str) -> Result<(), Reject> {
    match json::read_value(text, &Limits::default()).map_err(|fault| fault.into_reject(0)) {
        // a name may be a secret: its place in the text is enough
        Err(reject) if reject.reason == Reason::DuplicateKey => Err(Reject { path: None, ..reject }),
        _ => Ok(()),
    }
}

/// A text that is no part of an alert (a file's path, a person's note), without anything that looks like a secret;
/// none if nothing in it does.
pub fn scrubbed_text(text: &str, scrub: Scrub) -> Option<String> {
    match scrub::Scrubber::new(&[], scrub).text(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(clean) => Some(clean),
    }
}
