//! One cheap look at a text that tells whether the passes have anything to do; it may say yes in vain, never no.

use std::sync::LazyLock;

use super::sweep;
use super::sweep::marks;
use super::values::Reported;

/// How many slots three bytes can fall into.
pub(super) const SLOTS: usize = 4096;

/// How many slots two bytes can fall into.
const PAIRS: usize = 4096;

const BASE64_STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX_LOWER: &[u8; 16] = b"0123456789abcdef";
const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// The slot of the first three bytes; missing ones count as zero.
pub(super) fn slot(bytes: &[u8]) -> usize {
    let byte = |at: usize| bytes.get(at).map_or(0, |byte| u32::from(*byte));
    let window = byte(0) << 24 | byte(1) << 16 | byte(2) << 8;
    (window.wrapping_mul(0x9e37_79b1) >> 20) as usize
}

/// Whether a text is nothing but characters of ASCII that show, without any escape.
pub(super) fn is_plain(text: &str) -> bool {
    let is_odd = |byte: &u8| !(b' '..=b'~').contains(byte) | (*byte == b'%') | (*byte == b'\\');
    !text.bytes().fold(false, |odd, byte| odd | is_odd(&byte))
}

/// A byte that base64 or hex of a text can begin with.
const BEGINS_ENCODED: u8 = 2;

/// What words of base64 consist of besides its separators; shifted by one, it rules [`BEGINS_ENCODED`] out.
const OF_WORD: u8 = 1;

static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = byte as u8;
        if letter.is_ascii_alphanumeric() || letter == b'+' {
            kinds[byte] |= OF_WORD;
        }
        if sweep::may_begin_encoded(letter) {
            kinds[byte] |= BEGINS_ENCODED;
        }
        byte += 1;
    }
    kinds
};

/// What may begin at a place: told by two bytes at first, by three where those are met.
#[derive(Clone)]
struct Starts {
    pairs: Vec<u8>,
    slots: [u64; SLOTS / 64],
}

/// A mark or a value may begin with these two bytes.
const OF_START: u8 = 1;

/// A word of base64 or hex may begin with the second of these two bytes.
const OF_ENCODED: u8 = 2;

/// Where marks begin, and where something encoded may.
static MARKS: LazyLock<Starts> = LazyLock::new(|| {
    let mut starts = Starts {
        pairs: vec![0; PAIRS],
        slots: [0; SLOTS / 64],
    };
    for (mark, _) in marks::MARKS {
        starts.add(mark.as_bytes());
    }
    for before in 0..=u8::MAX {
        for byte in 0..=u8::MAX {
            if may_begin_word(before, byte) {
                starts.pairs[pair(pair(0, before), byte)] |= OF_ENCODED;
            }
        }
    }
    starts
});

/// The slot of two bytes, from that of the first one.
fn pair(first: usize, second: u8) -> usize {
    (first << 6 | usize::from(CLASSES[usize::from(second)])) & (PAIRS - 1)
}

/// Every letter and digit that something may begin with has a class of its own, and so has what stands in marks;
/// no class has bytes of words and others.
static CLASSES: [u8; 256] = {
    let mut classes = [63; 256];
    let mut byte = 0;
    while byte < 128 {
        let letter = byte as u8;
        classes[byte] = match letter {
            b'a'..=b'z' => letter - b'a',
            b'A'..=b'Z' => letter - b'A' + 26,
            b'0' => 52,
            b'2'..=b'7' => letter - b'2' + 53,
            b'1' | b'8' | b'9' | b'+' => 59,
            b'-' => 60,
            b':' => 61,
            b'/' => 62,
            _ => 63,
        };
        byte += 1;
    }
    classes
};

/// Whether base64 or hex of a text may begin with a byte behind another one.
fn may_begin_word(before: u8, byte: u8) -> bool {
    KINDS[usize::from(byte)] & !(KINDS[usize::from(before)] << 1) & BEGINS_ENCODED != 0
}

impl Starts {
    fn add(&mut self, start: &[u8]) {
        let slot = slot(start);
        self.slots[slot / 64] |= 1 << (slot % 64);
        if let [first, second, ..] = *start {
            self.pairs[pair(pair(0, first), second)] |= OF_START;
        }
    }

    fn has(&self, start: &[u8]) -> bool {
        let slot = slot(start);
        self.slots[slot / 64] >> (slot % 64) & 1 == 1
    }
}

/// What one look searches for: how marks and the values of a record begin, in plain and encoded.
pub(super) struct Look {
    /// None where only marks are searched for.
    starts: Option<Starts>,
    /// The first four characters of each value in base64 and hex.
    encoded: Vec<u32>,
}

impl Look {
    /// A look for these values and for everything that announces a secret.
    pub(super) fn for_values(reported: &Reported) -> Self {
        let mut look = Self {
            starts: None,
            encoded: Vec::new(),
        };
        for value in reported.iter().map(str::as_bytes) {
            look.starts_mut().add(value);
            look.add_encoded(value);
        }
        look
    }

