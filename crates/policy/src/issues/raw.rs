//! `issues.yaml` as it is written, and what has to hold of it.

use std::collections::BTreeMap;

use reeve_domain::key::Class;
use reeve_domain::observation::{Frameworks, IssueType};
use serde::Deserialize;

use super::rotation::{Automation, Method, Rotations};
use super::{Case, Issue, Issues};
use crate::config::{ConfigError, Document};
use crate::matcher::{Field, Matches, RawMatches};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawIssues {
    issues: BTreeMap<IssueType, RawIssue>,
    detection_only: Vec<String>,
    rotation: Vec<RawRotation>,
    rotation_default: RawMethod,
    #[serde(default)]
    methods_of_inventories: BTreeMap<String, RawNamed>,
    actions: BTreeMap<String, RawNamed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIssue {
    classes: Vec<Class>,
    #[serde(default)]
    frameworks: RawFrameworks,
    actions: Vec<String>,
    #[serde(default)]
    cases: Vec<RawCase>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFrameworks {
    #[serde(default)]
    owasp_nhi: Vec<String>,
    #[serde(default)]
    nist_csf: Vec<String>,
    #[serde(default)]
    attack: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    #[serde(rename = "match")]
    matches: RawMatches,
    actions: Vec<String>,
    #[serde(default)]
    frameworks: RawFrameworks,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRotation {
    #[serde(rename = "match")]
    matches: RawMatches,
    method: String,
    automation: Automation,
    overlap: bool,
    steps: Vec<String>,
    guide_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMethod {
    method: String,
    automation: Automation,
    overlap: bool,
    steps: Vec<String>,
    guide_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNamed {
    method: Option<String>,
    automation: Automation,
    overlap: Option<bool>,
    steps: Vec<String>,
    guide_url: Option<String>,
}

impl RawIssues {
    pub(crate) fn compile(mut self, document: &Document, errors: &mut Vec<ConfigError>) -> Issues {
        let mut issues = Vec::new();
        for issue_type in IssueType::ALL {
            match self.issues.remove(issue_type) {
                Some(raw) => issues.push(raw.compile((document, &format!("/issues/{issue_type}")), errors)),
                None => {
                    errors.push(document.error("/issues", format!("missing issue type `{issue_type}`")));
                    issues.push(Issue::default());
                }
            }
        }
        let mut entries = Vec::new();
        for (index, raw) in self.rotation.into_iter().enumerate() {
            let at = format!("/rotation/{index}/match");
            let matches = Matches::compile(Some(raw.matches), Field::BEFORE_BAND, (document, &at), errors);
            let method = RawMethod {
                method: raw.method,
                automation: raw.automation,
                overlap: raw.overlap,
                steps: raw.steps,
                guide_url: raw.guide_url,
            };
            entries.push((matches, method.compile()));
        }
        let named = self
            .methods_of_inventories
            .into_iter()
            .map(|(name, raw)| (name.clone(), raw.compile(&name)));
        let rotations = Rotations {
            entries,
            default: self.rotation_default.compile(),
            named: named.collect(),
        };
        let methods = self
            .actions
            .into_iter()
            .map(|(name, raw)| (name.clone(), raw.compile(&name)))
            .collect();
        Issues {
            issues,
            detection_only: self.detection_only,
            rotations,
            methods,
        }
    }
}

impl RawIssue {
    fn compile(self, (document, pointer): (&Document, &str), errors: &mut Vec<ConfigError>) -> Issue {
        if self.classes.is_empty() || self.actions.is_empty() {
            errors.push(document.error(
                pointer,
                "an issue type is about at least one class and asks for an action",
            ));
        }
        let mut cases = Vec::new();
        for (index, raw) in self.cases.into_iter().enumerate() {
            let at = format!("{pointer}/cases/{index}/match");
            let matches = Matches::compile(Some(raw.matches), Field::BEFORE_BAND, (document, &at), errors);
            if raw.actions.is_empty() {
                errors.push(document.error(&format!("{pointer}/cases/{index}"), "a case asks for an action"));
            }
            cases.push(Case {
                matches,
                actions: raw.actions,
                frameworks: raw.frameworks.into(),
            });
        }
        let classes = self.classes.iter().fold(0, |set, class| set | 1 << *class as u32);
        Issue {
            classes,
            frameworks: self.frameworks.into(),
            actions: self.actions,
            cases,
        }
    }
}

impl RawMethod {
    fn compile(self) -> Method {
        let overlap = self
            .overlap
            .then(|| "keep the old one working until every consumer has the new one".to_owned());
        let steps = overlap.into_iter().chain(self.steps).collect();
        Method {
            name: self.method,
            automation: self.automation,
            steps,
            guide_url: self.guide_url,
        }
    }
}

impl RawNamed {
    fn compile(self, name: &str) -> Method {
        let method = RawMethod {
            method: self.method.unwrap_or_else(|| name.to_owned()),
            automation: self.automation,
            overlap: self.overlap.unwrap_or(false),
            steps: self.steps,
            guide_url: self.guide_url,
        };
        method.compile()
    }
}

impl From<RawFrameworks> for Frameworks {
    fn from(raw: RawFrameworks) -> Self {
        Self {
            owasp_nhi: raw.owasp_nhi,
            nist_csf: raw.nist_csf,
            attack: raw.attack,
        }
    }
}
