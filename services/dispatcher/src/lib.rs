//! The dispatcher role: findings and task events to tasks and ledger.
