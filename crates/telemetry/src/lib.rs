//! Logs, the metrics registry, /metrics, /livez and /readyz.
//!
//! Only plain counts come in, once per batch and after the commit; nothing here knows a lane, a log or a ledger.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod health;
pub mod logs;
pub mod metrics;
mod server;

pub use health::{Health, LaneHealth};
pub use metrics::{Clock, HashKey, Known, LedgerSnapshot, Metrics, TaskCounts};
pub use server::Server;
