//! CODEOWNERS of repositories: for a secret that leaked, who owns the file it leaked in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use reeve_domain::context::{Owner, OwnerConfidence};
use reeve_domain::observation::Location;
use reeve_domain::time::Timestamp;

use crate::ask::Ask;
use crate::fault::Faults;
use crate::field::{Fact, Role, owner};
use crate::file::watched::{Unreadable, Watched};
use crate::merge::{Answer, Reply};

/// Where GitHub looks, in its order.
const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];
const BYTES_MAX: u64 = 3 * 1024 * 1024;

/// Repository patterns, the first that matches wins.
#[derive(Debug)]
pub(crate) struct CodeownersInventory(Vec<Repository>);

#[derive(Debug)]
struct Repository {
    pattern: GlobMatcher,
    rules: Watched<Rules>,
}

/// A repository pattern and the CODEOWNERS file, or the checkout in which it lies.
pub(crate) struct Place {
    pub(crate) repository: String,
    pub(crate) path: PathBuf,
    pub(crate) fault_at: String,
}

impl CodeownersInventory {
    pub(crate) fn compile(places: Vec<Place>, confidence: OwnerConfidence, faults: &mut Faults) -> Self {
        let mut repositories = Vec::new();
        for place in places {
            let pattern = GlobBuilder::new(&place.repository.to_lowercase())
                .literal_separator(true)
                .build();
            let pattern = pattern.map_err(|_| "expected a glob such as `acme/*`".to_owned());
            let pattern = faults.keep(&format!("{}/repository", place.fault_at), pattern);
            let rules = Watched::open(file_in(place.path), BYTES_MAX, move |bytes, _| {
                Rules::parse(bytes, confidence)
            });
            let rules = faults.keep(&format!("{}/path", place.fault_at), rules);
            if let (Some(pattern), Some(rules)) = (pattern, rules) {
                repositories.push(Repository {
                    pattern: pattern.compile_matcher(),
                    rules,
                });
            }
        }
        Self(repositories)
    }

    /// None if the subject was not found in one of the repositories: there is nothing to ask.
    pub(crate) fn reply(&self, ask: &Ask<'_>, now: Timestamp) -> Option<Reply> {
        let Location { repository, path, .. } = ask.location?;
        let (name, path) = (canonical(repository.as_deref()?), path.as_deref()?);
        let repository = self.0.iter().find(|repository| repository.is(&name))?;
        let path = path.replace('\\', "/");
        Some(
            match repository
                .rules
                .current()
                .owner_of(path.trim_start_matches("./").trim_start_matches('/'))
            {
                Some(answer) => Reply::found(answer, now),
                None => Reply::absent(now),
            },
        )
    }
}

impl Repository {
    /// Matches with the host (`github.com/acme/app`) or without it.
    fn is(&self, name: &str) -> bool {
        let without_host = name.split_once('/').map_or(name, |(_, rest)| rest);
        self.pattern.is_match(name) || self.pattern.is_match(without_host)
    }
}

fn file_in(path: PathBuf) -> PathBuf {
    if !path.is_dir() {
        return path;
    }
    let found = PLACES
        .iter()
        .map(|place| path.join(place))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| path.join(PLACES[1]))
}

/// `https://x@github.com/Acme/App.git` and `git@github.com:acme/app.git` → `github.com/acme/app`.
fn canonical(repository: &str) -> String {
    let text = repository.trim().to_lowercase();
    let (rest, is_url) = text
        .split_once("://")
        .map_or((text.as_str(), false), |(_, rest)| (rest, true));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = if is_url {
        host.to_owned()
    } else {
        host.replacen(':', "/", 1)
    };
    let whole = if path.is_empty() {
        host
    } else {
        format!("{host}/{path}")
    };
    let whole = whole.trim_end_matches('/');
    whole.strip_suffix(".git").unwrap_or(whole).to_owned()
}

/// The lines of one CODEOWNERS file; the last that matches wins.
#[derive(Debug)]
pub(crate) struct Rules {
    globs: GlobSet,
    /// For each glob the answer of its line.
    answers: Vec<Arc<Answer>>,
}

