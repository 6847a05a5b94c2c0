//! Logs, the metrics registry, /metrics, /livez and /readyz.
