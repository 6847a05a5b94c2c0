//! The quick way from text to tree, for a text that is one whole value within the limits, as nearly all are; any other
//! is left to `read`, which also says what is wrong with it.

use std::borrow::Cow;

use super::read::{Seen, read_slowly, repeated_key};
use super::{Json, Number};
use crate::settings::Limits;

/// Room for the keys of a document.
const OBJECT_KEYS_USUAL: usize = 24;

/// More digits may not fit into 64 bits.
const DIGITS_MAX: usize = 19;

/// The only value of a text; none where `read` has to look at it.
pub(crate) fn read<'a>(text: &'a str, limits: &Limits) -> Option<Json<'a>> {
    let mut reader = Reader { text, at: 0, limits };
    let json = reader.value(0)?;
    reader.skip_blanks();
    (reader.at == text.len()).then_some(json)
}

struct Reader<'a, 'l> {
    text: &'a str,
    at: usize,
    limits: &'l Limits,
}

impl<'a> Reader<'a, '_> {
    /// A value that stands so deep.
    fn value(&mut self, depth: u32) -> Option<Json<'a>> {
        self.skip_blanks();
        match self.peek()? {
            b'"' => self.string().map(Json::Text),
            b'{' => self.object(self.deeper(depth)?),
            b'[' => self.array(self.deeper(depth)?),
            b'n' => self.word("null", Json::Null),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            _ => self.number(),
        }
    }

    fn deeper(&self, depth: u32) -> Option<u32> {
        (depth < self.limits.depth).then_some(depth + 1)
    }

    fn object(&mut self, depth: u32) -> Option<Json<'a>> {
        self.at += 1;
        let mut entries = Vec::with_capacity(if depth == 1 { OBJECT_KEYS_USUAL } else { 0 });
        let mut seen = Seen::default();
        self.skip_blanks();
        if self.takes(b'}') {
            return Some(Json::Object(entries));
        }
        loop {
            self.skip_blanks();
            let key = self.string()?;
            if entries.len() >= self.limits.keys || seen.again(&key, &entries) {
                return None;
            }
            self.skip_blanks();
            if !self.takes(b':') {
                return None;
            }
            entries.push((key, self.value(depth)?));
            self.skip_blanks();
            if self.takes(b'}') {
                return repeated_key(&entries).is_none().then_some(Json::Object(entries));
            }
            if !self.takes(b',') {
                return None;
            }
        }
    }

    fn array(&mut self, depth: u32) -> Option<Json<'a>> {
        self.at += 1;
        let mut elements = Vec::new();
        self.skip_blanks();
        if self.takes(b']') {
            return Some(Json::Array(elements));
        }
        loop {
            elements.push(self.value(depth)?);
            self.skip_blanks();
            if self.takes(b']') {
                return Some(Json::Array(elements));
            }
            if !self.takes(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        if !self.takes(b'"') {
            return None;
        }
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            self.at += plain_bytes(&bytes[self.at..]);
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                    bytes.get(self.at)?;
                }
                _ => return None,
            }
        }
        let end = self.at;
        self.at += 1;
        match escaped {
            false => Some(Cow::Borrowed(&self.text[start..end])),
            true => serde_json::from_str(&self.text[start - 1..=end])
                .ok()
                .map(Cow::Owned),
        }
    }

    /// Short whole numbers are read here, all others as `read` does.
    fn number(&mut self) -> Option<Json<'a>> {
        let rest = &self.text.as_bytes()[self.at..];
        let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().take_while(|byte| is_part(byte)).count();
        let number = &self.text[self.at..self.at + length];
        self.at += length;
        let is_short = (1..DIGITS_MAX).contains(&length) && (length == 1 || !number.starts_with('0'));
        if is_short && number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Json::Number(Number::Unsigned(number.parse().ok()?)));
        }
        read_slowly(number, self.limits).ok()
    }

    fn word(&mut self, word: &str, json: Json<'a>) -> Option<Json<'a>> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += word.len();
        rest.starts_with(word.as_bytes()).then_some(json)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }
}

/// How many bytes stand before a quote, a backslash or a control character; eight are looked at at once.
fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let chunk = u64::from_le_bytes(*chunk);
        let is_zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
        let control = chunk.wrapping_sub(ONES * 0x20) & !chunk;
        let found = control | is_zero(chunk ^ (ONES * 0x22)) | is_zero(chunk ^ (ONES * 0x5c));
        let found = found & (ONES << 7);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    at + bytes[at..].iter().take_while(is_plain).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tree as text, floats by their bits.
    fn shown(json: &Json<'_>) -> String {
        match json {
            Json::Null => "null".to_owned(),
            Json::Bool(value) => value.to_string(),
            Json::Number(Number::Unsigned(number)) => format!("u{number}"),
            Json::Number(Number::Signed(number)) => format!("i{number}"),
            Json::Number(Number::Float(number)) => format!("f{}", number.to_bits()),
            Json::Text(text) => format!("{text:?}"),
            Json::Array(elements) => format!("{:?}", elements.iter().map(shown).collect::<Vec<_>>()),
            Json::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, json)| format!("{key:?}:{}", shown(json)));
                format!("{{{:?}}}", entries.collect::<Vec<_>>())
            }
        }
    }

    fn check(text: &str) -> bool {
        let limits = Limits {
            depth: 4,
            keys: 3,
            ..Limits::default()
        };
        let (quick, slow) = (read(text, &limits), read_slowly(text, &limits).ok());
        assert_eq!(quick.as_ref().map(shown), slow.as_ref().map(shown), "{text}");
        quick.is_some()
    }

    #[test]
    fn it_reads_and_leaves_what_the_slow_way_reads_and_refuses() {
        for text in [
            " {\"a\" : [1 ,-2, 3.5e1, 18446744073709551615, 18446744073709551616, 0, -0, 1E400000]\n}\t",
            r#"{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","a\u0062":"é","":{}}"#,
            "[[[[]]]]",
            "\"\"",
            "true",
            "null ",
            "[false,true,null]",
        ] {
            assert_eq!(check(text), !text.contains("400000"), "{text}");
        }
        for text in [
            "",
            "  ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\":1,\"a\":2}",
            "[[[[[]]]]]",
            "{\"a\":1,\"b\":2,\"c\":3,\"d\":4}",
            "01",
            "1.",
            "-",
            "+1",
            "1e",
            ".5",
            "tru",
            "nul",
            "truefalse",
            "\"\\x\"",
            "\"\\",
            "\"\\ud800\"",
            "\"a\nb\"",
            "[1 2]",
            "1 2",
            "{a:1}",
            "\u{feff}1",
            "[1]x",
            "{\"a\" 1}",
            "{1:1}",
        ] {
            assert!(!check(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn pieces_of_json_in_any_order_are_read_as_the_slow_way_reads_them(
            pieces in proptest::collection::vec(
                proptest::sample::select(&[
                    "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\\n\"", "\"\\u0061\"", "1", "-", "0", ".", "e", "null", "true", " ", "\"", "é", "\\",
                    "\"long enough for a chunk\"", "{\"a\":", "\u{1}",
                ]),
                0..14,
            )
        ) {
            check(&pieces.concat());
        }
    }
}
