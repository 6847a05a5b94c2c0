//! SIGHUP: the configuration is read again, and lanes adopt it between two batches; a bad one changes nothing.

use std::path::PathBuf;
use std::sync::Arc;

use reeve_dispatcher::{Dispatcher, Observe};
use reeve_domain::secret::HmacKeys;
use reeve_domain::time::Timestamp;
use reeve_log::{Output, Record, RestoreError, Segment};
use reeve_normalizer::{Counts, Normalizer};
use reeve_policy::ConfigError;
use reeve_telemetry::{Known, Metrics};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::config;
use crate::rules::{self, Rules};

/// How a role takes rules over.
pub trait Adopt {
    /// From the next batch on.
    fn adopt(&mut self, rules: &Rules);
}

impl<R: FnMut(&Counts)> Adopt for Normalizer<R> {
    fn adopt(&mut self, rules: &Rules) {
        Self::adopt(self, rules.settings.clone());
    }
}

impl<O: Observe> Adopt for Dispatcher<O> {
    fn adopt(&mut self, rules: &Rules) {
        Self::adopt(self, Arc::clone(&rules.policy), rules.inventories.clone());
    }
}

/// A segment that looks for new rules before each batch and tick, when nothing of it is uncommitted.
pub struct Live<S> {
    segment: S,
    rules: watch::Receiver<Rules>,
}

impl<S: Segment + Adopt> Live<S> {
    /// `segment` was made with the rules that are there now.
    pub fn new(segment: S, rules: watch::Receiver<Rules>) -> Self {
        Self { segment, rules }
    }

    fn adopt(&mut self) {
        if self.rules.has_changed().unwrap_or_default() {
            self.segment.adopt(&self.rules.borrow_and_update());
        }
    }
}

impl<S: Segment + Adopt> Segment for Live<S> {
    fn begin_restore(&mut self, partition: i32) {
        self.segment.begin_restore(partition);
    }

    fn restore(&mut self, record: Record) -> Result<(), RestoreError> {
        self.segment.restore(record)
    }

    fn end_restore(&mut self, partition: i32, proof: Option<&str>) -> Result<(), RestoreError> {
        self.segment.end_restore(partition, proof)
    }

    fn revoke(&mut self, partition: i32) {
        self.segment.revoke(partition);
    }

    fn run(&mut self, records: Vec<Record>, now: Timestamp) -> Output {
        self.adopt();
        self.segment.run(records, now)
    }

    fn tick(&mut self, partition: i32, now: Timestamp) -> Output {
        self.adopt();
        self.segment.tick(partition, now)
    }

    fn committed(&mut self, now: Timestamp) {
        self.segment.committed(now);
    }

    fn aborted(&mut self) {
        self.segment.aborted();
    }
}

/// Reads the configuration again whenever it is told to.
pub struct Reloader {
    /// The folder given at the start.
    pub folder: Option<PathBuf>,
    /// `reeve.yaml` as it was at the start.
    pub fixed: String,
    /// The key does not change while a line runs.
    pub keys: Arc<HmacKeys>,
    /// Where the lanes look.
    pub rules: watch::Sender<Rules>,
    /// Where the outcome is told.
    pub metrics: Metrics,
    /// What the metrics named at the start.
    pub known: Known,
}

impl Reloader {
    /// Listens for SIGHUP until the runtime ends.
    pub fn listen(self, runtime: &Runtime) {
        let entered = runtime.enter();
        let Ok(mut hangup) = signal(SignalKind::hangup()) else {
            return tracing::error!("SIGHUP cannot be heard; the configuration is read at the start only");
        };
        drop(entered);
        runtime.spawn(async move {
            while hangup.recv().await.is_some() {
                tokio::task::block_in_place(|| self.reload());
            }
        });
    }

    fn reload(&self) {
        match self.read() {
            Ok(rules) => {
                self.metrics
                    .reconfigured(&rules::named(self.known.clone(), &rules));
                tracing::info!(
                    config_sha256 = rules.policy.config_sha256(),
                    "configuration reloaded"
                );
                self.rules.send_replace(rules);
            }
            Err(errors) => {
                for error in errors {
                    tracing::error!(%error, "configuration refused");
                }
                tracing::error!("the configuration before it is still in force");
                self.metrics.reload_refused();
            }
        }
    }

    fn read(&self) -> Result<Rules, Vec<ConfigError>> {
        let config = config::load(self.folder.as_deref())?;
        if config.fixed != self.fixed {
            tracing::warn!(
                "reeve.yaml has changed: of it only `limits` is taken over now, the rest at the next start"
            );
        }
        rules::of(&config, &self.keys)
    }
}
