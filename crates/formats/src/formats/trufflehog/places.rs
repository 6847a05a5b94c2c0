//! Where a source looked: `SourceMetadata`, of which each kind of source has names of its own.

use std::borrow::Cow;

use reeve_domain::observation::Exposure;

use crate::draft::Place;
use crate::json::Json;

/// Where a kind of source can be read by.
const EXPOSURES: &[(&str, Exposure)] = &[
    ("Confluence", Exposure::Internal),
    ("Jira", Exposure::Internal),
    ("Sharepoint", Exposure::Internal),
    ("Slack", Exposure::ThirdParty),
    ("SlackContinuous", Exposure::ThirdParty),
    ("Teams", Exposure::ThirdParty),
    ("Postman", Exposure::ThirdParty),
    ("NPM", Exposure::Public),
    ("PyPi", Exposure::Public),
];

/// `visibility` of GitHub and GitLab sources; 0 (public) is left out by the writer, so that absence says nothing.
const VISIBILITIES: &[(u64, Exposure)] = &[
    (0, Exposure::Public),
    (1, Exposure::Private),
    (2, Exposure::Internal),
];

/// The kind of source (`Git`, `S3`, …) and what it says.
pub(super) fn metadata<'d>(json: &'d Json<'d>) -> (&'d str, &'d Json<'d>) {
    let kinds = json.at(&["SourceMetadata", "Data"]).entries();
    let found = kinds.iter().find(|(_, metadata)| metadata.is_object());
    found.map_or(("", json.get("")), |(kind, metadata)| (kind.as_ref(), metadata))
}

pub(super) fn place<'d>(metadata: &'d Json<'d>) -> Place<'d> {
    let line = ["line", "line_number"]
        .iter()
        .find_map(|field| metadata.get(field).unsigned());
    Place {
        repository: first(metadata, &["repository", "project_url", "repo"]),
        path: first(
            metadata,
            &[
                "file",
                "filename",
                "path",
                "page",
                "issue",
                "title",
                "document_id",
            ],
        ),
        line: line.filter(|line| *line > 0),
        commit: first(metadata, &["commit"]),
        resource: first(
            metadata,
            &[
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
            ],
        ),
        region: None,
    }
}

pub(super) fn page<'d>(metadata: &'d Json<'d>) -> Option<Cow<'d, str>> {
    first(metadata, &["link"])
}

fn first<'d>(metadata: &'d Json<'d>, fields: &[&str]) -> Option<Cow<'d, str>> {
    fields
        .iter()
        .find_map(|field| metadata.get(field).text())
        .map(Cow::Borrowed)
}

pub(super) fn exposure(kind: &str, metadata: &Json<'_>) -> Exposure {
    let visibility = metadata.get("visibility").unsigned();
    let visible = VISIBILITIES
        .iter()
        .find(|(number, _)| Some(*number) == visibility)
        .map(|(_, exposure)| *exposure);
    let known = EXPOSURES
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, exposure)| *exposure);
    visible.or(known).unwrap_or(Exposure::Unknown)
}
