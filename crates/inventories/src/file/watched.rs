//! A file that is parsed when it is opened, and again when it has changed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tracing::{info, warn};

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why a file cannot be used; never quotes its content.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

impl Unreadable {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

type Parse<T> = Box<dyn Fn(&[u8], &Path) -> Result<T, Unreadable> + Send + Sync>;

/// The parsed content of a file. After a change that cannot be parsed the last good content stays.
pub(crate) struct Watched<T> {
    path: PathBuf,
    bytes_max: u64,
    parse: Parse<T>,
    seen: Mutex<Seen<T>>,
}

struct Seen<T> {
    content: Arc<T>,
    stamp: Option<(SystemTime, u64)>,
    looked: Instant,
}

impl<T> Watched<T> {
    pub(crate) fn open(
        path: PathBuf,
        bytes_max: u64,
        parse: impl Fn(&[u8], &Path) -> Result<T, Unreadable> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let stamp = stamp(&path);
        let content = read(&path, bytes_max)
            .and_then(|bytes| parse(&bytes, &path))
            .map_err(|error| error.to_string())?;
        let seen = Seen {
            content: Arc::new(content),
            stamp,
            looked: Instant::now(),
        };
        Ok(Self {
            path,
            bytes_max,
            parse: Box::new(parse),
            seen: Mutex::new(seen),
        })
    }

    /// The content as it is now, or was when it could last be read.
    pub(crate) fn current(&self) -> Arc<T> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.looked.elapsed() >= LOOK_EVERY {
            seen.looked = Instant::now();
            let stamp = stamp(&self.path);
            if stamp != seen.stamp {
                seen.stamp = stamp;
                self.read_again(&mut seen);
            }
        }
        Arc::clone(&seen.content)
    }

    fn read_again(&self, seen: &mut Seen<T>) {
        let file = self.path.display();
        match read(&self.path, self.bytes_max).and_then(|bytes| (self.parse)(&bytes, &self.path)) {
            Ok(content) => {
                seen.content = Arc::new(content);
                info!(%file, "inventory file read again");
            }
            Err(error) => warn!(%file, %error, "inventory file cannot be read, the last good content stays"),
        }
    }
}

impl<T> std::fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Unreadable> {
    let cannot = |error: std::io::Error| Unreadable::new(format!("cannot be read: {}", error.kind()));
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes))
        .map_err(cannot)?;
    if bytes.len() as u64 > bytes_max {
        return Err(Unreadable::new(format!("longer than {bytes_max} bytes")));
    }
    Ok(bytes)
}
