//! What can be wrong, how it is labelled, and what to do about it.

mod raw;
mod rotation;

pub(crate) use raw::RawIssues;

use std::borrow::Cow;
use std::collections::BTreeMap;

use reeve_domain::observation::{Frameworks, IssueType};
use reeve_domain::task::{Action, PreCheck};

use crate::matcher::{Matches, View};
use rotation::{Method, Rotations};

/// One entry per issue type, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Issues {
    issues: Vec<Issue>,
    /// What is done about a detection.
    detection_only: Vec<String>,
    rotations: Rotations,
    /// How the other actions are done, by name.
    methods: BTreeMap<String, Method>,
}

#[derive(Clone, Debug, Default)]
struct Issue {
    /// What such a finding can be about, as a set.
    classes: u32,
    frameworks: Frameworks,
    actions: Vec<String>,
    cases: Vec<Case>,
}

/// An exception to the default actions.
#[derive(Clone, Debug)]
struct Case {
    matches: Matches,
    actions: Vec<String>,
    frameworks: Frameworks,
}

impl Issues {
    /// The classes that an issue type can be about, as a set.
    pub(crate) fn classes(&self, issue_type: IssueType) -> u32 {
        self.issues[issue_type as usize].classes
    }

    /// Every action that can be asked for.
    pub(crate) fn all_actions(&self) -> impl Iterator<Item = &str> {
        let cases = self
            .issues
            .iter()
            .flat_map(|issue| issue.cases.iter().flat_map(|case| &case.actions));
        let all = self
            .issues
            .iter()
            .flat_map(|issue| &issue.actions)
            .chain(cases)
            .chain(&self.detection_only);
        all.map(String::as_str)
    }

    /// The names of what to do, in order.
    pub(crate) fn action_names(&self, view: &View<'_>, detection_only: bool) -> &[String] {
        let issue = &self.issues[view.facts.issue_type as usize];
        if detection_only {
            return &self.detection_only;
        }
        issue
            .cases
            .iter()
            .find(|case| case.matches.fits(view))
            .map_or(&issue.actions, |case| &case.actions)
    }

    /// Labels of the issue type alone.
    pub(crate) fn labels(&self, issue_type: IssueType) -> &Frameworks {
        &self.issues[issue_type as usize].frameworks
    }

    /// Labels of the issue type and of the findings, each once.
    pub(crate) fn frameworks(&self, view: &View<'_>) -> Frameworks {
        let issue = &self.issues[view.facts.issue_type as usize];
        let case = issue
            .cases
            .iter()
            .find(|case| case.matches.fits(view))
            .map(|case| &case.frameworks);
        let mut all = issue.frameworks.clone();
        for more in case.into_iter().chain([view.facts.frameworks]) {
            add(&mut all.owasp_nhi, &more.owasp_nhi);
            add(&mut all.nist_csf, &more.nist_csf);
            add(&mut all.attack, &more.attack);
        }
        all
    }

    /// Whether a credential like this can be replaced without a person, by the method that is known for it.
    pub(crate) fn jit_capable(&self, view: &View<'_>) -> bool {
        self.rotations.of(view).is_automatic()
    }

    /// What to do, with the method for it.
    pub(crate) fn actions(&self, names: &[String], view: &View<'_>, pre_checks: &[PreCheck]) -> Vec<Action> {
        names
            .iter()
            .map(|name| self.action(name, view, pre_checks))
            .collect()
    }

    fn action(&self, name: &str, view: &View<'_>, pre_checks: &[PreCheck]) -> Action {
        let method = match self.methods.get(name) {
            Some(method) => Cow::Borrowed(method),
            None => self.rotations.of(view),
        };
        let guide = view.facts.guide_url.filter(|_| !self.methods.contains_key(name));
        Action {
            action: name.to_owned(),
            target: view.facts.subject.display.clone(),
            method: method.name.clone(),
            automation: method.automation.as_str().to_owned(),
            steps: method.steps.clone(),
            guide_url: guide.map(str::to_owned).or_else(|| method.guide_url.clone()),
            pre_checks: pre_checks.to_vec(),
        }
    }
}

fn add(labels: &mut Vec<String>, more: &[String]) {
    for label in more {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
}
