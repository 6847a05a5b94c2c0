//! An HTTP server that sends exactly the bytes it is told to, and remembers who asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// What the server does with one request; the connection is closed afterwards.
pub(crate) enum Reply {
    Bytes(Vec<u8>),
    /// Sends these bytes and then nothing more.
    Hang(Vec<u8>),
    /// Waits for a permit first.
    When(Arc<Semaphore>, Vec<u8>),
}

type Script = dyn Fn(&str) -> Reply + Send + Sync;

/// A running server on loopback.
pub(crate) struct Stub {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    heads: Mutex<Vec<String>>,
    open: AtomicUsize,
    open_max: AtomicUsize,
}

impl Stub {
    /// The script gets the head of each request.
    pub(crate) async fn serving(script: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let (script, watching): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&watching)));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.heads.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.requests().len()
    }

    /// Most requests that were open at the same time.
    pub(crate) fn open_max(&self) -> usize {
        self.seen.open_max.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>, seen: Arc<Seen>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_closed) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
    seen.open_max.fetch_max(open, Ordering::SeqCst);
    seen.heads.lock().unwrap().push(head.clone());
    let bytes = match script(&head) {
        Reply::Bytes(bytes) => bytes,
        Reply::When(permits, bytes) => {
            permits.acquire().await.unwrap().forget();
            bytes
        }
        Reply::Hang(bytes) => {
            stream.write_all(&bytes).await.ok();
            std::future::pending().await
        }
    };
    seen.open.fetch_sub(1, Ordering::SeqCst);
    // A client that has seen enough may have gone: that is its right.
    stream.write_all(&bytes).await.ok();
    stream.shutdown().await.ok();
}

/// A response with this status line, these header lines and this body.
pub(crate) fn response(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for header in headers {
        bytes.extend_from_slice(format!("{header}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// A good JSON response.
pub(crate) fn json(body: &str) -> Vec<u8> {
    let length = format!("content-length: {}", body.len());
    response(
        "200 OK",
        &["content-type: application/json", &length, "connection: close"],
        body.as_bytes(),
    )
}

/// A response without a body that matters.
pub(crate) fn status(line: &str, headers: &[&str]) -> Vec<u8> {
    let all: Vec<&str> = headers
        .iter()
        .copied()
        .chain(["content-length: 0", "connection: close"])
        .collect();
    response(line, &all, b"")
}

/// A subject whose resolver is this team.
pub(crate) fn owned_by(team: &str) -> Vec<u8> {
    json(&format!(
        r#"{{"subject": {{"owners": {{"resolver": {{"type": "team", "ref": "{team}"}}}}}}}}"#
    ))
}
