//! Where a secret lies whose value is not known: a place and a rule family, never a line, as lines move.

mod families;

pub use families::family_of;

use super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey, UNKNOWN_SCOPE};

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
    let (scope_parts, path_parts) = (scope_parts(scope), path_parts(path));
    if scope_parts.is_empty() && path_parts.is_empty() {
        return Err(KeyError::Empty);
    }
    let family = family_of(rule);
    let mut parts: Vec<&str> = or_unknown(&scope_parts);
    parts.extend(or_unknown(&path_parts));
    parts.push(family);
    let key = SubjectKey::of(Class::Secret, "location", "file", &parts, Case::Sensitive)?;
    let display = format!("{family} secrets in {}", path_parts.join("/"));
    Ok(Resolved::new(key, &display, Confidence::Low).with_attribute("rule_family", family))
}

fn or_unknown(parts: &[String]) -> Vec<&str> {
    if parts.is_empty() {
        vec![UNKNOWN_SCOPE]
    } else {
        parts.iter().map(String::as_str).collect()
    }
}

fn scope_parts(scope: Scope<'_>) -> Vec<String> {
    match scope {
        Scope::Repository(repository) => repository_parts(repository),
        Scope::Commit(sha) if sha.trim().is_empty() => Vec::new(),
        Scope::Commit(sha) => vec![format!("commit-{}", sha.trim().to_ascii_lowercase())],
        Scope::Source(name) | Scope::Reference(name) => path_parts(name),
    }
}

/// `https://user@github.com/Acme/App.git`, `git@github.com:acme/app.git` → `github.com`, `acme`, `app`.
fn repository_parts(repository: &str) -> Vec<String> {
    let text = repository.trim().to_lowercase();
    let (rest, is_url) = match text.split_once("://") {
        Some((_, rest)) => (rest.to_owned(), true),
        None => (text.clone(), false),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let bare = match authority.rsplit_once('@') {
        Some((_, host)) if is_url => format!("{host}/{path}"),
        Some((_, host)) => format!("{}/{path}", host.replacen(':', "/", 1)),
        None => rest.clone(),
    };
    let bare = bare
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    path_parts(bare.strip_suffix(".git").unwrap_or(bare))
}

/// The segments of a path: `\` is `/`, and `.`, `..` and empty segments are resolved.
fn path_parts(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for segment in path.trim().split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => drop(parts.pop()),
            segment => parts.push(segment.to_owned()),
        }
    }
    parts
}
