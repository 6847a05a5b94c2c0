//! A set of open words: exact, or a beginning followed by `*`.

use std::fmt;

/// At least one word; case matters, as in the references they are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words(Vec<Word>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Exact(String),
    Beginning(String),
}

impl Words {
    pub(crate) fn new(written: Vec<String>) -> Self {
        let word = |text: String| match text.strip_suffix('*') {
            Some(beginning) => Word::Beginning(beginning.to_owned()),
            None => Word::Exact(text),
        };
        Self(written.into_iter().map(word).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn fits(&self, text: &str) -> bool {
        self.0.iter().any(|word| match word {
            Word::Exact(exact) => exact == text,
            Word::Beginning(beginning) => text.starts_with(beginning.as_str()),
        })
    }

    /// Whether everything that fits `other` fits this too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        other
            .0
            .iter()
            .all(|inner| self.0.iter().any(|outer| outer.covers(inner)))
    }
}

impl Word {
    fn covers(&self, inner: &Self) -> bool {
        match (self, inner) {
            (Self::Exact(outer), Self::Exact(inner)) => outer == inner,
            (Self::Beginning(outer), Self::Exact(inner) | Self::Beginning(inner)) => {
                inner.starts_with(outer.as_str())
            }
            (Self::Exact(_), Self::Beginning(_)) => false,
        }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " | " };
            match word {
                Word::Exact(text) => write!(f, "{gap}{text}")?,
                Word::Beginning(text) => write!(f, "{gap}{text}*")?,
            }
        }
        Ok(())
    }
}
