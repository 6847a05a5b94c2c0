//! Any text as a mapping: refused with its faults, or compiled, and then it reads any alert.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use reeve_formats::{Mappings, RawMapping, Settings};
use reeve_fuzz::{SETTINGS, parsed};

const ALERT: &[u8] =
    br#"{"search_name": "x", "rule": "y", "results": [{"user": "a", "secret": "b"}], "output_fields": {}}"#;

static SHIPPED: LazyLock<Settings> = LazyLock::new(|| SETTINGS.clone());

fuzz_target!(|text: &str| {
    let Ok(raw) = reeve_policy::config::parse::<RawMapping>("mapping.yaml", text) else {
        return;
    };
    if let Ok(mappings) = Mappings::compile([raw]) {
        let settings = Settings {
            mappings,
            ..SHIPPED.clone()
        };
        for alert in
            std::iter::once(ALERT).chain(settings.mappings.samples().map(|(_, sample)| sample.as_bytes()))
        {
            parsed(alert, &settings);
        }
    }
});
