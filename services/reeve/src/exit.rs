//! How a command ends: one exit code per kind of blame.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

pub use reeve_log::why;
use reeve_policy::config::ConfigError;

/// Why a command did not end well; the text goes to stderr.
#[derive(Debug)]
pub enum Failure {
    /// `check` or `test` found something, or what was asked for is gone.
    Findings(String),
    /// The command line is wrong.
    Usage(String),
    /// An input cannot be opened.
    NoInput(String),
    /// The platform failed, or we did.
    Internal(String),
    /// The configuration is wrong: everything that is wrong with it.
    Config(Vec<ConfigError>),
    /// The reader has gone away (`| head`): no failure of ours, and nobody is left to be told.
    NobodyReads,
}

impl Failure {
    /// The exit code of `sysexits`, as the command line's contract names it.
    pub const fn code(&self) -> u8 {
        match self {
            Self::NobodyReads => 0,
            Self::Findings(_) => 1,
            Self::Usage(_) => 64,
            Self::NoInput(_) => 66,
            Self::Internal(_) => 70,
            Self::Config(_) => 78,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Findings(text) | Self::Usage(text) | Self::NoInput(text) | Self::Internal(text) => {
                f.write_str(text)
            }
            Self::NobodyReads => Ok(()),
            Self::Config(errors) => {
                for error in errors {
                    writeln!(f, "{error}")?;
                }
                let s = if errors.len() == 1 { "" } else { "s" };
                write!(f, "{} configuration error{s}", errors.len())
            }
        }
    }
}

impl From<reeve_log::LogError> for Failure {
    fn from(error: reeve_log::LogError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        Self::from(failure.code())
    }
}

/// What is wrong with a path that was given: where, why, and what was expected there.
pub fn unusable(path: &Path, kind: io::ErrorKind, expected: &str) -> String {
    format!("{}: {}; expected {expected}", path.display(), why(kind))
}

/// What every command returns.
pub type Outcome = Result<(), Failure>;
