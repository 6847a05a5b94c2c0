//! The scrubber: nothing that leaves may hold a secret, in plain or in any usual encoding.
//!
//! Two passes over every text. The first knows the values that the record held and looks for them and for their
//! base64 and hex forms; URL and JSON escapes are undone before. The second knows how secrets look (`sweep`) and
//! finds those that no field announced. Access key ids of AWS are public and stay. Most texts hold nothing: one cheap
//! look tells (`look`), and neither pass is run.

mod look;
mod sweep;
mod values;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use percent_encoding::percent_decode_str;

use crate::settings::Scrub;
use look::Look;
use values::{Reported, Values};

/// Version of the rules; stands in every finding.
pub(crate) const VERSION: u32 = 1;

/// What stands where a secret was.
pub(crate) const MARK: &str = "[redacted]";

/// An escape inside an escape inside an escape: no scanner writes more.
const ESCAPES_MAX: usize = 3;

/// The scrubber of one record.
pub(crate) struct Scrubber {
    scrub: Scrub,
    look: Look,
    reported: Reported,
    values: OnceCell<Values>,
    replaced: Cell<u32>,
}

impl Scrubber {
    /// Knows the secrets of a record; those fields are withheld and counted.
    pub(crate) fn new(secrets: &[Cow<'_, str>], scrub: Scrub) -> Self {
        let withheld = u32::try_from(secrets.len()).unwrap_or(u32::MAX);
        let reported = Reported::of(secrets);
        Self {
            scrub,
            look: Look::for_values(&reported),
            reported,
            values: OnceCell::new(),
            replaced: Cell::new(withheld),
        }
    }

    /// How many places were replaced or withheld.
    pub(crate) fn count(&self) -> u32 {
        self.replaced.get()
    }

    /// The text without secrets; borrowed if it held none. Where one shows only when escapes are undone, they stay
    /// undone.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.scrub == Scrub::Off {
            return Cow::Borrowed(text);
        }
        if look::is_plain(text) && !self.look.finds(text, &self.reported) {
            return Cow::Borrowed(text);
        }
        self.thoroughly(text)
    }

    /// As [`Scrubber::text`], for a text that holds a secret, an escape or a character of another script.
    fn thoroughly<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let shown = without_hidden(text);
        let mut clean = self.plain(shown.as_deref().unwrap_or(text));
        let mut undone = clean.clone().or(shown);
        for _ in 0..ESCAPES_MAX {
            let Some(next) = unescape(undone.as_deref().unwrap_or(text)) else {
                break;
            };
            match self.plain(&next) {
                Some(found) => {
                    undone = Some(found.clone());
                    clean = Some(found);
                }
                None => undone = Some(next),
            }
        }
        clean.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// The text with its secrets replaced; none if it holds none.
    fn plain(&self, text: &str) -> Option<String> {
        if !self.look.finds(text, &self.reported) {
            return None;
        }
        let values = self.values.get_or_init(|| Values::of(&self.reported));
        let by_value = values.replace(text, &self.replaced);
        match by_value {
            Some(text) => Some(sweep::replace(&text, &self.replaced).unwrap_or(text)),
            None => sweep::replace(text, &self.replaced),
        }
    }
}

/// The text without characters that show nothing, if it has any: they are dropped from what people read, and would
/// let a secret reappear.
fn without_hidden(text: &str) -> Option<String> {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let shown: String = text
        .chars()
        .filter(|character| !shows_nothing(*character))
        .collect();
    (shown.len() != text.len()).then_some(shown)
}

/// The text with one layer of URL or JSON escapes undone; none if there was none.
fn unescape(text: &str) -> Option<String> {
    if text.contains('\\') {
        return Some(json_unescaped(text));
    }
    let decoded = text
        .contains('%')
        .then(|| percent_decode_str(text).decode_utf8_lossy())?;
    (decoded != text).then(|| decoded.into_owned())
}

fn shows_nothing(character: char) -> bool {
    (character.is_control() && !character.is_whitespace())
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Lenient: what is no escape stays.
fn json_unescaped(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        unescaped.push_str(&rest[..at]);
        let (character, length) = escaped_character(&rest[at + 1..]);
        unescaped.extend(character);
        rest = &rest[at + 1 + length..];
    }
    unescaped.push_str(rest);
    unescaped
}

