//! The Kafka log: lanes, transactions, restore, topics.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod access;
pub mod config;
pub mod examine;
pub mod failpoint;
pub mod probe;
pub mod topics;

mod context;
mod ends;
mod error;
mod lane;
mod message;
mod positions;
mod progress;
mod restore;
mod wait;
mod writer;

pub use access::Access;
pub use config::{Connection, KafkaConfig};
pub use examine::examine;
pub use failpoint::{Failpoints, Point};
pub use lane::KafkaLane;
pub use probe::probe;
