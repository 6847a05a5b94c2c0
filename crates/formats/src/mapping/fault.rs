//! Mistakes in a mapping, with the place of each.

/// One mistake; `path` is a JSON pointer into the file, so that the caller can name line and column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingFault {
    /// JSON pointer, e.g. `/records/0/observe/1`.
    pub path: String,
    /// What was expected; quotes nothing but scrubbed output.
    pub message: String,
}

/// Collects every mistake, so that all are told at once.
#[derive(Default)]
pub(super) struct Faults(Vec<MappingFault>);

impl Faults {
    pub(super) fn push(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(MappingFault {
            path: path.into(),
            message: message.into(),
        });
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn into_result<T>(self, value: T) -> Result<T, Vec<MappingFault>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}
