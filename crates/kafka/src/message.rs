//! From librdkafka's message to a record, without believing anything about its bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use reeve_domain::time::Timestamp;
use reeve_log::{Outgoing, Record, Topic};

pub(crate) fn record(topic: Topic, message: &BorrowedMessage<'_>) -> Record {
    Record {
        topic,
        partition: message.partition(),
        offset: message.offset(),
        timestamp: Timestamp::from_millis(message.timestamp().to_millis().unwrap_or(0)),
        key: message.key().map(Bytes::copy_from_slice),
        value: message.payload().map(Bytes::copy_from_slice),
        headers: message.headers().map(headers).unwrap_or_default(),
    }
}

fn headers(from: &BorrowedHeaders) -> Vec<(String, Vec<u8>)> {
    (0..from.count())
        .filter_map(|index| header(from, index))
        .collect()
}

/// The header, unless its name is not UTF-8: nothing that reeve reads has such a name.
fn header(from: &BorrowedHeaders, index: usize) -> Option<(String, Vec<u8>)> {
    guarded(|| {
        let header = from.try_get(index)?;
        Some((header.key.to_owned(), header.value.unwrap_or_default().to_vec()))
    })?
}

/// The headers of a record to be written, if it has any.
pub(crate) fn outgoing_headers(record: &Outgoing) -> Option<OwnedHeaders> {
    if record.headers.is_empty() {
        return None;
    }
    let headers = OwnedHeaders::new_with_capacity(record.headers.len());
    Some(record.headers.iter().fold(headers, |headers, (key, value)| {
        let value = Some(&value[..]);
        headers.insert(Header { key, value })
    }))
}

/// rdkafka unwraps the UTF-8 of names and of offset metadata, which are strangers' bytes; there is no other safe way
/// to ask for them.
pub(crate) fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}
