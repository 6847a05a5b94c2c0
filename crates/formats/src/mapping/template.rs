//! A text with places for values: `{rule} in {path?}`.

use serde::de::{Deserialize, Deserializer, Error};

use super::path::{self, Path, Place};
use super::scope::Scope;
use crate::json::Json;

/// A text with places for values.
#[derive(Clone)]
pub(super) struct Template {
    written: Box<str>,
    pieces: Box<[Piece]>,
}

#[derive(Clone)]
enum Piece {
    Text(Box<str>),
    /// Without a value for it the whole text is none, unless it may be missing.
    Path {
        path: Path,
        may_miss: bool,
    },
}

impl Template {
    /// The text as it was written.
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// The text with its values; none if one is missing that may not.
    pub(super) fn text(&self, scope: &Scope<'_>) -> Option<String> {
        let mut text = String::new();
        for piece in &*self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Path { path, may_miss } => {
                    let pushed = path.search(scope, &mut |place| {
                        match place {
                            Place::Key(key) => text.push_str(key),
                            Place::Value(Json::Array(all)) => {
                                text.push_str(&all.iter().find_map(Json::scalar)?)
                            }
                            Place::Value(json) => text.push_str(&json.scalar()?),
                        }
                        Some(())
                    });
                    if pushed.is_none() && !may_miss {
                        return None;
                    }
                }
            }
        }
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map_err(D::Error::custom)
    }
}

fn parse(text: &str) -> Result<Template, &'static str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, inner)) = rest.split_once('{') {
        if !before.is_empty() {
            pieces.push(Piece::Text(before.into()));
        }
        let (inside, after) = placeholder(inner)?;
        let may_miss = inside.ends_with('?');
        pieces.push(Piece::Path {
            path: path::parse(inside.trim_end_matches('?'))?,
            may_miss,
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.into()));
    }
    check_gaps(&pieces)?;
    Ok(Template {
        written: text.into(),
        pieces: pieces.into(),
    })
}

/// A value that is glued to a word or to another value may hide a secret from the scrubber, which looks for its ends.
fn check_gaps(pieces: &[Piece]) -> Result<(), &'static str> {
    let is_glue = |character: char| character.is_alphanumeric() || "_-+=.%".contains(character);
    let glued = pieces.windows(2).any(|pair| match pair {
        [Piece::Path { .. }, Piece::Path { .. }] => true,
        [Piece::Text(text), Piece::Path { .. }] => text.ends_with(is_glue),
        [Piece::Path { .. }, Piece::Text(text)] => text.starts_with(is_glue),
        _ => false,
    });
    match glued {
        true => Err("expected a blank, a slash or another sign between a value and what stands beside it"),
        false => Ok(()),
    }
}

/// Up to the brace that closes it; `{}` inside is a step of its path.
fn placeholder(text: &str) -> Result<(&str, &str), &'static str> {
    let mut from = 0;
    loop {
        let at = text[from..]
            .find(['{', '}'])
            .ok_or("expected `}` behind the path in a text")?
            + from;
        if text[at..].starts_with("{}") {
            from = at + 2;
        } else if text[at..].starts_with('}') {
            return Ok((&text[..at], &text[at + 1..]));
        } else {
            return Err("expected `}` behind the path in a text");
        }
    }
}
