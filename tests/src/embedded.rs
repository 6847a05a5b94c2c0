//! reeve without Kafka: a data directory of its own, and the real binary on it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::host::free_port;
use crate::replica::{Replica, executable};

/// One installation on the embedded log, gone with this value.
#[derive(Debug)]
pub struct Embedded {
    folder: tempfile::TempDir,
    port: u16,
}

impl Default for Embedded {
    fn default() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        std::fs::write(folder.path().join("key"), "0123456789abcdef0123456789abcdef").expect("it is ours");
        Self {
            folder,
            port: free_port(),
        }
    }
}

impl Embedded {
    /// Where `name` lies in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and returns its path, as a command takes it.
    pub fn write(&self, name: &str, content: &str) -> String {
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

    /// A `reeve run` on it, ready.
    #[track_caller]
    pub fn run(&self, name: &str) -> Replica {
        let mut command = self.command();
        command.arg("run").env("REEVE_LOG", "trace");
        let mut replica = Replica::start(&command, self.port, self.path(name));
        replica.wait_ready();
        replica
    }
}
