//! The pass that knows how secrets look: prefixes of issuers, PEM blocks, userinfo of URLs, tokens in base64 and hex.

pub(super) mod marks;

use std::cell::Cell;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use data_encoding::HEXLOWER_PERMISSIVE;

use super::MARK;
use crate::envelope::decode_base64;
use marks::{MARKS, Tail};

const ACCESS_KEY_ID_TAIL: usize = 16;
const SECRET_HALF_BYTES: usize = 40;
const PEM_LABEL_BYTES_MAX: usize = 64;
const JWT_BYTES_MIN: usize = 24;

/// A shorter run of base64 or hex holds no token.
const ENCODED_BYTES_MIN: usize = 24;

static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(MARKS.iter().map(|(mark, _)| mark))
        .expect("some dozens of short patterns make a small automaton")
});

/// The text with everything that looks like a secret replaced; none if nothing does.
pub(super) fn replace(text: &str, replaced: &Cell<u32>) -> Option<String> {
    let spans = spans(text);
    if spans.is_empty() {
        return None;
    }
    let mut clean = String::with_capacity(text.len());
    let mut kept = 0;
    for (start, end) in spans {
        if start < kept {
            continue;
        }
        clean.push_str(&text[kept..start]);
        clean.push_str(MARK);
        replaced.set(replaced.get().saturating_add(1));
        kept = end;
    }
    clean.push_str(&text[kept..]);
    Some(clean)
}

/// Whether a secret that a mark announces stands at a byte of a text; as `replace` sees it or, where marks overlap, more.
pub(super) fn is_announced(text: &str, start: usize) -> bool {
    let mut marks = marks::at(text.as_bytes(), start);
    marks.any(|(mark, tail)| {
        let end = start + mark.len();
        let is_pair = matches!(tail, Tail::AccessKeyId) && is_access_key_id(text, end);
        is_pair || span(text, start, end, *tail).is_some_and(|(start, end)| end > start)
    })
}

/// Where secrets stand, in order.
fn spans(text: &str) -> Vec<(usize, usize)> {
    let mut spans = marked(text);
    encoded(text, &mut spans);
    spans.sort_unstable();
    spans
}

fn marked(text: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut from = 0;
    while let Some(found) = FINDER.find(Input::new(text).span(from..text.len())) {
        let (start, end) = (found.start(), found.end());
        let (_, tail) = MARKS[found.pattern().as_usize()];
        from = end;
        match span(text, start, end, tail) {
            Some((start, end)) if end > start => {
                spans.push((start, end));
                from = from.max(end);
            }
            _ => {}
        }
        if matches!(tail, Tail::AccessKeyId) && is_access_key_id(text, end) {
            spans.extend(secret_halves(text));
        }
    }
    spans
}

/// From the mark at `start..end` to the secret it announces, if there is one.
fn span(text: &str, start: usize, end: usize, tail: Tail) -> Option<(usize, usize)> {
    let rest = &text[end..];
    match tail {
        Tail::Token(bytes_min) => (run(rest, is_token) >= bytes_min).then(|| (start, end + word(rest))),
        Tail::Dotted(bytes_min) => {
            let length = run(rest, |byte| is_token(byte) || matches!(byte, b'.' | b'/'));
            (length >= bytes_min).then(|| (start, end + length.max(word(rest))))
        }
        Tail::Value(bytes_min) => {
            let length = run(rest, |byte| {
                !matches!(byte, b' ' | b'\t' | b'\n' | b'"' | b'\'' | b'&' | b';' | b',')
            });
            (length >= bytes_min && !rest.starts_with(MARK)).then_some((end, end + length))
        }
        Tail::Pem => pem(rest).map(|length| (start, end + length)),
        Tail::Jwt => jwt(&text[start..]).map(|length| (start, start + length.max(word(&text[start..])))),
        Tail::Userinfo => userinfo(rest).map(|length| (end, end + length)),
        Tail::AccessKeyId => None,
    }
}

fn run(text: &str, allowed: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| allowed(*byte)).count()
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// To the end of the word a secret stands in: what is glued to it may be the beginning of another one, in an escape
/// that is not undone yet.
fn word(text: &str) -> usize {
    run(text, |byte| {
        !byte.is_ascii_whitespace() && !b"\"'`,;:()<>[]{}&|/#?=".contains(&byte)
    })
}

