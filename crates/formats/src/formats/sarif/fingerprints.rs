//! What tells a result from others, from scan to scan; and what scanners of secrets write there, which is no such thing.

use std::borrow::Cow;

use crate::json::Json;

/// Fingerprints that are a hash of what was matched, by the name before their version: whoever has the hash can guess
/// the value, so that it is as good as the value itself. ggshield hashes match and type, Nosey Parker and Kingfisher
/// what was matched, TruffleHog the hash of the value with rule, path and line, which anybody knows.
const OF_VALUES: &[&str] = &["secret", "match_group_content", "trufflehogfingerprint"];

/// What gitleaks says of a commit.
const OF_COMMITS: &[&str] = &["author", "email", "date", "commitMessage", "commitSha"];

/// What Semgrep writes for a fingerprint where nobody has logged in.
const WITHHELD: &str = "requires login";

const PLACES: &[&str] = &["fingerprints", "partialFingerprints"];

/// The first fingerprint that may be shown.
pub(super) fn stable<'d>(result: &'d Json<'d>) -> Option<&'d str> {
    let named = entries(result).filter(|(name, _)| !OF_COMMITS.contains(name) && !is_of_value(name));
    let mut texts = named.filter_map(|(_, value)| texts_of(value).next());
    texts.find(|text| *text != WITHHELD)
}

/// The fingerprints that must not leave.
pub(super) fn of_values<'d>(result: &'d Json<'d>) -> impl Iterator<Item = Cow<'d, str>> {
    let hashes = entries(result).filter(|(name, _)| is_of_value(name));
    hashes.flat_map(|(_, value)| texts_of(value)).map(Cow::Borrowed)
}

fn entries<'d>(result: &'d Json<'d>) -> impl Iterator<Item = (&'d str, &'d Json<'d>)> {
    let all = PLACES.iter().flat_map(|place| result.get(place).entries());
    all.map(|(name, value)| (name.as_ref(), value))
}

/// `match_group_content/sha256/v1` in any version and spelling.
fn is_of_value(name: &str) -> bool {
    let kind = name.split('/').next().unwrap_or(name);
    OF_VALUES.iter().any(|known| kind.eq_ignore_ascii_case(known))
}

/// A text, or those of an object: some tools nest them.
fn texts_of<'d>(value: &'d Json<'d>) -> impl Iterator<Item = &'d str> {
    let nested = value.entries().iter().filter_map(|(_, inner)| inner.text());
    value.text().into_iter().chain(nested)
}
