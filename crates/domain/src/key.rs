//! Subject keys: the one place where it is decided that two findings speak of the same thing.
//!
//! A key is made from the alert alone: no clock, no network, no state. Each provider has a module of its own;
//! every builder returns a [`Resolved`]: the subject, its other keys, and the subjects it is joined to.

mod error;
mod grammar;
mod resolved;

pub mod ad;
pub mod aws;
pub mod db;
pub mod entra;
pub mod gcp;
pub mod github;
pub mod k8s;
pub mod keypair;
pub mod location;
pub mod mail;
pub mod okta;
pub mod spiffe;
pub mod vault;
pub mod x509;

pub use error::KeyError;
pub use grammar::{Case, Class, KEY_BYTES_MAX, KEY_VERSION, SubjectKey, UNKNOWN_SCOPE};
pub use resolved::{Alias, Confidence, Link, Rel, Resolved, Strength, Subject};
