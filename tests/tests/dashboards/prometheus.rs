//! A real Prometheus with the configuration that ships, but for the address it scrapes and how often.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reeve_tests::host::{free_port, wait_until};
use reeve_tests::metrics::get;
use serde_json::Value;

const STARTED_WITHIN: Duration = Duration::from_secs(60);

/// A server on loopback, gone with this value or with the test's process.
#[derive(Debug)]
pub(crate) struct Prometheus {
    server: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts it on the rules in `config`, scraping `reeve` every second, and returns when it is ready.
    pub(crate) fn start(config: &Path, reeve: u16) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        for rules in ["recording.yaml", "alerts.yaml"] {
            std::fs::copy(config.join(rules), folder.path().join(rules)).expect("it ships");
        }
        let shipped = std::fs::read_to_string(config.join("prometheus.yml")).expect("it ships");
        let changed = shipped
            .replace("reeve:9464", &format!("127.0.0.1:{reeve}"))
            .replace("15s", "1s");
        std::fs::write(folder.path().join("prometheus.yml"), changed).expect("it is ours");
        let port = free_port();
        let started = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "prometheus", "--log.level=error"])
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=series"])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .spawn();
        let server = started.expect("scripts/setup --tests brings prometheus");
        let prometheus = Self {
            server,
            port,
            _folder: folder,
        };
        wait_until(STARTED_WITHIN, "prometheus is ready", || {
            get(port, "/-/ready").is_some_and(|(status, _)| status == 200)
        });
        prometheus
    }

    /// What a browser would open.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits until a series of that name was scraped.
    pub(crate) fn wait_scraped(&self, name: &str) {
        self.wait_answer(STARTED_WITHIN, name);
    }

    /// Waits until the query has an answer.
    #[track_caller]
    pub(crate) fn wait_answer(&self, bound: Duration, query: &str) {
        wait_until(bound, query, || self.answers(query));
    }

    /// Whether the query gives at least one number.
    pub(crate) fn answers(&self, query: &str) -> bool {
        let answer = self.ask(&format!("/api/v1/query?query={}", encoded(query)));
        let results = answer["data"]["result"].as_array();
        let number = |result: &Value| {
            let text = result["value"][1].as_str()?;
            text.parse().ok().filter(|value: &f64| value.is_finite())
        };
        results.is_some_and(|results| results.iter().any(|result| number(result).is_some()))
    }

    /// Name, kind and query of every rule it has loaded.
    pub(crate) fn rules(&self) -> Vec<(String, String, String)> {
        let answer = self.ask("/api/v1/rules");
        let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
        let rules = groups
            .iter()
            .flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        rules
            .map(|rule| (text(&rule["name"]), text(&rule["type"]), text(&rule["query"])))
            .collect()
    }

    fn ask(&self, path: &str) -> Value {
        let body = get(self.port, path).map(|(_, body)| body).unwrap_or_default();
        serde_json::from_str(&body).unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let ended = self.server.kill().and_then(|()| self.server.wait());
        assert!(std::thread::panicking() || ended.is_ok(), "it is our child");
    }
}

fn encoded(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}
