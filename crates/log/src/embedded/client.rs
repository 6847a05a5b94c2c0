//! The store of another process, through its socket.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_bytes::ByteBuf;

use super::rows::{Cursor, Incoming};
use super::wire::{self, Answer, Ask, Carried, Request};
use crate::record::Record;
use crate::topic::Topic;
use crate::traits::{BatchLimits, LogError};

/// Asks the process that holds the store; one connection per question, so a restart over there goes unnoticed.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    partitions: i32,
}

impl Client {
    /// Looks for a process that serves the store in `directory`; none if nobody does.
    ///
    /// # Errors
    /// Somebody does, of another version or without an answer.
    pub fn find(directory: &Path) -> Result<Option<Self>, LogError> {
        let mut client = Self {
            socket: wire::socket(directory),
            partitions: 0,
        };
        let Some(stream) = client.connect()? else {
            return Ok(None);
        };
        client.partitions = match exchange(stream, Ask::Partitions)? {
            Answer::Partitions(partitions) => partitions,
            other => return Err(unexpected(other)),
        };
        Ok(Some(client))
    }

    /// Partitions of every topic.
    pub fn partitions(&self) -> i32 {
        self.partitions
    }

    /// As `Store::append`, for one batch within the wire's bounds.
    pub(super) fn append(&self, topic: Topic, records: &[Incoming]) -> Result<Vec<(i32, i64)>, LogError> {
        let records = records.iter().map(Carried::from).collect();
        match self.ask(Ask::Append { topic, records })? {
            Answer::Appended(places) => Ok(places),
            other => Err(unexpected(other)),
        }
    }

    /// As `Store::read`, with the wire's bounds on top.
    pub(super) fn read(&self, cursors: &mut [Cursor], limits: &BatchLimits) -> Result<Vec<Record>, LogError> {
        let ask = Ask::Read {
            cursors: cursors.to_vec(),
            records_max: limits.records_max,
            bytes_max: limits.bytes_max,
            wait_ms: limits.wait.min(wire::WAIT_MAX).as_millis() as u64,
        };
        match self.ask(ask)? {
            Answer::Read {
                records,
                cursors: moved,
            } if moved.len() == cursors.len() => {
                cursors.copy_from_slice(&moved);
                Ok(records.into_iter().map(Record::from).collect())
            }
            other => Err(unexpected(other)),
        }
    }

    /// As `Store::ledger`.
    pub(super) fn ledger(&self, key: &[u8]) -> Result<Option<Record>, LogError> {
        match self.ask(Ask::Ledger {
            key: ByteBuf::from(key),
        })? {
            Answer::Ledger(record) => Ok(record.map(Record::from)),
            other => Err(unexpected(other)),
        }
    }

    fn ask(&self, ask: Ask) -> Result<Answer, LogError> {
        let stream = self.connect()?;
        let gone = || LogError::Unavailable("the reeve that held the data directory is gone".into());
        exchange(stream.ok_or_else(gone)?, ask)
    }

    fn connect(&self) -> Result<Option<UnixStream>, LogError> {
        match UnixStream::connect(&self.socket) {
            Ok(stream) => Ok(Some(stream)),
            Err(error) if nobody_listens(&error) => Ok(None),
            Err(error) => Err(LogError::Unavailable(format!(
                "{}: {error}",
                self.socket.display()
            ))),
        }
    }
}

fn nobody_listens(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
    // A path too long for a socket is `InvalidInput`: then nobody can listen there either.
    matches!(error.kind(), NotFound | ConnectionRefused | InvalidInput)
}

fn exchange(mut stream: UnixStream, ask: Ask) -> Result<Answer, LogError> {
    let silence =
        |error: LogError| LogError::Unavailable(format!("the running reeve does not answer ({error})"));
    stream.set_write_timeout(Some(wire::SILENCE_MAX))?;
    stream.set_read_timeout(Some(wire::SILENCE_MAX * 2 + wire::WAIT_MAX))?;
    wire::send(
        &mut stream,
        &Request {
            version: wire::VERSION,
            ask,
        },
    )
    .map_err(silence)?;
    match wire::receive(&mut stream).map_err(silence)? {
        Answer::Failed(failure, text) => Err((failure, text).into()),
        answer => Ok(answer),
    }
}

fn unexpected(_: Answer) -> LogError {
    LogError::Internal("the running reeve answered another question; run the same version".into())
}
