//! Log lines on stderr: for operators, one structured line per event.

use std::io::{self, IsTerminal, Write, stderr};
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// What stands where no filter is given.
pub const DEFAULT_FILTER: &str = "info";

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// It cannot be read.
    #[error("not a log filter: {0} (expected for example `info` or `info,reeve_kafka=debug`)")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Logs were set up before.
    #[error("logs are set up already: {0}")]
    Twice(#[from] TryInitError),
}

/// What is logged, as in `info,reeve_kafka=debug`; an empty text means `info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

impl FromStr for Filter {
    type Err = LogsError;

    fn from_str(text: &str) -> Result<Self, LogsError> {
        parse(text)?;
        Ok(Self(text.to_owned()))
    }
}

/// Sends log lines to stderr for the rest of the process; `json`: one object per line instead of text. Colors only on a
/// terminal and without `NO_COLOR`.
///
/// # Errors
/// A second call in one process.
pub fn init(filter: &Filter, json: bool) -> Result<(), LogsError> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(parse(&filter.0)?)
        .with_writer(|| Lossy)
        .log_internal_errors(false);
    match json {
        true => lines.json().flatten_event(true).finish().try_init()?,
        false => lines
            .with_ansi(stderr().is_terminal() && colors_wanted())
            .finish()
            .try_init()?,
    }
    Ok(())
}

/// Stderr, whose reader may go away: the line goes on without a log.
struct Lossy;

impl Write for Lossy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        drop(stderr().write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        drop(stderr().flush());
        Ok(())
    }
}

fn parse(filter: &str) -> Result<EnvFilter, LogsError> {
    let filter = if filter.trim().is_empty() {
        DEFAULT_FILTER
    } else {
        filter
    };
    Ok(EnvFilter::try_new(filter)?)
}

fn colors_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_filter_is_info_and_a_senseless_one_is_an_error() {
        assert_eq!(parse(" ").unwrap().to_string(), "info");
        assert_eq!(
            parse("warn,reeve_kafka=debug").unwrap().to_string(),
            "reeve_kafka=debug,warn"
        );
        assert!(matches!(parse("reeve_kafka=loud"), Err(LogsError::Filter(_))));
    }

    #[test]
    fn logs_are_set_up_once() {
        let filter: Filter = "info".parse().unwrap();
        init(&filter, true).unwrap();
        assert!(matches!(init(&filter, false), Err(LogsError::Twice(_))));
    }
}
