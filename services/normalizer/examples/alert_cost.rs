//! What one alert costs: `alert_cost FILE TIMES` normalizes the bytes of a file so many times, as a batch of records.
//!
//! Under callgrind the difference of two runs is the instructions of an alert, without what starting up takes.
#![allow(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;

use bytes::Bytes;
use reeve_domain::secret::HmacKeys;
use reeve_domain::time::Timestamp;
use reeve_formats::Settings;
use reeve_log::{Record, Segment, Topic, TopicNames};
use reeve_normalizer::Normalizer;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(times)) = (arguments.next(), arguments.next()) else {
        return Err("expected: alert_cost FILE TIMES".into());
    };
    let value = Bytes::from(std::fs::read(path)?);
    let settings = Settings::new(HmacKeys::new(b"0123456789abcdef0123456789abcdef")?);
    let mut normalizer = Normalizer::new(settings, TopicNames::prefixed(""), |_| {});
    let timestamp: Timestamp = "2026-03-01T12:00:00Z".parse()?;
    let (mut records, mut bytes) = (0, 0);
    for offset in 0..times.parse()? {
        let record = Record {
            topic: Topic::Alerts,
            partition: 0,
            offset,
            timestamp,
            key: None,
            value: Some(value.clone()),
            headers: Vec::new(),
        };
        let output = normalizer.run(vec![record], timestamp);
        records += output.records.len();
        bytes += output
            .records
            .iter()
            .filter_map(|record| record.value.as_ref().map(Bytes::len))
            .sum::<usize>();
    }
    println!("{records} records, {bytes} bytes");
    Ok(())
}
