//! What else one could take: a Kafka Streams application and a Python consumer at the same alerts.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reeve_tests::host::wait_for;

use crate::bare::Route;
use crate::hop::Hop;
use crate::process::cpu_seconds;

const BOUND: Duration = Duration::from_secs(900);

/// A program of another make.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    program: String,
    arguments: Vec<String>,
}

/// Those that `load-tests/run` has prepared: each a command line in a variable.
pub(crate) fn prepared() -> Vec<Peer> {
    let peers = [
        ("Kafka Streams", "LOAD_PEER_STREAMS"),
        ("Python", "LOAD_PEER_PYTHON"),
    ];
    let found = peers.iter().filter_map(|(name, variable)| {
        let line = std::env::var(variable).ok()?;
        let mut words = line.split_whitespace().map(str::to_owned);
        Some(Peer {
            name,
            program: words.next()?,
            arguments: words.collect(),
        })
    });
    found.collect()
}

impl Peer {
    /// Runs it over `count` records. It prints `records seconds`, counted from its first record to its last commit.
    pub(crate) fn run(&self, route: &Route<'_>, count: u64) -> Option<Hop> {
        let output = std::env::temp_dir().join(format!("reeve-load-{}", std::process::id()));
        let mut child = self.start(route, count, &output)?;
        let broker = cpu_seconds(route.broker);
        let mut client = 0.0;
        let ended = wait_for(BOUND, || {
            client = f64::max(client, cpu_seconds(child.id()));
            child.try_wait().ok().flatten()
        });
        if ended.is_none() {
            child.kill().and_then(|()| child.wait()).expect("it is our child");
        }
        let printed = std::fs::read_to_string(&output).unwrap_or_default();
        std::fs::remove_file(&output).expect("it is ours");
        let seconds: f64 = printed.lines().last()?.split_whitespace().nth(1)?.parse().ok()?;
        Some(Hop {
            per_second: count as f64 / seconds,
            client_us: client * 1e6 / count as f64,
            broker_us: (cpu_seconds(route.broker) - broker) * 1e6 / count as f64,
        })
    }

    fn start(&self, route: &Route<'_>, count: u64, output: &Path) -> Option<Child> {
        let output = std::fs::File::create(PathBuf::from(output)).ok()?;
        Command::new(&self.program)
            .args(&self.arguments)
            .args([route.bootstrap, route.from, route.to, &count.to_string()])
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .ok()
    }
}
