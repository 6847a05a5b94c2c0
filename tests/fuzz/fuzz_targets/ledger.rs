//! Any bytes as a ledger record: refused, or a case that time passes over and that can be written again.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use reeve_fuzz::now;
use reeve_ledger::{Input, Overlay, Partition};
use reeve_policy::Policy;

static POLICY: LazyLock<Policy> = LazyLock::new(Policy::shipped);

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (key, value) = (parts.next().unwrap_or_default(), parts.next());
    let mut cases = Partition::default();
    if cases.restore(key, value, &POLICY).is_err() {
        return;
    }
    let later = now().plus_seconds(86_400);
    let mut overlay = Overlay::default();
    let keys: Vec<_> = cases.cases().map(|case| case.key().clone()).collect();
    for key in keys {
        cases.apply(&mut overlay, &key, (Input::Tick, None), &POLICY, later);
    }
    overlay.ledger_records(&POLICY);
    cases.commit(overlay, &POLICY);
    cases.gauges(later);
});
