//! Request headers with secrets from files, read again when a file changes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use reeve_domain::secret::Secret;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::template::{Cut, cut};

const BYTES_MAX: u64 = 64 * 1024;

/// Why the headers cannot be made; never quotes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("secret file cannot be read")]
    Unreadable,
    #[error("secret file is not a header value")]
    NotAHeader,
}

/// The configured headers.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    entries: Vec<(HeaderName, Vec<Piece>)>,
    read: Mutex<BTreeMap<PathBuf, Token>>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    File(PathBuf),
}

struct Token {
    stamp: Option<(SystemTime, u64)>,
    text: Secret<String>,
}

/// Whether a file that has not changed is read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Changed,
    Always,
}

impl Headers {
    /// Adds one header; relative files lie under `base`.
    pub(crate) fn add(&mut self, name: &str, value: &str, base: &Path) -> Result<(), String> {
        let name: HeaderName = name.parse().map_err(|_| "expected a header name".to_owned())?;
        if matches!(
            name.as_str(),
            "host" | "content-length" | "transfer-encoding" | "connection" | "accept-encoding"
        ) {
            return Err("this header is reeve's to set".to_owned());
        }
        let piece = |piece: Cut<'_>| match piece {
            Cut::Text(text) => HeaderValue::from_str(text)
                .map(|_| Piece::Text(text.to_owned()))
                .map_err(|_| "expected a header value".to_owned()),
            Cut::Braced(inner) => match inner.strip_prefix("file:").filter(|path| !path.is_empty()) {
                Some(path) => Ok(Piece::File(base.join(path))),
                None => Err("expected {file:/path}; a secret stands in a file".to_owned()),
            },
        };
        let pieces = cut(value)?.into_iter().map(piece).collect::<Result<_, _>>()?;
        self.entries.push((name, pieces));
        Ok(())
    }

    /// Whether making them touches files.
    pub(crate) fn have_files(&self) -> bool {
        self.entries
            .iter()
            .any(|(_, pieces)| pieces.iter().any(|piece| matches!(piece, Piece::File(_))))
    }

    /// The headers as they are now; one whose file does not exist is left out. Blocks on files.
    pub(crate) fn current(&self, reading: Reading) -> Result<HeaderMap, SecretError> {
        let mut headers = HeaderMap::new();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, pieces) in &self.entries {
            if let Some(value) = value(pieces, &mut read, reading)? {
                headers.insert(name, value);
            }
        }
        Ok(headers)
    }
}

fn value(
    pieces: &[Piece],
    read: &mut BTreeMap<PathBuf, Token>,
    reading: Reading,
) -> Result<Option<HeaderValue>, SecretError> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::File(path) => match token(path, read, reading)? {
                Some(token) => text.push_str(token.text.expose()),
                None => return Ok(None),
            },
        }
    }
    let text = Secret::new(text);
    let mut value = HeaderValue::from_str(text.expose()).map_err(|_| SecretError::NotAHeader)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn token<'a>(
    path: &Path,
    read: &'a mut BTreeMap<PathBuf, Token>,
    reading: Reading,
) -> Result<Option<&'a Token>, SecretError> {
    let stamp = match std::fs::metadata(path) {
        Ok(metadata) => metadata
            .modified()
            .ok()
            .map(|modified| (modified, metadata.len())),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(SecretError::Unreadable),
    };
    let known = reading == Reading::Changed && read.get(path).is_some_and(|token| token.stamp == stamp);
    if !known {
        let token = Token {
            stamp,
            text: read_file(path)?,
        };
        read.insert(path.to_owned(), token);
    }
    Ok(read.get(path))
}

fn read_file(path: &Path) -> Result<Secret<String>, SecretError> {
    let mut text = String::new();
    let file = File::open(path).map_err(|_| SecretError::Unreadable)?;
    let length = file.take(BYTES_MAX + 1).read_to_string(&mut text);
    let whole = Secret::new(text);
    match length {
        Ok(length) if length as u64 <= BYTES_MAX => Ok(Secret::new(whole.expose().trim().to_owned())),
        _ => Err(SecretError::Unreadable),
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}
