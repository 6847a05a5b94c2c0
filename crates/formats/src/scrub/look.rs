//! One cheap look at a text that tells whether the passes have anything to do; it may say yes in vain, never no.

use std::sync::LazyLock;

use super::sweep;
use super::sweep::marks;
use super::values::Reported;

/// How many slots three bytes can fall into.
pub(super) const SLOTS: usize = 4096;

const WINDOW_BYTES: usize = 3;
const BASE64_STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX_LOWER: &[u8; 16] = b"0123456789abcdef";
const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";

static MARKS: LazyLock<Slots> = LazyLock::new(|| {
    let mut slots = Slots([false; SLOTS]);
    marks::slots().for_each(|slot| slots.add(slot));
    slots
});

/// The slot of the first three bytes; missing ones count as zero.
pub(super) fn slot(bytes: &[u8]) -> usize {
    let first = bytes.iter().take(WINDOW_BYTES);
    slot_of(
        first
            .fold((0, 24), |(window, shift), byte| {
                (window | u32::from(*byte) << shift, shift - 8)
            })
            .0,
    )
}

/// The slot of a window: three bytes, the first one highest, and a zero byte.
fn slot_of(window: u32) -> usize {
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

#[derive(Clone)]
struct Slots([bool; SLOTS]);

impl Slots {
    fn add(&mut self, slot: usize) {
        self.0[slot % SLOTS] = true;
    }

    fn has(&self, slot: usize) -> bool {
        self.0[slot % SLOTS]
    }
}

/// What one look searches for: how marks and the values of a record begin, in plain and encoded.
pub(super) struct Look {
    slots: Slots,
    /// The first four characters of each value in base64 and hex.
    encoded: Vec<[u8; 4]>,
}

impl Look {
    /// A look for these values and for everything that announces a secret.
    pub(super) fn for_values(reported: &Reported) -> Self {
        let mut look = Self {
            slots: MARKS.clone(),
            encoded: Vec::new(),
        };
        for value in reported.iter().map(str::as_bytes) {
            look.slots.add(slot(value));
            look.add_encoded(value);
        }
        look
    }

    /// Whether a pass may find something.
    pub(super) fn finds(&self, text: &str, reported: &Reported) -> bool {
        let (mut window, mut before) = (0, 0);
        text.bytes().enumerate().any(|(at, byte)| {
            window = (window | u32::from(byte)) << 8;
            let kind = KINDS[usize::from(byte)];
            let may_be_encoded = kind & !before & BEGINS_ENCODED != 0;
            before = kind << 1;
            (self.slots.has(slot_of(window))
                && self.begins(text, at.saturating_sub(WINDOW_BYTES - 1), reported))
                || (may_be_encoded && sweep::is_encoded(text, at))
        })
    }

    /// Whether a value or an announced secret begins at a byte, as far as can be told cheaply.
    #[cold]
    fn begins(&self, text: &str, start: usize, reported: &Reported) -> bool {
        let rest = &text.as_bytes()[start..];
        self.encoded.iter().any(|encoded| rest.starts_with(encoded))
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
        if !self.encoded.contains(&start) {
            self.slots.add(slot(&start));
            self.encoded.push(start);
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