    /// Whether a pass may find something.
    pub(super) fn finds(&self, text: &str, reported: &Reported) -> bool {
        let starts = self.starts.as_ref().unwrap_or(&MARKS);
        let Some(pairs) = starts.pairs.first_chunk::<PAIRS>() else {
            return true;
        };
        let bytes = text.as_bytes();
        let mut here = usize::from(CLASSES[0]);
        (0..bytes.len()).any(|at| {
            here = pair(here, bytes[at]);
            pairs[here] != 0
                && ((pairs[here] & OF_START != 0 && at > 0 && self.begins(text, at - 1, starts, reported))
                    || (pairs[here] & OF_ENCODED != 0 && sweep::is_encoded(text, at)))
        })
    }

    fn starts_mut(&mut self) -> &mut Starts {
        self.starts.get_or_insert_with(|| MARKS.clone())
    }

    /// Whether a value or an announced secret begins at a byte, as far as can be told cheaply.
    fn begins(&self, text: &str, start: usize, starts: &Starts, reported: &Reported) -> bool {
        let rest = &text.as_bytes()[start..];
        if !starts.has(rest) {
            return false;
        }
        rest.first_chunk()
            .is_some_and(|start| self.encoded.contains(&u32::from_be_bytes(*start)))
            || reported.iter().any(|value| rest.starts_with(value.as_bytes()))
            || (text.is_char_boundary(start) && sweep::is_announced(text, start))
    }

    /// As many bits of the value as fill four characters, for each place in a group of base64.
    fn add_encoded(&mut self, value: &[u8]) {
        let bits = value
            .iter()
            .take(8)
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let bits = bits << (8 * (8 - value.len().min(8)));
        for alphabet in [BASE64_STANDARD, BASE64_URL] {
            for skipped in [0, 4, 2] {
                self.add_start([0, 6, 12, 18].map(|at| alphabet[(bits << (skipped + at) >> 58) as usize]));
            }
        }
        for alphabet in [HEX_LOWER, HEX_UPPER] {
            self.add_start([0, 4, 8, 12].map(|at| alphabet[(bits << at >> 60) as usize]));
        }
    }

    fn add_start(&mut self, start: [u8; 4]) {
        let code = u32::from_be_bytes(start);
        if !self.encoded.contains(&code) {
            self.starts_mut().add(&start);
            self.encoded.push(code);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::cell::Cell;

    use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
    use proptest::prelude::*;

    use super::*;
    use crate::scrub::values::Values;

    const VALUE: &str = "p4ss/w\"ord+é?>~";

    /// Pieces that secrets, and texts that resemble them, are made of.
    fn piece() -> impl Strategy<Value = String> {
        let token = "ghp_C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry";
        let fixed = [
            VALUE.to_owned(),
            HEXLOWER.encode(VALUE.as_bytes()),
            HEXUPPER.encode(VALUE.as_bytes()),
            BASE64.encode(VALUE.as_bytes()),
            BASE64URL_NOPAD.encode(VALUE.as_bytes()),
            BASE64.encode(format!("x{VALUE}").as_bytes()),
            BASE64.encode(format!("xy{VALUE}").as_bytes()),
            token.to_owned(),
            BASE64.encode(token.as_bytes()),
            HEXLOWER.encode(token.as_bytes()),
            "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            "https://u:p@host".to_owned(),
        ];
        let separators = ["", "/", "-", "=", ".", " ", "://", "é", "_", "+"].map(str::to_owned);
        prop_oneof![
            proptest::sample::select(fixed.to_vec()),
            proptest::sample::select(separators.to_vec()),
            "[a-zA-Z0-9/+_=. -]{0,9}",
            (0..super::super::sweep::marks::MARKS.len(), "[a-zA-Z0-9@.]{0,40}")
                .prop_map(|(mark, tail)| super::super::sweep::marks::MARKS[mark].0.to_owned() + &tail),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn what_a_pass_finds_the_look_has_seen(pieces in proptest::collection::vec(piece(), 1..5)) {
            let text = pieces.concat();
            let reported = Reported::of(&[Cow::Borrowed(VALUE)]);
            let replaced = Cell::new(0);
            let by_value = Values::of(&reported).replace(&text, &replaced);
            let by_shape = sweep::replace(&text, &replaced);
            if by_value.is_some() || by_shape.is_some() {
                prop_assert!(Look::for_values(&reported).finds(&text, &reported), "{}", text);
            }
        }
    }

    #[test]
    fn most_texts_of_an_alert_are_let_go_at_a_look() {
        let reported = Reported::of(&[Cow::Borrowed(VALUE)]);
        let look = Look::for_values(&reported);
        for text in [
            "services/billing/src/main/resources/application-production.properties",
            "https://github.com/acme/billing/blob/3f1c9a7be2d04856a1b2c3d4e5f60718293a4b5c/x.rs#L41",
            "Uncovered a GitHub Personal Access Token, potentially leading to unauthorized access.",
            "arn:aws:iam::123456789012:role/batch-admin",
        ] {
            assert!(is_plain(text) && !look.finds(text, &reported), "{text}");
        }
    }
}
