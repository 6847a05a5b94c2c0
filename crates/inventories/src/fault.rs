//! Mistakes in the configuration, with the place where each was made.

/// One mistake; `path` is a JSON pointer into the document, so that the caller can name file, line and column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ConfigFault {
    /// JSON pointer, e.g. `/inventories/0/request/url`.
    pub path: String,
    /// What was expected; never quotes a value.
    pub message: String,
}

/// Collects every mistake, so that all are told at once.
#[derive(Default)]
pub(crate) struct Faults(Vec<ConfigFault>);

impl Faults {
    pub(crate) fn push(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(ConfigFault {
            path: path.into(),
            message: message.into(),
        });
    }

    /// The value, or `None` and one mistake more.
    pub(crate) fn keep<T>(&mut self, path: &str, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(message) => {
                self.push(path, message);
                None
            }
        }
    }

    pub(crate) fn into_result<T>(self, value: T) -> Result<T, Vec<ConfigFault>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

/// One segment of a JSON pointer, escaped.
pub(crate) fn segment(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
