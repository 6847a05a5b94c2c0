//! End to end: a real Kafka, a real inventory, a real Prometheus.

pub mod console;
pub mod host;
pub mod kafka;
