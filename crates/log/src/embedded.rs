//! The embedded log: an ACID store in one directory, for one process; other processes ask the one that holds it.
//!
//! Topics are tables keyed by (partition, offset). One commit is one durable transaction over outputs, offsets and
//! proofs. Consumed raw alerts are deleted by the transaction that consumes them (their pages are free then, and
//! overwritten as they are reused); of the ledger only the last value of each key is kept.

mod access;
mod arrivals;
mod client;
mod directory;
mod failure;
mod lane;
mod retention;
mod rows;
mod server;
mod shapes;
mod store;
mod wire;
mod write;

pub use access::{Access, examine};
pub use client::Client;
pub use lane::Embedded;
pub use retention::{Keep, Retention};
pub use rows::{Cursor, Incoming};
pub use server::Server;
pub use store::{Settings, Store};
