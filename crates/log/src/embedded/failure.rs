//! What the store's errors mean for a lane.

use std::io;

use redb::{CommitError, DatabaseError, Error, StorageError, TableError, TransactionError};

use crate::traits::LogError;

impl From<Error> for LogError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error.into(),
            Error::Backend(error) => Self::Unavailable(format!("the data directory: {error}")),
            Error::PreviousIo => Self::Unavailable(
                "an earlier read or write of the data directory failed; start again once the disk is well"
                    .into(),
            ),
            Error::DatabaseAlreadyOpen | Error::LockProtocolMismatch => Self::Setup(
                "another process holds the data directory; stop it, or use another directory".into(),
            ),
            Error::UpgradeRequired(version) => Self::Setup(format!(
                "the data directory is of another file format ({version})"
            )),
            other => Self::Internal(format!("the data directory: {other}")),
        }
    }
}

impl From<io::Error> for LogError {
    fn from(error: io::Error) -> Self {
        let what = match error.kind() {
            io::ErrorKind::StorageFull => "the disk is full; make room and start again".into(),
            io::ErrorKind::QuotaExceeded => "the disk quota is used up; make room and start again".into(),
            io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
            _ => error.to_string(),
        };
        Self::Unavailable(format!("the data directory: {what}"))
    }
}

impl From<StorageError> for LogError {
    fn from(error: StorageError) -> Self {
        Error::from(error).into()
    }
}

impl From<TableError> for LogError {
    fn from(error: TableError) -> Self {
        Error::from(error).into()
    }
}

impl From<TransactionError> for LogError {
    fn from(error: TransactionError) -> Self {
        Error::from(error).into()
    }
}

impl From<CommitError> for LogError {
    fn from(error: CommitError) -> Self {
        Error::from(error).into()
    }
}

impl From<DatabaseError> for LogError {
    fn from(error: DatabaseError) -> Self {
        Error::from(error).into()
    }
}
