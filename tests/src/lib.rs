//! End to end: a real Kafka, a real inventory, a real Prometheus.
