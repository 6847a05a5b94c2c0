//! What the Kafka log promises, on a real broker that all of these tests share.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod access;
mod cluster;
mod exactly_once;
mod logs;
mod probe;
mod rebalance;
mod restore;
mod setup;
