//! Where a secret lies: in a file, or on a page of GitHub.

use std::borrow::Cow;

use reeve_domain::observation::IssueType;

use crate::draft::{Draft, Place, Problem, Reading, SourceOf, SubjectOf};
use crate::json::Json;

/// Fields of a location that are the page it stands on.
const PAGES: &[&str] = &[
    "issue_title_url",
    "issue_body_url",
    "issue_comment_url",
    "discussion_title_url",
    "discussion_body_url",
    "discussion_comment_url",
    "pull_request_title_url",
    "pull_request_body_url",
    "pull_request_comment_url",
    "pull_request_review_url",
    "pull_request_review_comment_url",
    "page_url",
];

pub(super) fn is_location(json: &Json<'_>) -> bool {
    let details = json.get("details");
    let is_blob = details.has_all(&["blob_sha", "commit_sha"]);
    json.get("type").text().is_some() && (is_blob || PAGES.iter().any(|page| details.has(page)))
}

pub(super) fn place_of<'d>(details: &'d Json<'d>) -> Place<'d> {
    let page = PAGES.iter().find_map(|page| details.get(page).text());
    Place {
        path: details.get("path").text().map(Cow::Borrowed),
        line: details.get("start_line").unsigned(),
        commit: details.get("commit_sha").text().map(Cow::Borrowed),
        resource: page.map(Cow::Borrowed),
        ..Place::default()
    }
}

/// A location without its alert: whatever secret lies there.
pub(super) fn read<'d>(json: &'d Json<'d>) -> Reading<'d> {
    let details = json.get("details");
    let mut place = place_of(details);
    let page = PAGES.iter().find_map(|page| details.get(page).text());
    let page = details.get("commit_url").text().or(page);
    if let Some((repository, path)) = page.and_then(repository_and_path) {
        place.repository = Some(Cow::Owned(repository));
        place.path = place.path.or(Some(Cow::Borrowed(path)));
    }
    let source = SourceOf {
        rule: "secret".into(),
        url: page.map(Cow::Borrowed),
        ..SourceOf::default()
    };
    let kind = json.get("type").text().unwrap_or("location");
    let title = format!("Secret in: {}", kind.replace('_', " "));
    let problem = Some(Problem::new(IssueType::SecretExposed, title));
    let draft = Draft {
        place,
        problem,
        ..Draft::new(SubjectOf::Place, source)
    };
    Reading::observed(Vec::new(), vec![draft])
}

/// `https://api.github.com/repos/octocat/hello/issues/1` and `https://github.com/octocat/hello/issues/1` →
/// `https://github.com/octocat/hello` and `issues/1`.
fn repository_and_path(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let path = path.strip_prefix("api/v3/").unwrap_or(path);
    let path = path.strip_prefix("repos/").unwrap_or(path);
    let (owner, path) = path.split_once('/')?;
    let (name, path) = path.split_once('/').unwrap_or((path, ""));
    let host = host.strip_prefix("api.").unwrap_or(host);
    Some((format!("{scheme}://{host}/{owner}/{name}"), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_read_from_pages_and_from_the_api() {
        let hello = "https://github.com/octocat/hello".to_owned();
        for page in [
            "https://api.github.com/repos/octocat/hello/issues/1",
            "https://github.com/octocat/hello/issues/1",
        ] {
            assert_eq!(repository_and_path(page), Some((hello.clone(), "issues/1")));
        }
        let enterprise = repository_and_path("https://ghe.acme.example/api/v3/repos/octocat/hello/issues/1");
        assert_eq!(
            enterprise,
            Some(("https://ghe.acme.example/octocat/hello".to_owned(), "issues/1"))
        );
        assert_eq!(repository_and_path("nowhere"), None);
    }
}
