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

/// Most texts are ASCII with single blanks, and are only copied.
fn is_clean(text: &str, chars_max: usize) -> bool {
    let mut before = b' ';
    let fits = |byte: u8| {
        let fits = byte.is_ascii_graphic() || (byte == b' ' && before != b' ');
        before = byte;
        fits
    };
    text.len() <= chars_max && !text.ends_with(' ') && text.bytes().all(fits)
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
