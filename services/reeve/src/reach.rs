//! The log as commands see it: whichever of the two it is, beside a running reeve or without one.

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use reeve_log::embedded::{self, Cursor, Incoming};
use reeve_log::{Clock, LogError, Outgoing, Record, Stop, Topic};

use crate::config::LogConfig;
use crate::kafka;

/// How long one look of `follow` waits.
const LOOK: Duration = Duration::from_millis(500);

/// Either log.
pub enum Reach {
    /// The directory, or the process that holds it.
    Embedded(embedded::Access),
    /// The cluster.
    Kafka(reeve_kafka::Access),
}

/// How the embedded store is opened.
pub fn embedded_settings(log: &LogConfig, clock: Clock) -> embedded::Settings {
    embedded::Settings {
        partitions: log.partitions,
        clock,
        ..embedded::Settings::default()
    }
}

impl Reach {
    /// Opens the configured log.
    ///
    /// # Errors
    /// What the log says.
    pub fn open(log: &LogConfig) -> Result<Self, LogError> {
        if log.brokers.is_some() {
            return Ok(Self::Kafka(reeve_kafka::Access::new(
                kafka::connection(log),
                log.names.clone(),
            )));
        }
        let settings = embedded_settings(log, crate::clock::system());
        embedded::Access::open(&log.data_dir, settings).map(Self::Embedded)
    }

    /// Writes records and waits until they are safe; `written` hears how many.
    ///
    /// # Errors
    /// What the log says; some may be written then.
    pub fn write(&self, records: Vec<Outgoing>, written: &mut dyn FnMut(u64)) -> Result<u64, LogError> {
        match self {
            Self::Kafka(access) => access.write(records, written),
            Self::Embedded(access) => {
                let mut count = 0;
                for record in records {
                    access.append(record.topic, &[incoming(record)])?;
                    count += 1;
                    written(count);
                }
                Ok(count)
            }
        }
    }

    /// Every record of `topic` that is there.
    ///
    /// # Errors
    /// What the log says.
    pub fn scan(&self, topic: Topic, each: &mut dyn FnMut(Record)) -> Result<(), LogError> {
        match self {
            Self::Kafka(access) => access.scan(topic, &mut |record| {
                each(record);
                ControlFlow::Continue(())
            }),
            Self::Embedded(access) => read_all(access, &mut access.start(topic), each),
        }
    }

    /// Every record of `topic` from now on, until `stop`.
    ///
    /// # Errors
    /// What the log says.
    pub fn follow(&self, topic: Topic, stop: &Stop, each: &mut dyn FnMut(Record)) -> Result<(), LogError> {
        match self {
            Self::Kafka(access) => access.follow(topic, stop, &mut |record| {
                each(record);
                ControlFlow::Continue(())
            }),
            Self::Embedded(access) => {
                let mut cursors = access.start(topic);
                read_all(access, &mut cursors, &mut |_| {})?;
                while !stop.is_stopped() {
                    access.scan(&mut cursors, LOOK)?.into_iter().for_each(&mut *each);
                }
                Ok(())
            }
        }
    }

    /// The record at these coordinates; none if it is gone.
    ///
    /// # Errors
    /// What the log says.
    pub fn fetch(&self, topic: Topic, partition: i32, offset: i64) -> Result<Option<Record>, LogError> {
        match self {
            Self::Kafka(access) => access.fetch(topic, partition, offset),
            Self::Embedded(access) => {
                let mut cursors = [Cursor {
                    topic,
                    partition,
                    position: offset,
                }];
                let records = access.scan(&mut cursors, Duration::ZERO)?;
                Ok(records
                    .into_iter()
                    .find(|record| record.partition == partition && record.offset == offset))
            }
        }
    }
}

fn read_all(
    access: &embedded::Access,
    cursors: &mut [Cursor],
    each: &mut dyn FnMut(Record),
) -> Result<(), LogError> {
    loop {
        let records = access.scan(cursors, Duration::ZERO)?;
        if records.is_empty() {
            return Ok(());
        }
        records.into_iter().for_each(&mut *each);
    }
}

fn incoming(record: Outgoing) -> Incoming {
    Incoming {
        key: Some(record.key).filter(|key: &Bytes| !key.is_empty()),
        value: record.value,
        headers: record
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_vec()))
            .collect(),
    }
}
