//! Any bytes as an alert: every record accounted for, everything that leaves can be read again, and it can be explained.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reeve_domain::observation::Observation;
use reeve_formats::{Item, explain};
use reeve_fuzz::{SETTINGS, alert, parsed};

fuzz_target!(|bytes: &[u8]| {
    for item in &parsed(bytes, &SETTINGS).items {
        if let Item::Observed { observations, .. } = item {
            assert!(
                !observations.is_empty(),
                "an observed record gives an observation"
            );
            observations.iter().for_each(reads_back);
        }
    }
    explain(&alert(bytes), &SETTINGS);
});

fn reads_back(observation: &Observation) {
    let written = serde_json::to_string(observation).expect("an observation can be written");
    let read: Observation = serde_json::from_str(&written).expect("an observation can be read");
    assert_eq!(serde_json::to_string(&read).expect("again"), written);
}