fn pem(rest: &str) -> Option<usize> {
    let label_end = rest
        .find("-----")
        .filter(|end| *end <= PEM_LABEL_BYTES_MAX)
        .unwrap_or(rest.len());
    if !rest[..label_end].contains("PRIVATE KEY") {
        return None;
    }
    let Some(footer) = rest.find("-----END ") else {
        return Some(rest.len());
    };
    let behind = footer + "-----END ".len();
    Some(
        rest[behind..]
            .find("-----")
            .map_or(rest.len(), |dashes| behind + dashes + 5),
    )
}

fn jwt(text: &str) -> Option<usize> {
    let length = run(text, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
    });
    let token = text[..length].trim_end_matches('.');
    (token.len() >= JWT_BYTES_MIN && token.contains('.')).then_some(token.len())
}

fn userinfo(rest: &str) -> Option<usize> {
    let authority = run(rest, |byte| {
        !matches!(byte, b'/' | b'?' | b'#' | b' ' | b'"' | b'\n')
    });
    let length = rest.as_bytes()[..authority]
        .iter()
        .rposition(|byte| *byte == b'@')?;
    (&rest[..length] != MARK && length > 0).then_some(length)
}

fn is_access_key_id(text: &str, end: usize) -> bool {
    run(&text[end..], |byte| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit()
    }) == ACCESS_KEY_ID_TAIL
}

/// Near an access key id a run of 40 characters of base64 is its secret half; a commit's hex is not.
fn secret_halves(text: &str) -> Vec<(usize, usize)> {
    let is_half = |&(start, end): &(usize, usize)| {
        let run = &text[start..end];
        run.len() == SECRET_HALF_BYTES && !run.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    runs(text, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+')
    })
    .filter(is_half)
    .collect()
}

/// Tokens in base64 or hex: runs that decode to a text with a mark in it.
fn encoded(text: &str, spans: &mut Vec<(usize, usize)>) {
    if text.len() < ENCODED_BYTES_MIN {
        return;
    }
    let words = runs(text, is_of_encoding);
    for (start, end) in words.filter(|(start, end)| end - start >= ENCODED_BYTES_MIN) {
        let word = &text[start..end];
        let begins = std::iter::once(0).chain(word.match_indices(['/', '=', '-', '_']).map(|(at, _)| at + 1));
        let hides = |begin: &usize| begins_with_secret(&word[*begin..]);
        if let Some(begin) = begins.into_iter().find(hides) {
            spans.push((start + begin, end));
        }
    }
}

/// Whether a token in base64 or hex begins at a byte of a text.
pub(super) fn is_encoded(text: &str, start: usize) -> bool {
    let rest = &text[start..];
    rest.len() >= ENCODED_BYTES_MIN
        && (begins_as_base64_text(rest) || begins_as_hex_text(rest))
        && begins_with_secret(&rest[..run(rest, is_of_encoding)])
}

/// What base64 or hex of a text can begin with.
pub(super) const fn may_begin_encoded(byte: u8) -> bool {
    matches!(byte, b'0' | b'2'..=b'7' | b'C' | b'D' | b'I'..=b'Z' | b'a'..=b'f')
}

/// A path may be glued behind it: what follows goes with it, since `/` is also of the alphabet.
fn begins_with_secret(word: &str) -> bool {
    let glued = || word.find('/').is_some_and(|slash| hides_secret(&word[..slash]));
    hides_secret(word) || glued()
}

fn is_of_encoding(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'-' | b'_' | b'=')
}

fn hides_secret(word: &str) -> bool {
    if word.len() < ENCODED_BYTES_MIN || word.len() > 64 * 1024 {
        return false;
    }
    let holds_mark = |decoded: Vec<u8>| {
        let text_bytes = decoded.iter().take_while(|byte| is_text(**byte)).count();
        std::str::from_utf8(&decoded[..text_bytes]).is_ok_and(|text| !marked(text).is_empty())
    };
    if begins_as_hex_text(word) && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let even = &word[..word.len() & !1];
        return HEXLOWER_PERMISSIVE.decode(even.as_bytes()).is_ok_and(holds_mark);
    }
    begins_as_base64_text(word) && decode_base64(whole_groups(word)).is_some_and(holds_mark)
}

