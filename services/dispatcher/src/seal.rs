//! What dispatchers tell each other: whoever may write `task-events` can say to be reeve, but cannot seal it.

use bytes::Bytes;
use reeve_domain::event::{ActorKind, TaskEvent};
use reeve_domain::reject::{Reason, Reject};
use reeve_domain::secret::HmacKeys;
use reeve_log::{Outgoing, Record};

use crate::Parts;

/// The header with the keyed hash over a record's key and value.
pub const HEADER: &str = "reeve_seal";

impl Parts {
    /// The keys that what reeve itself says must be sealed with, if it must be.
    pub(crate) fn seals(&self) -> Option<&HmacKeys> {
        self.sealed.then_some(&*self.keys)
    }
}

/// Adds the seal to what reeve itself says.
pub(crate) fn sealed(mut record: Outgoing, by: ActorKind, keys: &HmacKeys) -> Outgoing {
    if by == ActorKind::System {
        let value = record.value.as_deref().unwrap_or_default();
        let seal = keys.seal(&record.key, value);
        record.headers.push((HEADER, Bytes::from(seal)));
    }
    record
}

/// Whether an event that says to be of reeve itself is.
///
/// # Errors
/// `not_permitted` if it has no seal, or one of another record or key.
pub(crate) fn check(event: &TaskEvent, record: &Record, keys: &HmacKeys) -> Result<(), Reject> {
    if event.actor.kind != ActorKind::System || is_sealed(record, keys) {
        return Ok(());
    }
    let expected = "expected the seal of a dispatcher on what reeve itself says";
    Err(Reject::field(Reason::NotPermitted, "/actor/kind", expected))
}

fn is_sealed(record: &Record, keys: &HmacKeys) -> bool {
    let key = record.key.as_deref().unwrap_or_default();
    let value = record.value.as_deref().unwrap_or_default();
    let seal = record.headers.iter().find(|(name, _)| name == HEADER);
    seal.is_some_and(|(_, seal)| keys.is_seal(seal, key, value))
}