/// The character behind a backslash, and how many bytes it takes.
fn escaped_character(rest: &str) -> (Option<char>, usize) {
    let Some(first) = rest.chars().next() else {
        return (None, 0);
    };
    let hex = rest
        .get(1..5)
        .filter(|_| first == 'u')
        .and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match (first, hex.and_then(char::from_u32)) {
        (_, Some(character)) => (Some(character), 5),
        ('n', _) => (Some('\n'), 1),
        ('r', _) => (Some('\r'), 1),
        ('t', _) => (Some('\t'), 1),
        (character, _) => (Some(character), character.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

    const VALUE: &str = "p4ss/w\"ord+é?";

    fn scrubbed(secret: &str, text: &str) -> String {
        Scrubber::new(&[Cow::Borrowed(secret)], Scrub::On)
            .text(text)
            .into_owned()
    }

    fn forms(value: &str) -> Vec<String> {
        let url =
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string();
        let json = serde_json::to_string(value).unwrap();
        let unicode: String = value
            .chars()
            .map(|c| format!("\\u{:04x}", u32::from(c)))
            .collect();
        vec![
            value.to_owned(),
            url.to_lowercase(),
            url,
            json[1..json.len() - 1].to_owned(),
            unicode,
            BASE64.encode(value.as_bytes()),
            BASE64URL_NOPAD.encode(value.as_bytes()),
            BASE64.encode(format!("x{value}y").as_bytes()),
            BASE64.encode(format!("xy{value}").as_bytes()),
            HEXLOWER.encode(value.as_bytes()),
            HEXUPPER.encode(value.as_bytes()),
        ]
    }

    #[test]
    fn a_value_is_found_in_every_encoding() {
        for form in forms(VALUE) {
            for text in [form.clone(), format!("a/{form}"), format!("see {form}.")] {
                let clean = scrubbed(VALUE, &text);
                assert!(clean.contains(MARK), "{text} -> {clean}");
            }
        }
    }

    #[test]
    fn a_secret_in_plain_does_not_hide_one_that_is_escaped() {
        let clean = scrubbed("hunter22", "hunter22 and h%75nter22");
        assert_eq!(clean, format!("{MARK} and {MARK}"));
    }

    #[test]
    fn a_secret_glued_to_another_in_an_escape_is_not_cut_in_two() {
        let token = "ghp_C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry";
        let hidden = token.replace('_', "%5F");
        for glue in ["", "/", ".", "-", "%2F"] {
            let clean = scrubbed("hunter22", &format!("{token}{glue}{hidden}"));
            assert!(!clean.to_lowercase().contains("4n4ry"), "{clean}");
        }
    }

    #[test]
    fn characters_that_show_nothing_hide_nothing() {
        let token = "ghp_C4n4ry\u{200b}C4n4ryC4n4ryC4n4ry\u{7}C4n4ryC4n4ry";
        assert_eq!(scrubbed("hunter22", token), MARK);
        assert_eq!(scrubbed("hunter22", "hun\u{2060}ter22"), MARK);
        assert_eq!(scrubbed("hunter22", "na\u{200b}me"), "na\u{200b}me");
    }

    #[test]
    fn without_the_value_nothing_is_found() {
        for form in forms(VALUE) {
            assert_eq!(scrubbed("another value", &form), form);
        }
    }

    #[test]
    fn short_values_access_key_ids_and_masks_are_no_values() {
        for (secret, text) in [
            ("abcde", "abcdef"),
            ("AKIAIOSFODNN7EXAMPLE", "the key AKIAIOSFODNN7EXAMPLE"),
            ("REDACTED", "REDACTED by the scanner"),
        ] {
            assert_eq!(scrubbed(secret, text), text);
        }
    }

    #[test]
    fn the_secret_half_of_a_pair_is_a_value_and_its_id_is_none() {
        let half = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let text = format!("AKIAIOSFODNN7EXAMPLE in {half}");
        let clean = scrubbed(&format!("AKIAIOSFODNN7EXAMPLE:{half}"), &text);
        assert_eq!(clean, format!("AKIAIOSFODNN7EXAMPLE in {MARK}"));
    }

    #[test]
    fn lines_of_a_private_key_are_found_one_by_one() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAabcdefghijkl\nmnopqrstuvwxyzABCDEFGHIJKL==\n-----END RSA PRIVATE KEY-----";
        assert_eq!(
            scrubbed(pem, "x mnopqrstuvwxyzABCDEFGHIJKL== y"),
            format!("x {MARK} y")
        );
        assert_eq!(scrubbed(pem, &pem.replace('\n', "\\n")), MARK);
    }

    #[test]
    fn the_password_of_a_url_is_a_value_of_its_own() {
        assert_eq!(
            scrubbed("https://me:hunter22@host/x", "who is hunter22"),
            format!("who is {MARK}")
        );
    }

    #[test]
    fn with_the_scrubber_off_everything_stays() {
        let off = Scrubber::new(&[Cow::Borrowed(VALUE)], Scrub::Off);
        assert_eq!(off.text(VALUE), VALUE);
    }
}