fn whole_groups(word: &str) -> &str {
    let bare = word.trim_end_matches('=');
    if bare.len() % 4 == 1 {
        &bare[..bare.len() - 1]
    } else {
        bare
    }
}

/// Cheap: most runs that are no text of base64 show it within their first characters.
fn begins_as_base64_text(word: &str) -> bool {
    let Some(start) = word.as_bytes().first_chunk::<8>() else {
        return false;
    };
    let groups = start
        .iter()
        .try_fold(0_u64, |bits, byte| Some(bits << 6 | u64::from(sextet(*byte)?)));
    groups.is_some_and(|bits| bits.to_be_bytes()[2..].iter().all(|byte| is_text(*byte)))
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn begins_as_hex_text(word: &str) -> bool {
    let Some([first, second, third, fourth]) = word.as_bytes().first_chunk::<4>() else {
        return false;
    };
    let byte = |high: &u8, low: &u8| {
        let digit = |digit: &u8| {
            char::from(*digit)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        Some(digit(high)? << 4 | digit(low)?)
    };
    [byte(first, second), byte(third, fourth)]
        .iter()
        .all(|byte| byte.is_some_and(is_text))
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t')
}

/// Runs of allowed bytes, as byte ranges.
fn runs(text: &str, allowed: fn(u8) -> bool) -> impl Iterator<Item = (usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(|byte| allowed(*byte))?;
        let length = bytes[start..].iter().take_while(|byte| allowed(**byte)).count();
        at = start + length;
        Some((start, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64, HEXLOWER};

    fn swept(text: &str) -> String {
        replace(text, &Cell::new(0)).unwrap_or_else(|| text.to_owned())
    }

    /// A text that fits each mark of the table.
    fn sample(mark: &str, tail: Tail) -> Option<String> {
        let body = "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6QUJDREVG";
        match tail {
            Tail::Token(_) | Tail::Dotted(_) | Tail::Value(_) => Some(format!("{mark}{body}")),
            Tail::Pem => Some(format!(
                "{mark}RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
            )),
            Tail::Jwt => Some(format!("{mark}hbGciOiJIUzI1NiJ9.{body}.{body}")),
            Tail::Userinfo => Some(format!("https{mark}me:{body}@host")),
            Tail::AccessKeyId => None,
        }
    }

    #[test]
    fn every_mark_of_the_table_is_swept_in_plain_base64_and_hex() {
        for (mark, tail) in MARKS {
            let Some(secret) = sample(mark, *tail) else {
                continue;
            };
            let encoded = [
                secret.clone(),
                BASE64.encode(secret.as_bytes()),
                HEXLOWER.encode(secret.as_bytes()),
            ];
            for form in encoded {
                let clean = swept(&format!("in {form} here"));
                assert!(
                    clean.contains(MARK) && !clean.contains("Zm9vYmFy"),
                    "{mark}: {clean}"
                );
            }
        }
    }

    #[test]
    fn what_only_resembles_a_secret_stays() {
        for text in [
            "https://github.com/acme/app/blob/0123456789abcdef0123456789abcdef01234567/src/main.rs#L10",
            "ghp_ is a prefix, sk_live_ too",
            "arn:aws:iam::123456789012:user/AKIAIOSFODNN7EXAMPLE",
            "0123456789abcdef0123456789abcdef01234567:config/prod.env:aws-access-token:10",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "prowler-iam_no_custom_policy_permissive_role_assumption-123456789012-eu-west-1-4f0e631f9",
        ] {
            assert_eq!(swept(text), text);
        }
    }

    #[test]
    fn forty_characters_near_an_access_key_id_are_its_secret() {
        let half = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert_eq!(
            swept(&format!("AKIAIOSFODNN7EXAMPLE {half}")),
            format!("AKIAIOSFODNN7EXAMPLE {MARK}")
        );
        let commit = "AKIAIOSFODNN7EXAMPLE 0123456789abcdef0123456789abcdef01234567";
        assert_eq!(swept(commit), commit);
    }

    #[test]
    fn a_url_keeps_its_host() {
        assert_eq!(
            swept("see https://u:p@host/x and y"),
            format!("see https://{MARK}@host/x and y")
        );
    }
}
