//! `reeve publish`: files → `alerts.raw`, as they are.

use bytes::Bytes;
use reeve_log::{Outgoing, Place, Topic};

use crate::cli::PathsArgs;
use crate::config::Config;
use crate::exit::Outcome;
use crate::inputs;
use crate::normalize::{note, progress};
use crate::reach::Reach;

/// Each line of an NDJSON file is one record; any other file is one record.
///
/// # Errors
/// 66 if a path cannot be opened, 70 if the log cannot be written.
pub fn run(config: &Config, args: &PathsArgs) -> Outcome {
    let places = inputs::resolve(&args.paths);
    let mut missing = places.missing;
    let mut records = Vec::new();
    for place in &places.found {
        match inputs::read(place) {
            Ok(input) => records.extend(split(&input.bytes).into_iter().map(record)),
            Err(text) => missing.push(text),
        }
    }
    let reach = Reach::open(&config.log)?;
    let bar = progress(records.len());
    let written = reach.write(records, &mut |count| bar.set_position(count))?;
    bar.finish_and_clear();
    note(&format!(
        "{written} records published to {}",
        config.log.names.name(Topic::Alerts)
    ));
    inputs::refuse_missing(&missing)
}

/// Lines where every one of at least two is a value of its own, so that each is acknowledged alone.
fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let lines: Vec<&[u8]> = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .collect();
    let whole = |line: &&[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    if lines.len() > 1 && lines.iter().all(whole) {
        return lines.into_iter().map(<[u8]>::to_vec).collect();
    }
    vec![bytes.to_vec()]
}

/// A raw alert, without a key: any partition will do.
pub fn record(value: Vec<u8>) -> Outgoing {
    Outgoing {
        topic: Topic::Alerts,
        place: Place::ByKey,
        key: Bytes::new(),
        value: Some(value.into()),
        headers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn lines_are_records_and_a_document_is_one() {
        assert_eq!(split(b"{\"a\":1}\n{\"b\":2}\n").len(), 2);
        assert_eq!(split(b"[\n{}\n]\n").len(), 1);
        assert_eq!(split(b"{}\nbroken").len(), 1);
    }
}
