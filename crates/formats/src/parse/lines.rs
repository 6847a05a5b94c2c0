//! The lines of an input.

use memchr::memchr_iter;

/// The lines of a text, each with how many stand before it.
pub(super) fn lines_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let breaks = memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    let mut start = 0;
    breaks.enumerate().map(move |(before, end)| {
        let line = &text[start..end];
        start = end + 1;
        (before, line)
    })
}
