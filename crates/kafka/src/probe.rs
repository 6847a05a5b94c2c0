//! What a role may do, tried before it runs: read its inputs, name its group, open its transactions. Writes nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::{Offset, TopicPartitionList};
use reeve_log::{LogError, Topic};

use crate::config::{Isolation, KafkaConfig};
use crate::context::{ReaderContext, WriterContext};
use crate::error::{self, Kind};
use crate::topics;
use crate::wait::Deadline;

/// Bound of one question.
const CALL: Duration = Duration::from_secs(10);
/// Clocks may differ by this much.
const SKEW_MAX: Duration = Duration::from_secs(5);

/// Tries what the lane `config` needs of the cluster, under an identity that no lane has; each text is something that
/// is not as it must be. That it may write to its outputs is known only once it does.
///
/// # Errors
/// The cluster does not answer, or a topic does not exist.
pub fn probe(config: &KafkaConfig) -> Result<Vec<String>, LogError> {
    let config = KafkaConfig {
        host: "check".to_owned(),
        instance: None,
        ..config.clone()
    };
    let mut faults = Vec::new();
    let reader: BaseConsumer<ReaderContext> = config
        .ledger_reader(Isolation::Committed)?
        .create_with_context(ReaderContext)
        .map_err(|error| error::of("making a consumer", &error))?;
    let read = config.inputs.iter().copied();
    for topic in read.chain(config.ledger.then_some(Topic::Ledger)) {
        faults.extend(reads(&reader, &config, topic)?);
    }
    faults.extend(names_group(&reader, &config));
    faults.extend(opens_transactions(&config)?);
    Ok(faults)
}

/// Reads to the end of one partition, and looks for records from the future in all of them.
fn reads(
    reader: &BaseConsumer<ReaderContext>,
    config: &KafkaConfig,
    topic: Topic,
) -> Result<Vec<String>, LogError> {
    let name = config.names.name(topic);
    let count = topics::require(reader, &config.names, &[topic].into())?.of(topic);
    let mut faults = Vec::new();
    let mut end = TopicPartitionList::new();
    end.add_partition_offset(name, 0, Offset::End)
        .and_then(|()| reader.assign(&end))
        .map_err(|error| error::of(&format!("reading {name}"), &error))?;
    let deadline = Deadline::within(CALL);
    while !deadline.passed() {
        match reader.poll(Duration::from_millis(100)) {
            Some(Err(KafkaError::PartitionEOF(_)) | Ok(_)) => break,
            Some(Err(KafkaError::MessageConsumption(code))) if error::kind(code) != Kind::Passing => {
                faults.push(error::fatal(&format!("reading {name}"), code).to_string());
                break;
            }
            _ => {}
        }
    }
    faults.extend(from_the_future(reader, name, count));
    Ok(faults)
}

/// A record that is stamped after now: a clock is wrong.
fn from_the_future(reader: &BaseConsumer<ReaderContext>, topic: &str, count: i32) -> Option<String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()? + SKEW_MAX;
    let soon = i64::try_from(since.as_millis()).ok()?;
    let mut asked = TopicPartitionList::new();
    for partition in 0..count {
        asked
            .add_partition_offset(topic, partition, Offset::Offset(soon))
            .ok()?;
    }
    let found = reader.offsets_for_times(asked, CALL).ok()?;
    let ahead = found
        .elements()
        .into_iter()
        .find(|element| matches!(element.offset(), Offset::Offset(_)))?;
    Some(format!(
        "{topic}/{}: a record is stamped more than {SKEW_MAX:?} after this machine's clock: \
         the clock here, of a broker or of a sender is wrong",
        ahead.partition()
    ))
}

fn names_group(reader: &BaseConsumer<ReaderContext>, config: &KafkaConfig) -> Option<String> {
    let mut asked = TopicPartitionList::new();
    asked.add_partition(config.names.name(*config.inputs.first()?), 0);
    let error = reader.committed_offsets(asked, CALL).err()?;
    Some(error::of(&format!("naming the group {}", config.group()), &error).to_string())
}

fn opens_transactions(config: &KafkaConfig) -> Result<Option<String>, LogError> {
    let producer: BaseProducer<WriterContext> = config
        .producer()?
        .create_with_context(WriterContext::default())
        .map_err(|error| error::of("making a producer", &error))?;
    let Err(error) = producer.init_transactions(CALL) else {
        return Ok(None);
    };
    let what = "opening transactions";
    let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
    Ok(Some(error::fatal(what, code).to_string()))
}
