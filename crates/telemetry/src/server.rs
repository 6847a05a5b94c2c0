//! /metrics, /livez and /readyz over HTTP.

use std::future::{Future, IntoFuture};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::health::Health;
use crate::metrics::Metrics;

/// How long open connections may take to end after the shutdown began.
const DRAIN_MAX: Duration = Duration::from_secs(3);
const TEXT: &str = "text/plain; charset=utf-8";
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A bound address that is not served yet.
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Takes `address` (`127.0.0.1:9464`; port 0: any free one).
    ///
    /// # Errors
    /// The address is taken, or not ours.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address).await?,
        })
    }

    /// The address that was taken.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown` is done, then at most three seconds more for what is being answered.
    ///
    /// # Errors
    /// What the system says.
    pub async fn run(
        self,
        metrics: Metrics,
        health: Health,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let begun = Arc::new(Notify::new());
        let begins = Arc::clone(&begun);
        let drain = async move {
            shutdown.await;
            begun.notify_one();
        };
        let served = axum::serve(self.listener, routes(metrics, health)).with_graceful_shutdown(drain);
        let overdue = async {
            begins.notified().await;
            tokio::time::sleep(DRAIN_MAX).await;
        };
        tokio::select! {
            served = served.into_future() => served,
            () = overdue => Ok(()),
        }
    }
}

fn routes(metrics: Metrics, health: Health) -> Router {
    let probes = Router::new()
        .route(
            "/livez",
            get(|State(health): State<Health>| async move { probe(health.alive(), "alive") }),
        )
        .route(
            "/readyz",
            get(|State(health): State<Health>| async move { probe(health.ready(), "ready") }),
        )
        .with_state(health);
    Router::new()
        .route("/metrics", get(exposition))
        .with_state(metrics)
        .merge(probes)
}

async fn exposition(State(metrics): State<Metrics>) -> impl IntoResponse {
    ([(CONTENT_TYPE, EXPOSITION)], metrics.text())
}

fn probe(result: Result<(), String>, good: &str) -> impl IntoResponse + use<> {
    let (status, text) = match result {
        Ok(()) => (StatusCode::OK, format!("{good}\n")),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    };
    (status, [(CONTENT_TYPE, TEXT)], text)
}
