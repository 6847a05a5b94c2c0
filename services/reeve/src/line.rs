//! The running line: lanes on threads of their own, metrics beside them, one stop for all.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reeve_dispatcher::{Dispatcher, Lookups, Parts};
use reeve_domain::secret::HmacKeys;
use reeve_formats::formats;
use reeve_kafka::KafkaLane;
use reeve_log::embedded::{Embedded, Server, Store};
use reeve_log::{Clock, Log, LogError, Role, Stop, Topic, drive};
use reeve_normalizer::Normalizer;
use reeve_telemetry::{Health, Known, LaneHealth, Metrics};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;

use crate::config::{Config, LogConfig};
use crate::exit::{Failure, why};
use crate::reach::embedded_settings;
use crate::reload::Live;
use crate::rules::{self, Rules};
use crate::{clock, hooks, kafka, report};

/// How long lanes may take to finish their batch, leave their group and end.
const DRAIN_MAX: Duration = Duration::from_secs(9);

/// What a line is started with.
pub struct Start {
    /// Which roles run in this process.
    pub roles: Vec<Role>,
    /// The key of the keyed hashes.
    pub keys: Arc<HmacKeys>,
    /// What lanes decide, parse and ask by.
    pub rules: watch::Receiver<Rules>,
    /// Go on with what is left of a ledger that does not prove itself.
    pub accept_loss: bool,
}

/// Lanes that run.
pub struct Line {
    stop: Stop,
    threads: Vec<JoinHandle<()>>,
    ended: Receiver<(String, Result<(), LogError>)>,
    metrics: Metrics,
    health: Health,
    /// The embedded store's door for other processes, as long as the line runs.
    door: Option<Server>,
}

/// Where records lie.
enum Engine {
    Kafka,
    Embedded(Store),
}

/// Everything that lanes share.
struct Shared<'a> {
    config: &'a Config,
    start: &'a Start,
    runtime: Handle,
    metrics: Metrics,
    stop: Stop,
    clock: Clock,
    ended: Sender<(String, Result<(), LogError>)>,
    owned: BTreeMap<Role, Arc<AtomicI64>>,
}

impl Line {
    /// Starts every lane; they join, restore and run on threads of their own.
    ///
    /// # Errors
    /// The embedded log cannot be opened.
    pub fn start(config: &Config, start: &Start, runtime: &Handle) -> Result<Self, Failure> {
        let (engine, door) = engine(&config.log)?;
        let metrics = Metrics::new(&known(config, start), clock::system());
        let (sender, ended) = channel();
        let shared = Shared {
            config,
            start,
            runtime: runtime.clone(),
            metrics: metrics.clone(),
            stop: Stop::default(),
            clock: clock::system(),
            ended: sender,
            owned: start.roles.iter().map(|role| (*role, Arc::default())).collect(),
        };
        let health = Health::default();
        let lanes = if matches!(engine, Engine::Kafka) {
            config.log.lanes
        } else {
            1
        };
        let names = start
            .roles
            .iter()
            .flat_map(|role| (0..lanes).map(move |lane| (*role, lane)));
        let registered: Vec<(Role, u32, LaneHealth)> = names
            .map(|(role, lane)| (role, lane, health.lane(&lane_name(role, lane))))
            .collect();
        let mut threads = Vec::new();
        for (role, lane, lane_health) in registered {
            threads.push(shared.spawn(&engine, role, lane, lane_health)?);
        }
        Ok(Self {
            stop: shared.stop,
            threads,
            ended,
            metrics,
            health,
            door,
        })
    }

    /// The metrics of this process.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Liveness and readiness.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Asks every lane to stop when it is called or dropped into a signal handler.
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }

    /// Waits until a lane ends: because of the stop, or because it cannot go on, which stops the others.
    ///
    /// # Errors
    /// Why a lane could not go on.
    pub fn wait(self) -> Result<(), Failure> {
        let mut failure = None;
        let mut left = self.threads.len();
        let mut overdue: Option<Instant> = None;
        while left > 0 {
            match self.ended.recv_timeout(Duration::from_millis(100)) {
                Ok((name, result)) => {
                    left -= 1;
                    self.stop.stop();
                    if let Err(error) = result {
                        failure.get_or_insert(format!("{name}: {error}"));
                    }
                }
                Err(_) if self.stop.is_stopped() => {
                    let since = *overdue.get_or_insert_with(Instant::now);
                    if since.elapsed() > DRAIN_MAX {
                        failure.get_or_insert(
                            "a lane did not end in time; its batch will be done again".to_owned(),
                        );
                        break;
                    }
                }
                Err(_) => {}
            }
        }
        // what threads leave behind goes before the process cleans up: OpenSSL does not take both at once
        if left == 0 {
            self.threads.into_iter().for_each(|thread| drop(thread.join()));
        }
        drop(self.door);
        failure.map_or(Ok(()), |text| Err(Failure::Internal(text)))
    }
}

/// A lane from its beginning to its end.
type Run = Box<dyn FnOnce() -> Result<(), LogError> + Send>;

/// What became of a lane: one that panics would otherwise end without a word, and leave the process idle.
fn to_its_end(lane: Run) -> Result<(), LogError> {
    catch_unwind(AssertUnwindSafe(lane))
        .unwrap_or_else(|_| Err(LogError::Internal("the lane has panicked".to_owned())))
}

