//! reeve without Kafka: a data directory of its own, and the real binary on it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::host::{free_port, wait_for};
use crate::replica::{Replica, executable};

const PATIENCE: Duration = Duration::from_secs(40);

/// One installation on the embedded log, gone with this value.
#[derive(Debug)]
pub struct Embedded {
    folder: tempfile::TempDir,
    port: u16,
    environment: Vec<(String, String)>,
}

impl Default for Embedded {
    fn default() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        std::fs::write(folder.path().join("key"), "0123456789abcdef0123456789abcdef").expect("it is ours");
        Self {
            folder,
            port: free_port(),
            environment: Vec::new(),
        }
    }
}

impl Embedded {
    /// With one more variable in the environment of all its processes.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where `name` lies in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and returns its path, as a command takes it.
    pub fn write(&self, name: &str, content: &(impl AsRef<[u8]> + ?Sized)) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("it is ours");
        path.display().to_string()
    }

    /// Where `/metrics` is served.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The binary with this installation's environment and nothing else.
    pub fn command(&self) -> Command {
        let mut command = Command::new(executable());
        command
            .env_clear()
            .env("REEVE_DATA_DIR", self.path("log"))
            .env("REEVE_HMAC_KEY_FILE", self.path("key"))
            .env("REEVE_METRICS_ADDR", format!("127.0.0.1:{}", self.port))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path());
        command
    }

    /// Runs a command of the binary to its end, with `input` on its standard input.
    pub fn ends(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be run");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        // a command that does not read may have ended already
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        child.wait_with_output().expect("it is our child")
    }

    /// The same, which must end with 0; what it printed.
    #[track_caller]
    pub fn prints(&self, arguments: &[&str]) -> String {
        let output = self.ends(arguments, "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Publishes a document as the file `name`.
    #[track_caller]
    pub fn publish(&self, name: &str, content: &(impl AsRef<[u8]> + ?Sized)) {
        let path = self.write(name, content);
        self.prints(&["publish", &path]);
    }

    /// The tasks as they stand.
    #[track_caller]
    pub fn tasks(&self) -> Vec<Value> {
        bodies(&self.prints(&["tasks", "-o", "json"]))
    }

    /// Waits until `holds` for the task of that subject, and returns the task. Fails the test after 40 s.
    #[track_caller]
    pub fn wait_task(&self, key: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let wanted = |task: &Value| task["subject"]["key"] == key && holds(task);
        let found = wait_for(PATIENCE, || self.tasks().into_iter().find(&wanted));
        assert!(found.is_some(), "{key}: {what}: {:#?}", self.tasks());
        found.unwrap_or_default()
    }

    /// The dead letters.
    #[track_caller]
    pub fn letters(&self) -> Vec<Value> {
        bodies(&self.prints(&["dead-letters", "ls", "-o", "json"]))
    }

    /// A `reeve run` on it, ready; it logs all it can.
    #[track_caller]
    pub fn run(&self, name: &str) -> Replica {
        self.run_with(name, &[])
    }

    /// The same with more arguments.
    #[track_caller]
    pub fn run_with(&self, name: &str, arguments: &[&str]) -> Replica {
        let mut command = self.command();
        command.arg("run").args(arguments).env("REEVE_LOG", "trace");
        let mut replica = Replica::start(&command, self.port, self.path(name));
        replica.wait_ready();
        replica
    }
}

/// One JSON object a line.
#[track_caller]
pub fn bodies(printed: &str) -> Vec<Value> {
    let read = |line| serde_json::from_str(line).expect("a body is JSON");
    printed.lines().map(read).collect()
}
