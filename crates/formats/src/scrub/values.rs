//! The pass that knows its values: each value of a record, and its base64 and hex forms, in one scan of a text.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use memchr::memchr3;
use reeve_domain::key::{aws, db};
use reeve_domain::secret::is_masked;

use super::MARK;

/// A shorter value would blank texts that have nothing to do with it.
pub(super) const VALUE_BYTES_MIN: usize = 6;

/// A line of a longer value (a PEM block, a key file) counts by itself from this length on.
const LINE_BYTES_MIN: usize = 16;

const ACCESS_KEY_ID_BYTES: usize = 20;

/// The values of a record that are worth looking for, as they are in plain, one behind the other.
#[derive(Default)]
pub(super) struct Reported {
    text: String,
    values: Vec<Range<usize>>,
}

impl Reported {
    /// The values, their halves, passwords and lines, each once.
    pub(super) fn of(secrets: &[Cow<'_, str>]) -> Self {
        let mut reported = Self::default();
        for (index, secret) in secrets.iter().enumerate() {
            if !secrets[..index].contains(secret) {
                reported.add(secret);
            }
        }
        reported
    }

    /// Each value, at least [`VALUE_BYTES_MIN`] long.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|range| &self.text[range.clone()])
    }

    /// The value, its half or password, its lines: each a value of its own.
    fn add(&mut self, reported: &str) {
        let value = outer(reported);
        if value.len() < VALUE_BYTES_MIN || is_masked(value) || aws::is_access_key_id(value) {
            return;
        }
        self.push(value);
        if let Some(half) = secret_half(value) {
            self.push(half);
        }
        if memchr3(b':', b'=', b'@', value.as_bytes()).is_some() {
            self.add_password(value);
        }
        if value.contains('\n') || value.contains("\\n") {
            let lines = value.split('\n').flat_map(|line| line.split("\\n")).map(outer);
            lines
                .filter(|line| line.len() >= LINE_BYTES_MIN && !is_masked(line))
                .for_each(|line| self.push(line));
        }
    }

    fn add_password(&mut self, value: &str) {
        if !(value.contains("://") || value.contains('=') || value.contains("@tcp(")) {
            return;
        }
        let Some(connection) = db::parse(value) else {
            return;
        };
        let user = Some(connection.user.as_str()).filter(|_| connection.password.is_none());
        let password = connection
            .password
            .as_ref()
            .map(|password| password.expose().as_str());
        [user, password]
            .into_iter()
            .flatten()
            .for_each(|text| self.push(text));
    }

    fn push(&mut self, value: &str) {
        if value.len() >= VALUE_BYTES_MIN {
            let start = self.text.len();
            self.text.push_str(value);
            self.values.push(start..self.text.len());
        }
    }
}

/// All forms of the values, one behind the other. Which pairs of bytes one of them begins with is kept as bits, so
/// that a text is read once.
pub(super) struct Values {
    text: String,
    needles: Vec<Range<usize>>,
    starts: [u64; 16],
    shortest: usize,
}

impl Values {
    /// The values, in plain, in base64 and in hex.
    pub(super) fn of(reported: &Reported) -> Self {
        let mut values = Self {
            text: String::new(),
            needles: Vec::new(),
            starts: [0; 16],
            shortest: usize::MAX,
        };
        reported.iter().for_each(|value| values.add_forms(value));
        values
    }

    /// The text with every occurrence replaced; none if there is none.
    pub(super) fn replace(&self, text: &str, replaced: &Cell<u32>) -> Option<String> {
        let mut clean: Option<String> = None;
        let (mut at, mut kept) = (0, 0);
        while let Some((start, length)) = self.next_in(text, at) {
            let clean = clean.get_or_insert_default();
            clean.push_str(&text[kept..start]);
            clean.push_str(MARK);
            replaced.set(replaced.get().saturating_add(1));
            at = start + length;
            kept = at;
        }
        clean.map(|clean| clean + &text[kept..])
    }

    /// The next occurrence at or behind `from`: the longest that begins first.
    fn next_in(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        if text.len() < self.shortest.saturating_add(from) {
            return None;
        }
        let bytes = text.as_bytes();
        let pairs = bytes[from..]
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| self.may_start(pair[0], pair[1]));
        pairs.map(|(offset, _)| from + offset).find_map(|at| {
            let here = self
                .needles
                .iter()
                .filter(|needle| bytes[at..].starts_with(&self.text.as_bytes()[needle.start..needle.end]));
            here.map(ExactSizeIterator::len).max().map(|length| (at, length))
        })
    }

    fn add_forms(&mut self, value: &str) {
        self.add(|text| text.push_str(value));
        self.add(|text| HEXLOWER.encode_append(value.as_bytes(), text));
        self.add(|text| HEXUPPER.encode_append(value.as_bytes(), text));
        let mut shifted = vec![0; 2];
        shifted.extend_from_slice(value.as_bytes());
        for before in 0..3 {
            let range = base64_core(shifted.len() - 2 + before, before);
            let bytes = &shifted[2 - before..];
            self.add(|text| push_part(text, &BASE64.encode(bytes)[range.clone()]));
            let added = self.needles.last().cloned().unwrap_or_default();
            if self.text[added].contains(['+', '/']) {
                self.add(|text| push_part(text, &BASE64URL.encode(bytes)[range]));
            }
        }
    }

    fn add(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        let needle = start..self.text.len();
        if let [first, second, ..] = self.text.as_bytes()[needle.clone()] {
            let bit = pair_bit(first, second);
            self.starts[bit / 64] |= 1 << (bit % 64);
            self.shortest = self.shortest.min(needle.len());
            self.needles.push(needle);
        }
    }

    fn may_start(&self, first: u8, second: u8) -> bool {
        let bit = pair_bit(first, second);
        self.starts[bit / 64] >> (bit % 64) & 1 == 1
    }
}

fn pair_bit(first: u8, second: u8) -> usize {
    (usize::from(first) * 37 + usize::from(second) * 5) % 1024
}

/// Which characters of the base64 of so many bytes depend on nothing but the value that begins `before` bytes in.
fn base64_core(bytes: usize, before: usize) -> Range<usize> {
    (before * 8).div_ceil(6)..bytes * 8 / 6
}

fn push_part(text: &mut String, part: &str) {
    text.push_str(part);
}

/// The 40 characters beside an access key id, with or without a separator.
fn secret_half(value: &str) -> Option<&str> {
    let (id, rest) = value.split_at_checked(ACCESS_KEY_ID_BYTES)?;
    let half = rest.trim_start_matches([':', ',', ';', '|', ' ']);
    aws::is_access_key_id(id).then_some(half)
}

/// Without blanks, trailing separators and one layer of quotes.
fn outer(text: &str) -> &str {
    let text = text.trim().trim_end_matches([',', ';']);
    ['"', '\'', '`']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text)
}
