//! Text that people will read: no control characters, a bounded length.

/// `text` without control and bidirectional-override characters, white space runs folded to one blank, at most `chars_max` characters.
pub fn clean(text: &str, chars_max: usize) -> String {
    if is_clean(text, chars_max) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(chars_max * 4));
    let (mut written, mut gap) = (0, false);
    for c in text.chars() {
        if c.is_whitespace() || is_invisible(c) {
            gap |= c.is_whitespace();
            continue;
        }
        let needed = 1 + usize::from(gap && written > 0);
        if written + needed > chars_max {
            break;
        }
        if gap && written > 0 {
            out.push(' ');
        }
        out.push(c);
        written += needed;
        gap = false;
    }
    out
}

/// Most texts are ASCII with single blanks, and are only copied. Written so that many bytes are compared at once.
fn is_clean(text: &str, chars_max: usize) -> bool {
    let bytes = text.as_bytes();
    let shows = bytes
        .iter()
        .fold(true, |shows, byte| shows & (b' '..=b'~').contains(byte));
    let behind = bytes.get(1..).unwrap_or_default();
    let gap = bytes
        .iter()
        .zip(behind)
        .fold(false, |gap, (one, next)| gap | ((*one == b' ') & (*next == b' ')));
    shows && !gap && bytes.len() <= chars_max && bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ')
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn control_characters_are_stripped_and_length_is_bounded() {
        assert_eq!(clean(" a\u{1b}[31m\n\tb\u{202e}c ", 256), "a[31m bc");
        assert_eq!(clean("abcdef", 3), "abc");
        assert_eq!(clean("ab cd", 3), "ab");
    }
}