impl Rules {
    /// Lines that GitHub would ignore (negations, character ranges, no valid glob) are ignored.
    pub(crate) fn parse(bytes: &[u8], confidence: OwnerConfidence) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::new("expected UTF-8"))?;
        let mut globs = GlobSetBuilder::new();
        let mut answers = Vec::new();
        for line in text.lines() {
            let Some((pattern, owners)) = line_of(line) else {
                continue;
            };
            let answer = Arc::new(answer(&pattern, &owners, confidence));
            for glob in globs_of(&pattern) {
                if let Ok(glob) = GlobBuilder::new(&glob)
                    .literal_separator(true)
                    .backslash_escape(true)
                    .build()
                {
                    globs.add(glob);
                    answers.push(Arc::clone(&answer));
                }
            }
        }
        let globs = globs.build().map_err(|_| Unreadable::new("too many patterns"))?;
        Ok(Self { globs, answers })
    }

    /// The answer of the last line that matches; an empty one if that line takes the owner away.
    pub(crate) fn owner_of(&self, path: &str) -> Option<Arc<Answer>> {
        let last = self.globs.matches(path).into_iter().max()?;
        self.answers.get(last).cloned()
    }
}

fn answer(pattern: &str, owners: &[&str], confidence: OwnerConfidence) -> Answer {
    let first = owners.iter().find_map(|written| owner_named(written));
    let resolver = first.map(|owner| Owner {
        rule: pattern.to_owned(),
        confidence,
        ..owner
    });
    let facts = resolver
        .into_iter()
        .map(|owner| Fact::Owner(Role::Resolver, Box::new(owner)));
    Answer {
        facts: facts.collect(),
    }
}

/// `@org/team`, `@user` or a mail address.
fn owner_named(written: &str) -> Option<Owner> {
    match written.strip_prefix('@') {
        Some(team) if team.contains('/') => owner(Some("team".into()), Some(team.into()), None, None),
        Some(user) if !user.is_empty() => owner(Some("user".into()), Some(user.into()), None, None),
        None if written.contains('@') => owner(
            Some("user".into()),
            Some(written.into()),
            None,
            Some(written.into()),
        ),
        _ => None,
    }
}

/// Pattern and owners of a line; none for comments, section heads and what is no pattern.
fn line_of(line: &str) -> Option<(String, Vec<&str>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', '[', '!', '^']) {
        return None;
    }
    let (pattern, rest) = split_pattern(line);
    let owners = rest
        .split_whitespace()
        .take_while(|word| !word.starts_with('#'))
        .collect();
    Some((pattern, owners))
}

/// The pattern ends at the first white space that no backslash precedes.
fn split_pattern(line: &str) -> (String, &str) {
    let mut escaped = false;
    for (at, character) in line.char_indices() {
        if character.is_whitespace() && !escaped {
            return (line[..at].to_owned(), &line[at..]);
        }
        escaped = character == '\\' && !escaped;
    }
    (line.to_owned(), "")
}

/// A pattern of CODEOWNERS as globs over the whole path: one for the file itself, one for all below a folder.
fn globs_of(pattern: &str) -> Vec<String> {
    let literal = pattern
        .replace('[', "\\[")
        .replace(']', "\\]")
        .replace('{', "\\{")
        .replace('}', "\\}");
    let folder_only = literal.ends_with('/');
    let bare = literal.trim_end_matches('/');
    let anchored = bare.contains('/');
    let bare = bare.trim_start_matches('/');
    if bare.is_empty() {
        return Vec::new();
    }
    let start = if anchored || bare.starts_with("**/") {
        String::new()
    } else {
        "**/".to_owned()
    };
    let (itself, below) = (format!("{start}{bare}"), format!("{start}{bare}/**"));
    let direct_children_only = anchored && Path::new(bare).file_name().is_some_and(|last| last == "*");
    match (folder_only, direct_children_only) {
        (true, _) => vec![below],
        (false, true) => vec![itself],
        (false, false) => vec![itself, below],
    }
}
