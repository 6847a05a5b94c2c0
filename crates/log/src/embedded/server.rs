//! The store's process answers others: a socket in the data directory, a fixed number of threads, everything bounded.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::rows::Incoming;
use super::store::Store;
use super::wire::{self, Answer, Ask, Request};
use crate::traits::{BatchLimits, LogError};

/// Questions answered at the same time; further ones wait in the socket's queue.
const THREADS: usize = 4;
/// Rest after the system refused a connection (no file descriptors left).
const REFUSED_REST: Duration = Duration::from_millis(200);

/// Serves a store to other processes of the same user until it is dropped.
pub struct Server {
    socket: PathBuf,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    stopped: Condvar,
}

struct State {
    stop: bool,
    /// What each thread is talking to.
    talks: Vec<Option<UnixStream>>,
}

impl Server {
    /// Listens in `directory`, which `store` was opened in: holding the store is the right to replace a dead socket.
    ///
    /// # Errors
    /// `Setup`: the socket cannot be made there (a path longer than about 100 bytes, a file system without sockets).
    pub fn start(store: &Store, directory: &Path) -> Result<Self, LogError> {
        let socket = wire::socket(directory);
        let listener = listen(&socket)
            .map_err(|error| LogError::Setup(format!("cannot listen at {}: {error}", socket.display())))?;
        let state = State {
            stop: false,
            talks: (0..THREADS).map(|_| None).collect(),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            stopped: Condvar::new(),
        });
        let mut server = Self {
            socket,
            shared,
            threads: Vec::new(),
        };
        for thread in 0..THREADS {
            server
                .threads
                .push(server.spawn(thread, store.clone(), listener.try_clone()?)?);
        }
        Ok(server)
    }

    fn spawn(&self, thread: usize, store: Store, listener: UnixListener) -> Result<JoinHandle<()>, LogError> {
        let shared = Arc::clone(&self.shared);
        let named = std::thread::Builder::new().name(format!("store-{thread}"));
        Ok(named.spawn(move || serve(thread, &shared, &store, &listener))?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop();
        // Each thread that waits for a connection gets one, and sees that it is over. A refused one means the same.
        for _ in &self.threads {
            drop(UnixStream::connect(&self.socket));
        }
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
        drop(std::fs::remove_file(&self.socket));
    }
}

impl Shared {
    fn stop(&self) {
        let mut state = self.lock();
        state.stop = true;
        for talk in state.talks.iter().flatten() {
            drop(talk.shutdown(std::net::Shutdown::Both));
        }
        self.stopped.notify_all();
    }

    /// Whether `thread` may go on, from now on talking to `talk`.
    fn may_talk(&self, thread: usize, talk: Option<UnixStream>) -> bool {
        let mut state = self.lock();
        state.talks[thread] = talk;
        !state.stop
    }

    fn rest(&self) {
        drop(
            self.stopped
                .wait_timeout_while(self.lock(), REFUSED_REST, |state| !state.stop),
        );
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(socket: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

fn serve(thread: usize, shared: &Shared, store: &Store, listener: &UnixListener) {
    while shared.may_talk(thread, None) {
        match listener.accept() {
            Ok((stream, _)) => {
                if !shared.may_talk(thread, stream.try_clone().ok()) {
                    return;
                }
                // A client that breaks off has its own error; the next one is served all the same.
                drop(talk(store, stream));
            }
            Err(_) => shared.rest(),
        }
    }
}

fn talk(store: &Store, mut stream: UnixStream) -> Result<(), LogError> {
    stream.set_read_timeout(Some(wire::SILENCE_MAX))?;
    stream.set_write_timeout(Some(wire::SILENCE_MAX))?;
    let request: Request = wire::receive(&mut stream)?;
    let answer = answer(store, request).unwrap_or_else(Answer::from);
    wire::send(&mut stream, &answer)
}

fn answer(store: &Store, Request { version, ask }: Request) -> Result<Answer, LogError> {
    if version != wire::VERSION {
        return Err(LogError::Setup(
            "the running reeve is of another version; run the same one".into(),
        ));
    }
    match ask {
        Ask::Partitions => Ok(Answer::Partitions(store.partitions())),
        Ask::Append { topic, records } => {
            let records: Vec<Incoming> = records.into_iter().map(Incoming::from).collect();
            store.append(topic, &records).map(Answer::Appended)
        }
        Ask::Read {
            mut cursors,
            records_max,
            bytes_max,
            wait_ms,
        } => {
            let limits = BatchLimits {
                records_max: records_max.min(wire::BATCH_RECORDS_MAX),
                bytes_max: bytes_max.min(wire::BATCH_BYTES_MAX),
                wait: Duration::from_millis(wait_ms).min(wire::WAIT_MAX),
            };
            let records = store
                .read(&mut cursors, &limits)?
                .into_iter()
                .map(Into::into)
                .collect();
            Ok(Answer::Read { records, cursors })
        }
        Ask::Ledger { key } => Ok(Answer::Ledger(store.ledger(&key)?.map(Into::into))),
    }
}
