//! End to end: a real Kafka, a real inventory, a real Prometheus.

pub mod alerts;
pub mod checker;
pub mod console;
pub mod embedded;
pub mod fixtures;
pub mod host;
pub mod inventory;
pub mod kafka;
pub mod line;
pub mod metrics;
pub mod one_secret;
pub mod planted;
pub mod replica;
