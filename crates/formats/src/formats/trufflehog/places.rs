//! Where a source looked: `SourceMetadata`, of which each kind of source has names of its own.

use std::borrow::Cow;

use reeve_domain::observation::Exposure;

use crate::draft::Place;
use crate::json::Json;

/// Who can read a kind of source. The kinds are names of Go, which differ from those of the sources in case.
const EXPOSURES: &[(&str, Exposure)] = &[
    ("Confluence", Exposure::Internal),
    ("Jira", Exposure::Internal),
    ("Sharepoint", Exposure::Internal),
    ("Slack", Exposure::ThirdParty),
    ("SlackContinuous", Exposure::ThirdParty),
    ("Teams", Exposure::ThirdParty),
    ("Postman", Exposure::ThirdParty),
    ("Npm", Exposure::Public),
    ("Pypi", Exposure::Public),
];

/// `visibility` of GitHub and GitLab sources; 0 (public) is left out by the writer, so that absence says nothing.
const VISIBILITIES: &[(u64, Exposure)] = &[
    (0, Exposure::Public),
    (1, Exposure::Private),
    (2, Exposure::Internal),
];

/// Kinds that name a place by other fields than most, or by several fields together.
const LAYOUTS: &[Layout] = &[
    Layout {
        resource: &["container"],
        ..layout("Azure")
    },
    Layout {
        repository: &["username", "repository"],
        ..layout("Circleci")
    },
    Layout {
        resource: &["project_name"],
        ..layout("Jenkins")
    },
    Layout {
        path: &["issue_id"],
        resource: &["organization_slug", "project_slug"],
        ..layout("Sentry")
    },
    Layout {
        repository: &["username", "repository"],
        ..layout("TravisCI")
    },
    Layout {
        path: &["locator"],
        resource: &["host"],
        ..layout("Vector")
    },
];

/// The fields of a kind of source that are together its repository, path and resource; those of most kinds where none
/// is named.
struct Layout {
    kind: &'static str,
    repository: &'static [&'static str],
    path: &'static [&'static str],
    resource: &'static [&'static str],
}

const fn layout(kind: &'static str) -> Layout {
    Layout {
        kind,
        repository: &[],
        path: &[],
        resource: &[],
    }
}

/// The fields of most kinds, the better ones first.
const REPOSITORY: &[&str] = &["repository", "project_url", "repo"];
const PATH: &[&str] = &[
    "file",
    "filename",
    "path",
    "page",
    "issue",
    "title",
    "document_id",
];
const RESOURCE: &[&str] = &[
    "bucket",
    "image",
    "channel_name",
    "channel_id",
    "space",
    "project",
    "package",
    "workspace_name",
    "pipeline",
    "index",
    "hostname",
];

/// What CircleCI calls the host of a repository.
const VCS_TYPES: &[(&str, &str)] = &[
    ("github", "https://github.com/"),
    ("gh", "https://github.com/"),
    ("bitbucket", "https://bitbucket.org/"),
    ("bb", "https://bitbucket.org/"),
];

/// The kind of source (`Git`, `S3`, …) and what it says. Forager and webhooks pass on what another kind says.
pub(super) fn metadata<'d>(json: &'d Json<'d>) -> (&'d str, &'d Json<'d>) {
    let outer = of_kind(json.at(&["SourceMetadata", "Data"]));
    let inner = ["Metadata", "Data"]
        .iter()
        .find_map(|name| of_kind(outer?.1.get(name)));
    inner.or(outer).unwrap_or(("", json.get("")))
}

fn of_kind<'d>(kinds: &'d Json<'d>) -> Option<(&'d str, &'d Json<'d>)> {
    let mut found = kinds
        .entries()
        .iter()
        .filter(|(_, metadata)| metadata.is_object());
    found.next().map(|(kind, metadata)| (kind.as_ref(), metadata))
}

pub(super) fn page<'d>(metadata: &'d Json<'d>) -> Option<Cow<'d, str>> {
    first(metadata, &["link"])
}

pub(super) fn place<'d>(kind: &str, metadata: &'d Json<'d>) -> Place<'d> {
    let unusual = LAYOUTS
        .iter()
        .find(|layout| layout.kind.eq_ignore_ascii_case(kind));
    let part = |fields: fn(&Layout) -> &'static [&'static str], usual| {
        let unusual = unusual.and_then(|layout| together(metadata, fields(layout)));
        unusual.or_else(|| first(metadata, usual))
    };
    let line = ["line", "line_number"]
        .iter()
        .find_map(|field| metadata.get(field).unsigned());
    Place {
        repository: part(|layout| layout.repository, REPOSITORY).map(|name| at_host(metadata, name)),
        path: part(|layout| layout.path, PATH),
        line: line.filter(|line| *line > 0),
        commit: first(metadata, &["commit"]),
        resource: part(|layout| layout.resource, RESOURCE),
        region: None,
    }
}

/// Two owners may have repositories of the same name, and so may two hosts.
fn at_host<'d>(metadata: &Json<'_>, name: Cow<'d, str>) -> Cow<'d, str> {
    let vcs_type = metadata.get("vcs_type").text();
    let host = VCS_TYPES
        .iter()
        .find(|(known, _)| Some(*known) == vcs_type && name.contains('/'));
    match host {
        Some((_, host)) => Cow::Owned([host, name.as_ref()].concat()),
        None => name,
    }
}

fn first<'d>(metadata: &'d Json<'d>, fields: &[&str]) -> Option<Cow<'d, str>> {
    fields
        .iter()
        .find_map(|field| metadata.get(field).text())
        .map(Cow::Borrowed)
}

/// The fields that are there, as a path; none if none is.
fn together<'d>(metadata: &'d Json<'d>, fields: &[&str]) -> Option<Cow<'d, str>> {
    let known: Vec<&str> = fields
        .iter()
        .filter_map(|field| metadata.get(field).text())
        .collect();
    match known[..] {
        [] => None,
        [one] => Some(Cow::Borrowed(one)),
        _ => Some(Cow::Owned(known.join("/"))),
    }
}

pub(super) fn exposure(kind: &str, metadata: &Json<'_>) -> Exposure {
    let visibility = metadata.get("visibility").unsigned();
    let visible = VISIBILITIES
        .iter()
        .find(|(number, _)| Some(*number) == visibility)
        .map(|(_, exposure)| *exposure);
    let known = EXPOSURES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(kind))
        .map(|(_, exposure)| *exposure);
    visible.or(known).unwrap_or(Exposure::Unknown)
}
