//! The rules of the ledger's own: what of the policy it reads, in one place.

use jiff::SignedDuration;
use reeve_domain::priority::Band;
use reeve_domain::time::Timestamp;
use reeve_policy::Policy;

/// `at` plus whole seconds.
pub fn hold_until(policy: &Policy, now: Timestamp) -> Timestamp {
    let ms = i64::try_from(policy.limits().hold_ms).unwrap_or(i64::MAX);
    now + SignedDuration::from_millis(ms)
}

/// The longest pause of the clock for a gate that waits, and its reason; none: this gate does not stop the clock.
pub fn pause_of(gate: &str) -> Option<(&'static str, i64)> {
    match gate {
        "business_approval" => Some(("awaiting_business_approval", 72 * 3_600)),
        "vendor_contact" => Some(("awaiting_vendor", 14 * 86_400)),
        _ => None,
    }
}

/// Whether a false positive of this band needs a second person.
pub fn needs_second_person(policy: &Policy, band: Band) -> bool {
    band <= policy.events().second_person_from
}