impl Shared<'_> {
    fn spawn(
        &self,
        engine: &Engine,
        role: Role,
        lane: u32,
        health: LaneHealth,
    ) -> Result<JoinHandle<()>, Failure> {
        let name = lane_name(role, lane);
        let run = match engine {
            Engine::Embedded(store) => self.runner(role, lane, health, {
                let store = store.clone();
                move || Ok(Embedded::lane(&store, role))
            }),
            Engine::Kafka => {
                let kafka = kafka::lane(&self.config.log, role, lane)?;
                self.runner(role, lane, health, move || KafkaLane::open(kafka))
            }
        };
        let ended = self.ended.clone();
        std::thread::Builder::new()
            .name(name.clone())
            .spawn(move || drop(ended.send((name, to_its_end(run)))))
            .map_err(|error| Failure::Internal(format!("no thread for a lane: {}", error.kind())))
    }

    fn runner<L: Log + 'static>(
        &self,
        role: Role,
        lane: u32,
        health: LaneHealth,
        open: impl FnOnce() -> Result<L, LogError> + Send + 'static,
    ) -> Run {
        let mut observer = report::Lane {
            metrics: self.metrics.clone(),
            health,
            role,
            name: lane_name(role, lane),
            names: self.config.log.names.clone(),
            owned: self.owned.get(&role).cloned().unwrap_or_default(),
            mine: 0,
        };
        let (stop, clock) = (self.stop.clone(), self.clock.clone());
        let pace = self.config.log.pace;
        let live = self.start.rules.clone();
        let rules = live.borrow().clone();
        let settings = rules.settings.clone();
        let parts = self.parts(rules);
        let metrics = self.metrics.clone();
        let topics = self.config.log.names.clone();
        let keys = Arc::clone(&self.start.keys);
        Box::new(move || {
            let log = open()?;
            match role {
                Role::Normalizer => {
                    let told = report::normalizer(metrics, topics.clone());
                    let mut segment = Live::new(Normalizer::new(settings, topics, told), live);
                    drive(log, &mut segment, &mut observer, &clock, &pace, &stop)
                }
                Role::Dispatcher => {
                    let partitions = log.partitions(Topic::TaskEvents);
                    let told = report::Dispatched {
                        metrics,
                        names: topics,
                        keys,
                    };
                    let mut segment = Live::new(Dispatcher::new(parts(partitions), told), live);
                    drive(log, &mut segment, &mut observer, &clock, &pace, &stop)
                }
            }
        })
    }
}

impl Shared<'_> {
    /// What a dispatcher is made of, once it is known how many partitions there are.
    fn parts(&self, rules: Rules) -> impl FnOnce(i32) -> Parts + Send + 'static {
        let (keys, names) = (Arc::clone(&self.start.keys), self.config.log.names.clone());
        let (runtime, enrich) = (self.runtime.clone(), self.config.enrich);
        let accept_loss = self.start.accept_loss;
        move |partitions| Parts {
            policy: rules.policy,
            lookups: Lookups::new(
                rules.inventories,
                runtime,
                Duration::from_millis(enrich.deadline_ms),
                enrich.refresh_in_flight_max,
            ),
            keys,
            names,
            partitions,
            accept_loss,
            scrub: rules.settings.scrub,
            sealed: hooks::seals(),
        }
    }
}

fn lane_name(role: Role, lane: u32) -> String {
    format!("{}-{lane}", role.as_str())
}

fn engine(log: &LogConfig) -> Result<(Engine, Option<Server>), Failure> {
    if log.brokers.is_some() {
        return Ok((Engine::Kafka, None));
    }
    let store = Store::open(&log.data_dir, embedded_settings(log, clock::system()))?;
    let door = Server::start(&store, &log.data_dir)?;
    Ok((Engine::Embedded(store), Some(door)))
}

/// The label values that are known at the start.
pub fn known(config: &Config, start: &Start) -> Known {
    let inputs = start.roles.iter().flat_map(|role| role.inputs());
    let known = Known {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        topics: inputs
            .map(|topic| config.log.names.name(*topic).to_string())
            .collect(),
        formats: formats::ids()
            .chain(config.mappings.names())
            .map(str::to_owned)
            .collect(),
        roles: start.roles.iter().map(|role| role.as_str().to_owned()).collect(),
        escalation_level_max: 4,
        ..Known::default()
    };
    rules::named(known, &start.rules.borrow())
}

/// Serves metrics and probes until the line stops; the address that was taken.
///
/// # Errors
/// Somebody listens there already, or it is no address of this machine.
pub fn serve(line: &Line, address: SocketAddr, runtime: &Runtime) -> Result<SocketAddr, Failure> {
    let refused = |error: io::Error| {
        Failure::Internal(format!(
            "metrics cannot be served at {address}: {}; REEVE_METRICS_ADDR names another address, or `none`",
            why(error.kind())
        ))
    };
    let bound = runtime.block_on(reeve_telemetry::Server::bind(address));
    let server = bound.map_err(refused)?;
    let taken = server.address().map_err(refused)?;
    let (metrics, health, stop) = (line.metrics().clone(), line.health().clone(), line.stopper());
    runtime.spawn(async move {
        let stopped = async move {
            while !stop.is_stopped() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if let Err(error) = server.run(metrics, health, stopped).await {
            tracing::error!(error = %error.kind(), "metrics are no longer served");
        }
    });
    Ok(taken)
}

/// Stops the line at SIGTERM or SIGINT.
pub fn stop_on_signals(stop: Stop, runtime: &Runtime) {
    runtime.spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return tracing::error!("signals cannot be heard; stop with SIGKILL");
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.stop();
        tracing::info!("stopping");
    });
}

/// The runtime for inventories, metrics and signals; lanes are threads of their own.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("reeve-io")
        .enable_all()
        .build()
        .map_err(|error| Failure::Internal(format!("no runtime: {}", error.kind())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_that_panics_says_so() {
        assert!(to_its_end(Box::new(|| Ok(()))).is_ok());
        let panics = to_its_end(Box::new(|| std::panic::panic_any("this lane panics")));
        assert!(matches!(panics, Err(LogError::Internal(_))), "{panics:?}");
    }
}
