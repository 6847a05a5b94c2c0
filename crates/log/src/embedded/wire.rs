//! What two processes say to each other about the store: one request and one answer per connection, length first.

use std::io::{Read, Write};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use reeve_domain::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::rows::{Cursor, Incoming};
use crate::record::Record;
use crate::topic::Topic;
use crate::traits::LogError;

/// Both sides must say the same number.
pub(super) const VERSION: u32 = 1;
/// Largest record that is taken from another process.
pub(super) const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most bytes of records in one request or answer; one larger record travels alone.
pub(super) const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most records in one request or answer.
pub(super) const BATCH_RECORDS_MAX: usize = 5_000;
/// Longest wait for records in one request.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(2);
/// How long either side may keep silent in the middle of a frame.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(5);

const FRAME_BYTES_MAX: usize = RECORD_BYTES_MAX + BATCH_BYTES_MAX + 1024 * 1024;

/// Where the store's process listens.
pub(super) fn socket(directory: &Path) -> PathBuf {
    directory.join("reeve.sock")
}

/// Whether the socket's path is one that the system takes.
pub(super) fn reachable(directory: &Path) -> Result<(), LogError> {
    let socket = socket(directory);
    SocketAddr::from_pathname(&socket).map(drop).map_err(|_| {
        let (path, bytes) = (directory.display(), socket.as_os_str().len());
        LogError::Setup(format!(
            "{path}: too long for the socket in it ({bytes} bytes, the system takes about 100); expected a shorter path (REEVE_DATA_DIR)"
        ))
    })
}

#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) version: u32,
    pub(super) ask: Ask,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Ask {
    Partitions,
    Append {
        topic: Topic,
        records: Vec<Carried>,
    },
    Read {
        cursors: Vec<Cursor>,
        records_max: usize,
        bytes_max: usize,
        wait_ms: u64,
    },
    Ledger {
        key: ByteBuf,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) enum Answer {
    Partitions(i32),
    Appended(Vec<(i32, i64)>),
    Read {
        records: Vec<Placed>,
        cursors: Vec<Cursor>,
    },
    Ledger(Option<Placed>),
    Failed(Failure, String),
}

#[derive(Serialize, Deserialize)]
pub(super) enum Failure {
    Unavailable,
    Setup,
    Internal,
}

/// The body of a record.
#[derive(Serialize, Deserialize)]
pub(super) struct Carried {
    key: Option<ByteBuf>,
    value: Option<ByteBuf>,
    headers: Vec<(String, ByteBuf)>,
}

/// A record and where it lies.
#[derive(Serialize, Deserialize)]
pub(super) struct Placed {
    topic: Topic,
    partition: i32,
    offset: i64,
    timestamp_ms: i64,
    body: Carried,
}

impl Carried {
    fn new(key: Option<&Bytes>, value: Option<&Bytes>, headers: &[(String, Vec<u8>)]) -> Self {
        let copy = |bytes: &Bytes| ByteBuf::from(&**bytes);
        Self {
            key: key.map(copy),
            value: value.map(copy),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), ByteBuf::from(value.as_slice())))
                .collect(),
        }
    }
}

impl From<&Incoming> for Carried {
    fn from(record: &Incoming) -> Self {
        Self::new(record.key.as_ref(), record.value.as_ref(), &record.headers)
    }
}

impl From<Carried> for Incoming {
    fn from(carried: Carried) -> Self {
        let own = |bytes: ByteBuf| Bytes::from(bytes.into_vec());
        let headers = carried.headers.into_iter();
        Self {
            key: carried.key.map(own),
            value: carried.value.map(own),
            headers: headers.map(|(name, value)| (name, value.into_vec())).collect(),
        }
    }
}

impl From<Record> for Placed {
    fn from(record: Record) -> Self {
        Self {
            topic: record.topic,
            partition: record.partition,
            offset: record.offset,
            timestamp_ms: record.timestamp.millis(),
            body: Carried::new(record.key.as_ref(), record.value.as_ref(), &record.headers),
        }
    }
}

impl From<Placed> for Record {
    fn from(placed: Placed) -> Self {
        let Incoming { key, value, headers } = placed.body.into();
        Self {
            topic: placed.topic,
            partition: placed.partition,
            offset: placed.offset,
            timestamp: Timestamp::from_millis(placed.timestamp_ms),
            key,
            value,
            headers,
        }
    }
}

impl From<LogError> for Answer {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(text) => Self::Failed(Failure::Unavailable, text),
            LogError::Setup(text) => Self::Failed(Failure::Setup, text),
            LogError::Internal(text) => Self::Failed(Failure::Internal, text),
            other => Self::Failed(Failure::Internal, other.to_string()),
        }
    }
}

impl From<(Failure, String)> for LogError {
    fn from((failure, text): (Failure, String)) -> Self {
        match failure {
            Failure::Unavailable => Self::Unavailable(text),
            Failure::Setup => Self::Setup(text),
            Failure::Internal => Self::Internal(text),
        }
    }
}

/// Writes one frame.
pub(super) fn send(stream: &mut impl Write, frame: &impl Serialize) -> Result<(), LogError> {
    let body =
        postcard::to_stdvec(frame).map_err(|_| LogError::Internal("a frame cannot be written".into()))?;
    if body.len() > FRAME_BYTES_MAX {
        return Err(LogError::Setup(format!(
            "{} bytes are more than one frame may have",
            body.len()
        )));
    }
    stream.write_all(&(body.len() as u32).to_be_bytes())?;
    Ok(stream.write_all(&body)?)
}

/// Reads one frame; its size is checked before anything is kept of it.
pub(super) fn receive<T: DeserializeOwned>(stream: &mut impl Read) -> Result<T, LogError> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(LogError::Internal(format!(
            "a frame of {length} bytes is too large"
        )));
    }
    let mut body = Vec::new();
    stream.by_ref().take(length as u64).read_to_end(&mut body)?;
    postcard::from_bytes(&body).map_err(|_| LogError::Internal("a frame cannot be read".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_back() {
        let mut wire = Vec::new();
        send(
            &mut wire,
            &Request {
                version: VERSION,
                ask: Ask::Ledger {
                    key: ByteBuf::from("k"),
                },
            },
        )
        .unwrap();
        let read: Request = receive(&mut wire.as_slice()).unwrap();
        assert!(matches!(read.ask, Ask::Ledger { key } if key.as_slice() == b"k"));
    }

    #[test]
    fn a_huge_cut_or_senseless_frame_is_an_error() {
        for wire in [
            &b"\xff\xff\xff\xff"[..],
            b"\x00\x00\x00\x09\x01",
            b"\x00\x00\x00\x02\xff\xff",
            b"\x00",
        ] {
            assert!(receive::<Request>(&mut { wire }).is_err());
        }
    }
}
