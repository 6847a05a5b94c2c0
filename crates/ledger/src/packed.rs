//! Texts at rest. Tasks are much alike, so each is kept as what it does not share with the first of them.

use std::borrow::Cow;
use std::sync::OnceLock;

use lz4_flex::block::{compress_with_dict, decompress_with_dict};

/// What the others are told from. Only in memory, so it may be another after every start.
static FIRST: OnceLock<Box<[u8]>> = OnceLock::new();

/// As far back as the algorithm looks.
const FIRST_BYTES_MAX: usize = 65_536;

/// A text that is read seldom once it is packed.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Open(Box<[u8]>),
    Packed { bytes: Box<[u8]>, length: usize },
}

impl Text {
    pub(crate) fn new(text: String) -> Self {
        Self::Open(text.into_bytes().into_boxed_slice())
    }

    /// Its bytes; whoever reads them as a text looks at them anyway.
    pub(crate) fn get(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Open(text) => Cow::Borrowed(text),
            Self::Packed { bytes, length } => {
                let text = decompress_with_dict(bytes, *length, first(b""));
                Cow::Owned(text.expect("it was packed here"))
            }
        }
    }

    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Open(text) => text.len(),
            Self::Packed { length, .. } => *length,
        }
    }

    pub(crate) fn pack(&mut self) {
        if let Self::Open(text) = self {
            *self = Self::Packed {
                bytes: compress_with_dict(text, first(text)).into_boxed_slice(),
                length: text.len(),
            };
        }
    }
}

fn first(text: &[u8]) -> &'static [u8] {
    FIRST.get_or_init(|| text[..text.len().min(FIRST_BYTES_MAX)].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_read_as_it_was_and_is_smaller_the_more_it_is_like_the_first() {
        for text in [
            "",
            "ü",
            &"much alike ".repeat(20_000),
            r#"{"kind":"task","state":"open"}"#,
        ] {
            let mut packed = Text::new(text.to_owned());
            for _ in 0..2 {
                packed.pack();
                assert_eq!((&*packed.get(), packed.length()), (text.as_bytes(), text.len()));
            }
        }
        let alike = [first(b""), b"!"].concat();
        let mut packed = Text::Open(alike.as_slice().into());
        packed.pack();
        assert!(matches!(&packed, Text::Packed { bytes, .. } if bytes.len() < 32 + alike.len() / 100));
        assert_eq!(&*packed.get(), alike);
    }
}
