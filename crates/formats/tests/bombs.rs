//! What an alert may cost that was made to cost much: bounded time and memory, and an end with its reason.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may look at the clock and at its own memory"
)]

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use support::{parse_bytes, settings, tally};

/// Without optimization and on a busy machine; optimized it is some tenths of a second.
const TIME_MAX: Duration = Duration::from_secs(60);
const MEMORY_KIB_MAX: u64 = 768 << 10;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The most memory that this process ever had, in KiB.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Streams that stay below the ratio each, and are far above the limit together.
fn many_small_streams() -> Value {
    let noise: String = (0..3_000_u32)
        .map(|number| format!("{:08x}", number.wrapping_mul(2_654_435_761)))
        .collect();
    let packed = gzip(format!("{{\"a\":\"{noise}{}\"}}", " ".repeat(1_800_000)).as_bytes());
    let message = json!({"message": {"data": BASE64.encode(&packed)}});
    json!({"receivedMessages": vec![message; 200]})
}

/// Name, alert, and how it must end; `…` stands for any further counts.
fn bombs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let keys = |count: usize| -> String {
        let keys: Vec<String> = (0..count).map(|number| format!("\"{number:x}\":0")).collect();
        format!("{{{}}}", keys.join(","))
    };
    let wide = keys(90_000);
    vec![
        ("zeros", gzip(&vec![b' '; 256 << 20]), "rejected bomb 1"),
        (
            "streams in streams",
            gzip(&gzip(&gzip(&vec![b' '; 256 << 20]))),
            "rejected bomb 1",
        ),
        (
            "many streams",
            many_small_streams().to_string().into_bytes(),
            "rejected bomb ",
        ),
        (
            "levels",
            "[".repeat(8_000_000).into_bytes(),
            "rejected too_deep 1",
        ),
        (
            "levels of objects",
            "{\"a\":".repeat(1_500_000).into_bytes(),
            "rejected too_deep 1",
        ),
        ("keys", keys(700_000).into_bytes(), "rejected too_large 1"),
        (
            "wide objects",
            format!("[{}]", vec![wide; 9].join(",")).into_bytes(),
            "rejected unknown_format 9",
        ),
        (
            "one long text",
            format!("{{\"a\":\"{}\"}}", "x".repeat(9 << 20)).into_bytes(),
            "rejected too_large 1",
        ),
        (
            "numbers",
            format!("[{}0]", "0,".repeat(4_000_000)).into_bytes(),
            "rejected unknown_format 1",
        ),
        (
            "empty arrays",
            format!("[{}[]]", "[],".repeat(2_700_000)).into_bytes(),
            "",
        ),
        (
            "empty objects",
            format!("[{}{{}}]", "{},".repeat(2_699_999)).into_bytes(),
            "rejected too_large 2600000, rejected unknown_format 100000",
        ),
        (
            "lines of empty objects",
            "{}\n".repeat(4_000_000).into_bytes(),
            "rejected too_large 3900000, rejected unknown_format 100000",
        ),
    ]
}

#[test]
fn a_bomb_costs_bounded_time_and_memory_and_ends_with_its_reason() {
    for (name, bytes, end) in bombs() {
        let started = Instant::now();
        let parsed = parse_bytes(&bytes, &settings());
        assert!(
            started.elapsed() < TIME_MAX,
            "{name} took {:?}",
            started.elapsed()
        );
        let counts = tally(&parsed);
        let is_expected = if end.ends_with(' ') {
            counts.contains(end)
        } else {
            counts == end
        };
        assert!(is_expected, "{name}: {counts}");
        assert!(
            parsed.items.len() <= 1_100,
            "{name}: {} items",
            parsed.items.len()
        );
    }
    if let Some(peak) = peak_kib() {
        assert!(peak < MEMORY_KIB_MAX, "{peak} KiB at most");
    }
}
