//! The normalizer role: alerts.raw to findings.
