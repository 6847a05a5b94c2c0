//! Tokens: read from files, renewed when they change, shown to nobody but the inventory.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use reeve_domain::context::SourceStatus;
use reeve_inventories::Inventories;
use tempfile::TempDir;
use tracing_subscriber::fmt::MakeWriter;

use crate::stub::{Reply, Stub, owned_by, status};
use crate::world::{assert_silent, inventories, lookup, resolver, statuses};

const LIVE: &str = "canary-token-8d2f";

/// Writes a token with a given age, so that a change can be hidden from the file's time.
fn write_token(path: &Path, token: &str, at: SystemTime) {
    let mut file = File::create(path).unwrap();
    writeln!(file, "{token}").unwrap();
    file.set_modified(at).unwrap();
}

fn with_token(url: &str, token: &Path) -> Inventories {
    inventories(&format!(
        "inventories: [{{ name: primary, request: {{ url: \"{url}/{{subject.key}}\", \
         headers: {{ authorization: \"Bearer {{file:{}}}\" }} }}, at: /subject }}]",
        token.display()
    ))
}

/// Lets in who has the live token.
async fn guarded() -> Stub {
    Stub::serving(|head| {
        let live = head.contains(&format!("authorization: Bearer {LIVE}\r\n"));
        Reply::Bytes(if live {
            owned_by("payments")
        } else {
            status("401 Unauthorized", &[])
        })
    })
    .await
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    (folder, token)
}

#[tokio::test]
async fn a_token_that_changed_is_read_again() {
    let (_folder, token) = folder();
    let (stub, then) = (guarded().await, SystemTime::UNIX_EPOCH);
    write_token(&token, "canary-token-0000", then);
    let inventories = with_token(&stub.url(), &token);
    assert_silent(
        &lookup(&inventories, "alice").await,
        SourceStatus::Refused,
        "the wrong token",
    );
    assert_eq!(stub.count(), 1, "the same token is not tried twice");
    write_token(&token, LIVE, SystemTime::now());
    assert_eq!(resolver(&lookup(&inventories, "bob").await), Some("payments"));
    assert_eq!(stub.count(), 2);
}

#[tokio::test]
async fn after_a_401_the_token_is_read_even_if_the_file_looks_the_same() {
    let (_folder, token) = folder();
    let (stub, then) = (guarded().await, SystemTime::UNIX_EPOCH);
    write_token(&token, "canary-token-0000", then);
    let inventories = with_token(&stub.url(), &token);
    lookup(&inventories, "alice").await;
    write_token(&token, LIVE, then);
    assert_eq!(resolver(&lookup(&inventories, "bob").await), Some("payments"));
    assert_eq!(stub.count(), 3, "once with the old one, once with the new one");
}

#[tokio::test]
async fn a_header_without_its_file_is_not_sent() {
    let (_folder, token) = folder();
    let stub = Stub::serving(|_| Reply::Bytes(owned_by("payments"))).await;
    let known = lookup(&with_token(&stub.url(), &token), "alice").await;
    assert_eq!(statuses(&known), [SourceStatus::Ok]);
    assert!(!stub.requests()[0].to_lowercase().contains("authorization"));
}

#[tokio::test]
async fn a_token_that_is_no_header_value_is_not_sent() {
    let (_folder, token) = folder();
    let stub = guarded().await;
    write_token(&token, "one\r\nx-injected: two", SystemTime::now());
    assert_silent(
        &lookup(&with_token(&stub.url(), &token), "alice").await,
        SourceStatus::Refused,
        "two lines",
    );
    assert_eq!(stub.count(), 0);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_token_nor_url_is_in_a_log_at_trace_or_in_debug_output() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let (_folder, token) = folder();
    write_token(&token, LIVE, SystemTime::now());
    let stub = Stub::serving(|head| {
        Reply::Bytes(if head.contains("good") {
            owned_by("payments")
        } else {
            b"garbage".to_vec()
        })
    })
    .await;
    let inventories = with_token(&format!("{}/secret-path", stub.url()), &token);
    for id in ["good", "bad-1", "bad-2", "bad-3", "bad-4"] {
        lookup(&inventories, id).await;
    }
    assert!(stub.requests()[0].contains(LIVE), "it was sent");
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("inventory does not answer"),
        "something was logged"
    );
    for shown in [logged, format!("{inventories:?}")] {
        assert!(!shown.contains(LIVE));
    }
    let log_again = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!log_again.contains("secret-path"));
}
