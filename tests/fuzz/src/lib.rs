//! What the fuzz targets share: a fixed key, a fixed clock, and an alert made of bytes.

use std::sync::LazyLock;

use reeve_domain::alert::{Origin, RawAlert};
use reeve_domain::secret::HmacKeys;
use reeve_domain::time::Timestamp;
use reeve_formats::{Item, Mappings, Parsed, RawMapping, Settings, parse};

/// Settings with a key that is no secret, and every mapping that ships.
pub static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let keys = HmacKeys::new(b"0123456789abcdef0123456789abcdef").expect("32 bytes are enough");
    Settings {
        mappings: Mappings::compile(shipped()).expect("what ships compiles"),
        ..Settings::new(keys)
    }
});

/// When everything happens.
pub fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().expect("a constant time")
}

/// A record of the topic without headers.
pub fn alert(value: &[u8]) -> RawAlert<'_> {
    let origin = Origin::Topic {
        topic: "alerts.raw".into(),
        partition: 0,
        offset: 7,
        timestamp: None,
    };
    RawAlert {
        value,
        headers: &[],
        origin,
        received_at: now(),
    }
}

/// Parses an alert, and holds that every record of it is accounted for.
pub fn parsed(value: &[u8], settings: &Settings) -> Parsed {
    let parsed = parse(&alert(value), settings);
    let accounted: u32 = parsed.items.iter().map(Item::records).sum();
    assert_eq!(accounted, parsed.records, "every record is in an item");
    assert_eq!(parsed.empty, parsed.records == 0);
    parsed
}

fn shipped() -> Vec<RawMapping> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/mappings");
    let files = std::fs::read_dir(folder).expect("the mappings that ship");
    let texts = files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("text"));
    texts
        .map(|text| reeve_policy::config::parse("mapping", &text).expect("a mapping that ships"))
        .collect()
}
