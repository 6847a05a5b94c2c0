//! `reeve dead-letters`: what was refused and why, and a second chance for it.

use std::io::{self, BufWriter, IsTerminal, Write};

use bytes::Bytes;
use comfy_table::{Table, presets};
use reeve_dispatcher::SEAL;
use reeve_domain::reject::DeadLetter;
use reeve_log::{Place, Record, Topic};

use crate::cli::{DeadLettersArgs, DeadLettersWhat, Format};
use crate::config::Config;
use crate::exit::{Failure, Outcome};
use crate::normalize::{broken, line_of, note};
use crate::reach::Reach;

/// Lists, shows or replays.
///
/// # Errors
/// 1 if the record is gone or is another one, 64 for coordinates that are none, 66 if there is no such letter.
pub fn run(config: &Config, args: &DeadLettersArgs) -> Outcome {
    let reach = Reach::open(&config.log)?;
    match &args.what {
        DeadLettersWhat::Ls { output } => list(&reach, *output),
        DeadLettersWhat::Show { coordinates } => {
            let letter = find(&reach, coordinates)?;
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, &letter).map_err(|error| broken(error.into()))?;
            out.write_all(b"\n").map_err(broken)
        }
        DeadLettersWhat::Replay { coordinates } => replay(config, &reach, coordinates),
    }
}

fn list(reach: &Reach, output: Option<Format>) -> Outcome {
    let letters = all(reach)?;
    let format = output.unwrap_or(if io::stdout().is_terminal() {
        Format::Table
    } else {
        Format::Json
    });
    let mut out = BufWriter::new(io::stdout().lock());
    if format == Format::Table {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_header(["source", "reason", "format", "path", "detail", "bytes"]);
        for letter in &letters {
            table.add_row([
                coordinates(letter),
                letter.reason.as_str().to_owned(),
                letter.format.clone().unwrap_or_default(),
                letter.path.clone().unwrap_or_default(),
                letter.detail.clone(),
                letter.payload_bytes.to_string(),
            ]);
        }
        writeln!(out, "{table}").map_err(broken)?;
    } else {
        for letter in &letters {
            line_of(&mut out, letter)?;
        }
    }
    out.flush().map_err(broken)
}

/// Every dead letter that is there.
///
/// # Errors
/// The log cannot be read.
pub fn all(reach: &Reach) -> Result<Vec<DeadLetter>, Failure> {
    let mut letters = Vec::new();
    reach.scan(Topic::DeadLetters, &mut |record| {
        letters.extend(letter_of(record))
    })?;
    Ok(letters)
}

fn letter_of(record: Record) -> Option<DeadLetter> {
    serde_json::from_slice(&record.value?).ok()
}

fn coordinates(letter: &DeadLetter) -> String {
    let record = letter.source.origin.coordinates();
    letter
        .source
        .index
        .map_or(record.clone(), |index| format!("{record}#{index}"))
}

fn find(reach: &Reach, wanted: &str) -> Result<DeadLetter, Failure> {
    let found = all(reach)?
        .into_iter()
        .find(|letter| coordinates(letter) == wanted || letter.source.origin.coordinates() == wanted);
    found.ok_or_else(|| Failure::NoInput(format!("{wanted}: no such dead letter")))
}

/// Reads the record again from where it stood, checks that it is the same, and publishes it once more.
fn replay(config: &Config, reach: &Reach, wanted: &str) -> Outcome {
    let letter = find(reach, wanted)?;
    let record = letter.source.origin.coordinates();
    let mut parts = record.rsplitn(3, '/');
    let (Some(offset), Some(partition), Some(name)) =
        (number(parts.next()), number(parts.next()), parts.next())
    else {
        return Err(Failure::Usage("expected topic/partition/offset".to_owned()));
    };
    let topic = config
        .log
        .names
        .topic(name)
        .ok_or_else(|| Failure::Usage(format!("{name}: not a topic of this installation")))?;
    let partition =
        i32::try_from(partition).map_err(|_| Failure::Usage("expected topic/partition/offset".to_owned()))?;
    let fetched = reach.fetch(topic, partition, offset)?;
    let Some((value, sealed)) = fetched.and_then(|mut record| Some((record.value.take()?, sealed(record))))
    else {
        return Err(gone(config, topic));
    };
    let keys = config.hmac_key.read().map_err(Failure::Config)?.ok_or_else(|| {
        Failure::Usage(
            "the key that the letter was written with is needed; set REEVE_HMAC_KEY_FILE".to_owned(),
        )
    })?;
    if !keys.is_payload(&value, &letter.payload_hmac) {
        return Err(Failure::Findings(
            "the record there is another one, or the key is".to_owned(),
        ));
    }
    let (key, headers) = sealed.unwrap_or_default();
    let again = reeve_log::Outgoing {
        topic,
        place: Place::ByKey,
        key,
        value: Some(value),
        headers,
    };
    reach.write(vec![again], &mut |_| {})?;
    note("published once more");
    Ok(())
}

/// The key and the seal of what reeve itself said, as they stood: a replay makes nobody's word reeve's own.
fn sealed(record: Record) -> Option<(Bytes, Vec<(&'static str, Bytes)>)> {
    let (_, seal) = record.headers.into_iter().find(|(name, _)| name == SEAL)?;
    Some((record.key?, vec![(SEAL, Bytes::from(seal))]))
}

/// Why there is no record any more.
fn gone(config: &Config, topic: Topic) -> Failure {
    let name = config.log.names.name(topic);
    let embedded = config.log.brokers.is_none();
    Failure::Findings(if embedded && topic == Topic::Alerts {
        format!(
            "gone: the embedded log deletes a record of {name} as soon as it is read; publish its file again"
        )
    } else {
        format!("gone: the record is past the retention of {name}; publish its file again")
    })
}

fn number(text: Option<&str>) -> Option<i64> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_keeps_the_seal_with_the_key_it_holds_for_and_nothing_else() {
        let record = |headers: &[(&str, &str)]| Record {
            topic: Topic::TaskEvents,
            partition: 0,
            offset: 0,
            timestamp: reeve_domain::time::Timestamp::EPOCH,
            key: Some(Bytes::from_static(b"key")),
            value: None,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
        };
        assert_eq!(sealed(record(&[("ce_id", "1")])), None);
        let kept = sealed(record(&[("ce_id", "1"), (SEAL, "a,b")]));
        let seal = vec![(SEAL, Bytes::from_static(b"a,b"))];
        assert_eq!(kept, Some((Bytes::from_static(b"key"), seal)));
    }
}
