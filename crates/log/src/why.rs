//! What the system's word for a failed call means to whoever reads it.

use std::io::ErrorKind;

/// `kind` in a few words for an operator: no word of ours but that, and nothing of what was given.
pub fn why(kind: ErrorKind) -> String {
    let text = match kind {
        ErrorKind::NotFound => "there is no such file or directory",
        ErrorKind::PermissionDenied => "this user has no right to it",
        ErrorKind::IsADirectory => "it is a directory",
        ErrorKind::NotADirectory => "a part of the path is no directory",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        ErrorKind::InvalidData => "it is not UTF-8",
        ErrorKind::AddrInUse => "somebody listens there already",
        ErrorKind::AddrNotAvailable => "it is no address of this machine",
        ErrorKind::ConnectionRefused => "nobody listens there",
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer in time",
        other => return other.to_string(),
    };
    text.to_owned()
}
