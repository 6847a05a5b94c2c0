//! Cases: what is known of a subject, folded from findings, evidence and events.
