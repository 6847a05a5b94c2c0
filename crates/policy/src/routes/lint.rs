//! Routes that can never match: their own fields exclude each other, or earlier routes take all they could.

use reeve_domain::observation::IssueType;

use crate::config::{ConfigError, Document};
use crate::issues::Issues;
use crate::matcher::{Matches, Reach, covers};

/// An error for every route (or alternative of one) that no task can reach.
pub(super) fn unreachable(
    routes: &[(&str, &Matches)],
    issues: &Issues,
    document: &Document,
    errors: &mut Vec<ConfigError>,
) {
    let classes_of = |index: usize| issues.classes(IssueType::ALL[index]);
    let mut earlier: Vec<(usize, Reach)> = Vec::new();
    for (index, (_, matches)) in routes.iter().enumerate() {
        let at = format!("/routes/{index}/match");
        let mut own = Vec::new();
        for mut reach in matches.reaches() {
            // A contradiction of the written fields alone was told when the condition was compiled.
            let sound = reach.contradiction().is_none();
            reach.follow_issue_classes(&classes_of);
            if sound && reach.contradiction().is_some() {
                let message = "this can never match: its issue types are never about its classes";
                errors.push(document.error(&at, message));
            } else if sound {
                own.push(reach);
            }
        }
        report_shadow(routes, &earlier, &own, (document, &at), errors);
        earlier.extend(own.into_iter().map(|reach| (index, reach)));
    }
}

fn report_shadow(
    routes: &[(&str, &Matches)],
    earlier: &[(usize, Reach)],
    own: &[Reach],
    (document, at): (&Document, &str),
    errors: &mut Vec<ConfigError>,
) {
    let earlier: Vec<(usize, &Reach)> = earlier.iter().map(|(index, reach)| (*index, reach)).collect();
    let covered: Vec<_> = own.iter().filter_map(|reach| covers(&earlier, reach)).collect();
    if own.is_empty() || covered.is_empty() {
        return;
    }
    let mut names: Vec<&str> = covered.iter().flatten().map(|index| routes[*index].0).collect();
    names.dedup();
    let what = if covered.len() == own.len() {
        "this can never match"
    } else {
        "one alternative can never match"
    };
    errors.push(document.error(
        at,
        format!("{what}: `{}` takes all of it before", names.join("`, `")),
    ));
}
