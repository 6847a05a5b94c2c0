//! A process of the real binary: started, watched through its probes and its log, and ended by signals.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::host::{wait_for, wait_until};
use crate::metrics::{Scrape, get};

/// A start may have to wait for a dead owner's transaction (15 s) and a session (10 s), on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// The built executable: `REEVE_BIN`, else the one beside the tests.
pub fn executable() -> PathBuf {
    if let Some(path) = std::env::var_os("REEVE_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.parent().and_then(|deps| deps.parent());
    let path = folder.expect("tests lie in target/*/deps").join("reeve");
    assert!(
        path.exists(),
        "{path:?}: `cargo build --workspace --bins` makes it"
    );
    path
}

/// A running `reeve`; killed when it is dropped, or when the test's thread ends.
#[derive(Debug)]
pub struct Replica {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Replica {
    /// Starts `command`, a `reeve run` that serves metrics on `port`; its stderr goes to the file `log`.
    pub fn start(command: &Command, port: u16, log: PathBuf) -> Self {
        let stderr = File::create(&log).expect("the test's folder can be written");
        let mut guarded = Command::new("setpriv");
        guarded
            .args(["--pdeathsig", "KILL"])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear();
        let variables = command.get_envs();
        guarded.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            guarded.current_dir(folder);
        }
        let child = guarded
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("setpriv is part of the system");
        Self { child, port, log }
    }

    /// The most memory it ever held, in bytes.
    pub fn memory_peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kilobytes.expect("it runs, and the system counts") * 1024
    }

    /// Its process, for those who count what it takes.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it serves metrics.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Waits until `/readyz` is 200: joined and restored. Fails the test if it ends before, or after 90 s.
    #[track_caller]
    pub fn wait_ready(&mut self) {
        let ready = wait_for(READY_WITHIN, || {
            let ended = self.child.try_wait().expect("it is our child");
            (self.is_ready() || ended.is_some()).then_some(ended)
        });
        assert_eq!(ready, Some(None), "not ready:\n{}", self.log());
    }

    /// Whether `/readyz` is 200 now.
    pub fn is_ready(&self) -> bool {
        get(self.port, "/readyz").is_some_and(|(status, _)| status == 200)
    }

    /// Whether `/livez` is 200 now.
    pub fn is_alive(&self) -> bool {
        get(self.port, "/livez").is_some_and(|(status, _)| status == 200)
    }

    /// What it shows on `/metrics` now.
    pub fn scrape(&self) -> Scrape {
        Scrape::of(self.port)
    }

    /// What it wrote to stderr so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends `KILL`, `STOP`, `CONT` or `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), "--", &pid])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name} {pid}");
    }

    /// kill -9; returns when it is gone.
    pub fn kill(&mut self) {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .expect("it is our child");
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Waits until it has ended by itself. Fails the test after `bound`.
    #[track_caller]
    pub fn wait_end(&mut self, bound: Duration) -> ExitStatus {
        let ended = wait_for(bound, || self.child.try_wait().expect("it is our child"));
        assert!(ended.is_some(), "still runs after {bound:?}:\n{}", self.log());
        ended.expect("just seen")
    }

    /// Waits until a failpoint has ended it.
    #[track_caller]
    pub fn wait_death(&mut self, bound: Duration) {
        const SIGABRT: i32 = 6;
        let ended = self.wait_end(bound);
        assert_eq!(ended.signal(), Some(SIGABRT), "{ended}:\n{}", self.log());
    }

    /// SIGTERM; it must end with 0 within 10 s.
    #[track_caller]
    pub fn stop(&mut self) {
        self.signal("TERM");
        let ended = self.wait_end(Duration::from_secs(10));
        assert_eq!(ended.code(), Some(0), "{}", self.log());
    }

    /// Waits for a line of the log. Fails the test after `bound`.
    #[track_caller]
    pub fn wait_log(&self, bound: Duration, text: &str) {
        wait_until(bound, text, || self.log().contains(text));
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if std::thread::panicking() {
            show(&self.log());
        } else {
            assert!(ended.is_ok(), "it is our child");
        }
    }
}

/// The end of a failed test's log.
#[expect(clippy::print_stderr, reason = "this is what a failed test has to say")]
fn show(log: &str) {
    let lines: Vec<&str> = log.lines().collect();
    let tail = lines.len().saturating_sub(25);
    eprintln!("--- a replica said:\n{}", lines[tail..].join("\n"));
}
