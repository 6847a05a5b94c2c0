//! Why no key could be made: what was expected, never what was read.

/// A key that cannot be made. The text names the expected shape and never quotes the input, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A part of the id is empty.
    #[error("an id of a subject key must not be empty")]
    Empty,
    /// Provider or type is not a word of `a-z`, `0-9` and `-`.
    #[error("provider and type of a subject key must be words of a-z, 0-9 and -")]
    Word,
    /// A text is not a subject key.
    #[error("expected a subject key <class>:<provider>:<type>:<id> in canonical form")]
    Grammar,
    /// The text has not the shape its provider gives it.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The text is well formed but names neither an identity, a secret nor an entitlement.
    #[error("expected an identity, a secret or an entitlement, this names another resource")]
    NotASubject,
    /// The key of the keyed hash is too short.
    #[error("expected at least 32 bytes for the key of the keyed hash")]
    ShortHmacKey,
}
