//! What scanners of secrets have in common: a secret that lies where it should not.

use std::borrow::Cow;

use reeve_domain::key::aws;
use reeve_domain::observation::{IssueType, Validity};
use reeve_domain::secret::ValueHints;

use crate::draft::{Draft, Place, Problem, SourceOf, SubjectOf};
use crate::json::Json;

/// A secret in a place; the title is the scanner's, with the place behind it.
pub(super) fn exposed<'d>(
    subject: SubjectOf<'d>,
    title: &str,
    source: SourceOf<'d>,
    place: Place<'d>,
) -> Draft<'d> {
    let title = match &place.path {
        Some(path) => format!("{title} in {path}"),
        None => title.to_owned(),
    };
    Draft {
        place,
        problem: Some(Problem::new(IssueType::SecretExposed, title)),
        ..Draft::new(subject, source)
    }
}

/// The same with what the source knows of its validity.
pub(super) fn with_validity(mut draft: Draft<'_>, validity: Validity) -> Draft<'_> {
    if let Some(problem) = &mut draft.problem {
        problem.validity = validity;
    }
    draft
}

/// The parts of one match: an access key id wins and has the other part as its half, else the last one is the secret.
pub(super) fn of_parts<'d>(parts: &[Cow<'d, str>]) -> SubjectOf<'d> {
    let id = parts.iter().find(|part| aws::is_access_key_id(part));
    let last = parts.iter().rev().find(|part| Some(*part) != id);
    match (id, last) {
        (Some(id), half) => SubjectOf::Value {
            value: id.clone(),
            half: half.cloned(),
            hints: ValueHints::default(),
            otherwise: None,
        },
        (None, Some(last)) => SubjectOf::value(last.clone()),
        (None, None) => SubjectOf::Place,
    }
}

/// A text as drafts carry it.
pub(super) fn text<'d>(json: &'d Json<'d>) -> Option<Cow<'d, str>> {
    json.text().map(Cow::Borrowed)
}

/// Whether a text is a hash, an id or a commit of so many hex digits.
pub(in crate::formats) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
