//! One request and its response: no redirect, no proxy, guarded names, secrets from files.

use std::sync::Arc;
use std::time::Duration;

use reeve_domain::context::SourceStatus;
use reeve_domain::time::Timestamp;
use reqwest::dns::Resolve;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url, redirect, retry};
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tracing::warn;

use super::address::Forbidden;
use super::judge::Judge;
use super::request::{Rendered, RequestTemplate};
use super::secrets::{Headers, Reading, SecretError};
use super::slot::Held;
use super::turns::Turns;
use crate::raw::RawLimits;

/// Idle connections are closed before most servers close them.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// Why a request that was sent has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: SourceStatus,
    /// For the log; fixed words.
    pub(crate) reason: &'static str,
    /// The inventory said when it wants to be asked again.
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    pub(crate) const fn new(status: SourceStatus, reason: &'static str) -> Self {
        Self {
            status,
            reason,
            retry_after: None,
        }
    }
}

/// The client of one inventory.
#[derive(Debug)]
pub(crate) struct Exchange {
    client: Client,
    headers: Arc<Headers>,
    judge: Judge,
}

impl Exchange {
    pub(crate) fn new(client: Client, headers: Headers, judge: Judge) -> Self {
        Self {
            client,
            headers: Arc::new(headers),
            judge,
        }
    }

    /// Asks, once more after a 401 if the secret has changed. The caller bounds the time.
    pub(crate) async fn run(
        &self,
        template: &RequestTemplate,
        rendered: &Rendered,
        turns: &Turns,
        now: Timestamp,
    ) -> Result<Held, Failure> {
        let headers = self.headers(Reading::Changed).await?;
        let mut response = self.send(&rendered.url, headers.clone()).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            let again = self.headers(Reading::Always).await?;
            if again != headers {
                turns.another().await;
                response = self.send(&rendered.url, again).await?;
            }
        }
        let (found, bytes) = self.judge.judge(response, template, rendered, now).await?;
        Ok(Held {
            found,
            as_of: now,
            landed: Instant::now(),
            bytes,
        })
    }

    async fn send(&self, url: &Url, headers: HeaderMap) -> Result<Response, Failure> {
        let request = self.client.get(url.clone()).headers(headers);
        request
            .send()
            .await
            .map_err(|error| failure(&error.without_url()))
    }

    async fn headers(&self, reading: Reading) -> Result<HeaderMap, Failure> {
        let made = if self.headers.have_files() {
            let headers = Arc::clone(&self.headers);
            spawn_blocking(move || headers.current(reading))
                .await
                .unwrap_or(Err(SecretError::Unreadable))
        } else {
            self.headers.current(reading)
        };
        made.map_err(|error| {
            warn!(%error, "request headers cannot be made");
            Failure::new(SourceStatus::Refused, "headers")
        })
    }
}

/// A client that follows nothing and trusts no environment variable.
pub(crate) fn client(names: impl Resolve + 'static, tls: bool, limits: &RawLimits) -> Result<Client, String> {
    // Fails only if one is installed already, which is then used.
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut defaults = HeaderMap::new();
    defaults.insert(ACCEPT, HeaderValue::from_static("application/json"));
    defaults.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let builder = Client::builder()
        .user_agent(concat!("reeve/", env!("CARGO_PKG_VERSION")))
        .default_headers(defaults)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_proxy()
        .no_gzip()
        .http1_only()
        .dns_resolver(Arc::new(names))
        .pool_idle_timeout(IDLE_MAX)
        .pool_max_idle_per_host(limits.in_flight as usize);
    // Without TLS the certificates of the system are not needed, and may not be there.
    let builder = if tls { builder } else { builder.tls_certs_only([]) };
    builder
        .build()
        .map_err(|_| "no TLS client: are the system's CA certificates installed?".to_owned())
}

fn failure(error: &reqwest::Error) -> Failure {
    if causes(error).any(|cause| cause.is::<Forbidden>()) {
        return Failure::new(SourceStatus::Refused, "address is never asked");
    }
    if error.is_timeout() {
        return Failure::new(SourceStatus::Timeout, "connection timed out");
    }
    if error.is_connect() || causes(error).any(is_broken) {
        return Failure::new(SourceStatus::Unreachable, "no connection");
    }
    Failure::new(SourceStatus::Invalid, "not an HTTP response")
}

fn causes<'e>(error: &'e reqwest::Error) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
}

fn is_broken(cause: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    matches!(kind, Some(BrokenPipe | ConnectionAborted | ConnectionReset))
}
