//! The process's clock: the one place where the binary reads the time.

use std::sync::Arc;

use reeve_domain::time::Timestamp;
use reeve_log::Clock;

/// Now.
pub fn now() -> Timestamp {
    Timestamp::from(jiff::Timestamp::now())
}

/// The same as something to hand on.
pub fn system() -> Clock {
    Arc::new(now)
}
