//! What one alert costs: `alert_cost CASE TIMES` normalizes a case so many times, each of its alerts as a record of its
//! own; `alert_cost` alone lists the cases. A case is one of `reeve-formats`' benches, or the path of a file.
//!
//! Under callgrind the difference of two runs is what the alerts take, without what starting up takes.
#![allow(clippy::print_stdout, reason = "a program for people")]

#[path = "../../../crates/formats/benches/cases.rs"]
mod cases;

use std::error::Error;

use bytes::Bytes;
use cases::Case;
use reeve_domain::time::Timestamp;
use reeve_formats::Settings;
use reeve_log::{Record, Segment, Topic, TopicNames};
use reeve_normalizer::Normalizer;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        list();
        return Ok(());
    };
    let times = arguments.next().ok_or("expected: alert_cost CASE TIMES")?;
    let case = case(&name)?;
    let settings = match case.group {
        "mapping" => cases::settings_with_mappings(),
        _ => cases::settings(),
    };
    let alerts: Vec<Bytes> = case.alerts.into_iter().map(Bytes::from).collect();
    run(&alerts, settings, times.parse()?)
}

/// Each case with its bytes and its results.
fn list() {
    let settings = cases::settings_with_mappings();
    for case in cases::all() {
        let bytes: usize = case.alerts.iter().map(Vec::len).sum();
        println!("{}/{} {bytes} {}", case.group, case.name, case.results(&settings));
    }
}

fn case(name: &str) -> Result<Case, Box<dyn Error>> {
    let group = name.split('/').next().unwrap_or_default();
    let known = cases::of_group(group)
        .into_iter()
        .find(|case| name == format!("{group}/{}", case.name));
    match known {
        Some(case) => Ok(case),
        None => Ok(Case {
            group: "file",
            name: name.to_owned(),
            alerts: vec![std::fs::read(name)?],
        }),
    }
}

fn run(alerts: &[Bytes], settings: Settings, times: i64) -> Result<(), Box<dyn Error>> {
    let mut normalizer = Normalizer::new(settings, TopicNames::prefixed(""), |_| {});
    let timestamp: Timestamp = "2026-03-01T12:00:00Z".parse()?;
    let (mut records, mut bytes) = (0, 0);
    for offset in 0..times {
        for value in alerts {
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
            let bodies = output.records.iter().filter_map(|record| record.value.as_ref());
            bytes += bodies.map(Bytes::len).sum::<usize>();
            records += output.records.len();
        }
    }
    println!("{records} records, {bytes} bytes");
    Ok(())
}
