//! Where a secret lies whose value is not known: a place and a rule family, never a line, as lines move.

mod families;

use std::borrow::Cow;

pub use families::family_of;
use memchr::{memchr_iter, memchr2, memchr2_iter};

use super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey, UNKNOWN_SCOPE};

const PATH_PARTS_USUAL: usize = 12;

/// What the path of a location is relative to, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// The repository: its URL in any form, or `owner/name`.
    Repository(&'a str),
    /// The commit, where the repository is not known.
    Commit(&'a str),
    /// What the source calls its own scope: a project, a bucket, an image.
    Source(&'a str),
    /// The reference of the finding: the weakest.
    Reference(&'a str),
}

/// Whatever secrets of a rule's family lie in a file. The key is always weak: it never merges with another
/// redacted finding of the same text, and no strong alias is made from it. Scope, path and rule are to be scrubbed
/// before they come here.
///
/// # Errors
/// `Empty` if neither scope nor path is known.
pub fn file(scope: Scope<'_>, path: &str, rule: &str) -> Result<Resolved, KeyError> {
    let family = family_of(rule);
    let key = key_of(scope, path, family)?;
    let display = format!("{family} secrets in {}", path_parts(path).join("/"));
    Ok(Resolved::new(key, &display, Confidence::Low).with_attribute("rule_family", family))
}

/// The key of [`file`] alone, for a link.
///
/// # Errors
/// Those of [`file`].
pub fn file_key(scope: Scope<'_>, path: &str, rule: &str) -> Result<SubjectKey, KeyError> {
    key_of(scope, path, family_of(rule))
}

fn key_of(scope: Scope<'_>, path: &str, family: &str) -> Result<SubjectKey, KeyError> {
    let scope_text = scope_text(scope);
    let scope_parts = match scope {
        Scope::Commit(_) if scope_text.is_empty() => Vec::new(),
        Scope::Commit(_) => vec![scope_text.as_ref()],
        _ => path_parts(&scope_text),
    };
    let path_parts = path_parts(path);
    if scope_parts.is_empty() && path_parts.is_empty() {
        return Err(KeyError::Empty);
    }
    let mut parts = or_unknown(scope_parts);
    parts.extend(or_unknown(path_parts));
    parts.push(family);
    SubjectKey::of(Class::Secret, "location", "file", &parts, Case::Sensitive)
}

fn or_unknown(parts: Vec<&str>) -> Vec<&str> {
    if parts.is_empty() {
        vec![UNKNOWN_SCOPE]
    } else {
        parts
    }
}

/// The scope as a path of its parts, a commit as one part.
fn scope_text(scope: Scope<'_>) -> Cow<'_, str> {
    match scope {
        Scope::Repository(repository) => Cow::Owned(repository_path(repository)),
        Scope::Commit(sha) if sha.trim().is_empty() => Cow::Borrowed(""),
        Scope::Commit(sha) => Cow::Owned(["commit-", &sha.trim().to_ascii_lowercase()].concat()),
        Scope::Source(name) | Scope::Reference(name) => Cow::Borrowed(name),
    }
}

/// `https://user@github.com/Acme/App.git`, `git@github.com:acme/app.git` → `github.com/acme/app`.
fn repository_path(repository: &str) -> String {
    let text = lower_case(repository.trim());
    let (rest, is_url) = match behind_scheme(&text) {
        Some(rest) => (rest, true),
        None => (text.as_str(), false),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let bare = match authority.rsplit_once('@') {
        Some((_, host)) if is_url => Cow::Owned(format!("{host}/{path}")),
        Some((_, host)) => Cow::Owned(format!("{}/{path}", host.replacen(':', "/", 1))),
        None => Cow::Borrowed(rest),
    };
    let end = memchr2(b'?', b'#', bare.as_bytes()).unwrap_or(bare.len());
    let bare = bare[..end].trim_end_matches('/');
    bare.strip_suffix(".git").unwrap_or(bare).to_owned()
}

fn lower_case(text: &str) -> String {
    match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => text.to_lowercase(),
    }
}

/// What stands behind the first `://`.
fn behind_scheme(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut colons = memchr_iter(b':', bytes);
    let colon = colons.find(|at| bytes[*at..].starts_with(b"://"))?;
    Some(&text[colon + 3..])
}

/// The segments of a path: `\` is `/`, and `.`, `..` and empty segments are resolved.
fn path_parts(path: &str) -> Vec<&str> {
    let path = path.trim();
    let mut parts = Vec::with_capacity(PATH_PARTS_USUAL);
    let mut start = 0;
    for end in memchr2_iter(b'/', b'\\', path.as_bytes()).chain([path.len()]) {
        match &path[start..end] {
            "" | "." => {}
            ".." => drop(parts.pop()),
            segment => parts.push(segment),
        }
        start = end + 1;
    }
    parts
}
