//! Masked values and known headers: texts that stand where a secret was and are none.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::normalize::{is_bare, outer};

/// Characters that stand for what is not shown.
const MASKS: [char; 5] = ['*', 'x', 'X', '•', '.'];

/// Those of them that are of ASCII, counted as one.
static MAY_MASK: [u8; 256] = {
    let mut may_mask = [0; 256];
    may_mask[b'*' as usize] = 1;
    may_mask[b'x' as usize] = 1;
    may_mask[b'X' as usize] = 1;
    may_mask[b'.' as usize] = 1;
    may_mask
};

/// Runs that hide the middle or the start of a value.
const HIDING: [&str; 3] = ["***", "•••", "..."];

/// Words that, in brackets or between asterisks, stand for a value in logs and job output.
const PLACEHOLDERS: [&str; 9] = [
    "filtered",
    "hidden",
    "masked",
    "removed",
    "scrubbed",
    "secure",
    "secret",
    "sensitive",
    "value",
];

/// Lines that begin a private key; they are in every such file, and some scanners report or hash them alone.
const HEADERS: &[&str] = &[
    "BEGIN DSA PRIVATE KEY",
    "BEGIN EC PRIVATE KEY",
    "BEGIN ENCRYPTED PRIVATE KEY",
    "BEGIN OPENSSH PRIVATE KEY",
    "BEGIN PGP PRIVATE KEY BLOCK",
    "BEGIN PRIVATE KEY",
    "BEGIN RSA PRIVATE KEY",
    "BEGIN SSH2 ENCRYPTED PRIVATE KEY",
    "PuTTY-User-Key-File-2",
    "PuTTY-User-Key-File-3",
];

/// Whether a text is no value: empty, `REDACTED…`, ending in `...`, more than half of it one repeated mask
/// character, or a known header of a private key.
pub fn is_masked(text: &str) -> bool {
    let text = outer(text);
    text.is_empty() || says_redacted(text) || is_cut(text) || is_mostly_mask(text) || is_header(text)
}

/// Whether a hash in hex (SHA-1 or SHA-256) is that of a known header, so that the finding has no value.
pub fn is_header_hash(hex: &str) -> bool {
    let hex = hex.trim().to_ascii_lowercase();
    HEADER_HASHES.contains(&hex)
}

/// The hashes of every spelling of every header.
static HEADER_HASHES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let texts = HEADERS.iter().flat_map(|header| spellings(header));
    let hashes = |text: String| {
        let text = text.as_bytes();
        [
            HEXLOWER.encode(&Sha1::digest(text)),
            HEXLOWER.encode(&Sha256::digest(text)),
        ]
    };
    texts.flat_map(hashes).collect()
});

/// Whether a part of a value is hidden: what is left of two secrets may be the same. For keys alone: the rest is still
/// a secret.
pub(super) fn is_partly_hidden(text: &str) -> bool {
    let one_word = !text.contains(char::is_whitespace);
    one_word && (HIDING.iter().any(|run| text.contains(run)) || text.contains('…'))
}

fn says_redacted(text: &str) -> bool {
    if is_placeholder(text) {
        return true;
    }
    let word = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    word.get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("redacted"))
}

/// `[MASKED]`, `<hidden>`, `${{ value }}`, `***filtered***`; `secret!` is a bad password.
fn is_placeholder(text: &str) -> bool {
    let word = text.trim_start_matches(['$', '[', '<', '(', '{', '*']);
    let bare = word.trim_end_matches([']', '>', ')', '}', '*']);
    let is_enclosed = word.len() < text.len() && bare.len() < word.len();
    is_enclosed
        && PLACEHOLDERS
            .iter()
            .any(|known| bare.trim().eq_ignore_ascii_case(known))
}

fn is_cut(text: &str) -> bool {
    text.ends_with("...") || text.ends_with('…')
}

fn is_mostly_mask(text: &str) -> bool {
    let masks = text
        .bytes()
        .fold(0, |masks, byte| masks + usize::from(MAY_MASK[usize::from(byte)]));
    if text.is_ascii() && masks * 2 <= text.len() {
        return false;
    }
    let mut counts = [0; MASKS.len()];
    let mut length = 0;
    for character in text.chars() {
        length += 1;
        if let Some(mask) = MASKS.iter().position(|mask| *mask == character) {
            counts[mask] += 1;
        }
    }
    counts.iter().any(|count| count * 2 > length)
}

fn is_header(text: &str) -> bool {
    let bare = match is_bare(text) {
        true => text,
        false => text.trim_matches(|c: char| c == '-' || c == ':' || c.is_whitespace()),
    };
    HEADERS.iter().any(|header| bare.eq_ignore_ascii_case(header))
}

fn spellings(header: &str) -> [String; 6] {
    let line = format!("-----{header}-----");
    [
        header.to_owned(),
        format!("{line}\n"),
        format!("{line}\r\n"),
        format!("-----{header}"),
        format!("{header}-----"),
        line,
    ]
}
