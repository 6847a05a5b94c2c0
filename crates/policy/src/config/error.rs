//! One thing that is wrong with the configuration, and where.

use std::fmt;

/// One thing that is wrong with the configuration. Holds no value of the file, only names and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigError {
    /// The file as the operator knows it, e.g. `routes.yaml`.
    pub file: String,
    /// From 1; 0 where no line is meant.
    pub line: u64,
    /// From 1, in characters; 0 where no column is meant.
    pub column: u64,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What was probably meant, e.g. `match`.
    pub suggestion: Option<String>,
}

impl ConfigError {
    /// An error of a file as a whole.
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            message: message.into(),
            suggestion: None,
        }
    }

    /// The same error with what was probably meant.
    #[must_use]
    pub fn meaning(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.suggestion {
            Some(meant) => write!(f, ", did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The known word nearest to `written`, if it is near enough to be a typo of it.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(written, word), word))
        .filter(|(distance, word)| *distance <= (written.len().max(word.len()) / 3).clamp(1, 3))
        .min()
        .map(|(_, word)| word)
}

/// [`nearest`], ready for an error.
pub(crate) fn suggestion<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(written, known).map(str::to_owned)
}
