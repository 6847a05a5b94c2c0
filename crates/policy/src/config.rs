//! Reading configuration: text with variables → a tree with places → what was written, or every error at once.
//!
//! Nothing here is particular to policy: every file of `config/` is read this way.
//! An error says where, which field and what was expected, never the value: it may be a secret.

mod deserializer;
mod error;
mod fault;
mod interpolate;
mod node;
mod one_or_many;
mod recovery;
mod span;
mod texts;

pub use error::ConfigError;
pub use interpolate::interpolate;
pub use node::Document;
pub use one_or_many::OneOrMany;
pub use span::Span;
pub use texts::{ConfigTexts, FILES};

pub(crate) use error::{nearest, suggestion};

use serde::de::DeserializeOwned;

/// Reads `text` (variables already put in, see [`interpolate`]) as a `T`.
///
/// # Errors
/// Every error of the file, in the order of the file; `file` is how the errors name it.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Vec<ConfigError>> {
    Document::read(file, text)?.parse()
}
