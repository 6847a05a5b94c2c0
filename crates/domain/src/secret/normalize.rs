//! Normalizing a value, so that the same secret reported in two spellings is one.

use std::borrow::Cow;

use data_encoding::BASE64;
use memchr::memchr2;
use percent_encoding::percent_decode_str;

use super::Secret;

/// A value without what its surroundings added: blanks, one layer of matching quotes, trailing `,` and `;`, JSON
/// and URL escapes. Case is kept. Escapes of line breaks are undone in PEM blocks only.
pub fn normalize(value: &str) -> Secret<String> {
    let bare = outer(value);
    if bare.contains('-') && bare.contains("-----BEGIN ") {
        return Secret::new(pem_line_breaks(bare));
    }
    let unescaped = json_unescaped(bare);
    Secret::new(url_unescaped(&unescaped).into_owned())
}

/// A normalized value; most are reported as they are, and are not copied.
pub(super) enum Normalized<'v> {
    /// As it was reported.
    Same(&'v str),
    /// As [`normalize`] makes it.
    Other(Secret<String>),
}

impl<'v> Normalized<'v> {
    pub(super) fn of(value: &'v str) -> Self {
        let is_pem = || value.contains('-') && value.contains("-----BEGIN ");
        match is_bare(value) && memchr2(b'\\', b'%', value.as_bytes()).is_none() && !is_pem() {
            true => Self::Same(value),
            false => Self::Other(normalize(value)),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Same(value) => value,
            Self::Other(value) => value.expose(),
        }
    }
}

/// The text in a base64 value, for sources known to encode (early TruffleHog v3, Nosey Parker 0.22); none if it is
/// not base64 or no UTF-8 text without control characters.
pub fn base64_text(value: &str) -> Option<Secret<String>> {
    let bytes = BASE64.decode(value.trim().as_bytes()).ok()?;
    let text = Secret::new(String::from_utf8(bytes).ok()?);
    let is_text = text
        .expose()
        .chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    is_text.then_some(text)
}

/// Blanks, trailing `,` and `;`, and one layer of matching quotes taken off.
pub(super) fn outer(value: &str) -> &str {
    if is_bare(value) {
        return value;
    }
    let bare = without_trailing(value);
    for quote in ['"', '\'', '`'] {
        let inside = bare.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inside) = inside {
            return without_trailing(inside);
        }
    }
    bare
}

/// Escaped line breaks (`\n`, `\r`, `\\n`) of a PEM block become line breaks.
pub(super) fn pem_line_breaks(text: &str) -> String {
    let text = text.replace("\\\\", "\\");
    text.replace("\\r", "")
        .replace("\\n", "\n")
        .replace("\\/", "/")
        .replace('\r', "")
}

/// Undoes `\"`, `\\`, `\/` and `\uXXXX`; any other backslash means that the text was not escaped.
pub(super) fn json_unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        unescaped.push_str(&rest[..at]);
        let Some((character, after)) = escaped_character(&rest[at + 1..]) else {
            return Cow::Borrowed(text);
        };
        unescaped.push(character);
        rest = after;
    }
    unescaped.push_str(rest);
    Cow::Owned(unescaped)
}

/// Most values begin and end with a letter or a digit: nothing stands around them.
pub(super) fn is_bare(value: &str) -> bool {
    let (first, last) = (value.as_bytes().first(), value.as_bytes().last());
    first.is_some_and(u8::is_ascii_alphanumeric) && last.is_some_and(u8::is_ascii_alphanumeric)
}

fn without_trailing(text: &str) -> &str {
    text.trim()
        .trim_end_matches(|c: char| matches!(c, ',' | ';') || c.is_whitespace())
}

fn escaped_character(rest: &str) -> Option<(char, &str)> {
    let first = rest.chars().next()?;
    match first {
        '"' | '\\' | '/' => Some((first, &rest[1..])),
        'u' => {
            let digits = rest
                .get(1..5)
                .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            (!character.is_control()).then(|| (character, &rest[5..]))
        }
        _ => None,
    }
}

/// Undoes `%XX` if every `%` begins an escape and the result is text.
fn url_unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut pieces = text.split('%');
    pieces.next();
    let mut escapes = 0;
    let well_formed = pieces.all(|piece| {
        escapes += 1;
        piece
            .get(..2)
            .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    if escapes == 0 || !well_formed {
        return Cow::Borrowed(text);
    }
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) if !decoded.chars().any(char::is_control) => Cow::Owned(decoded.into_owned()),
        _ => Cow::Borrowed(text),
    }
}
