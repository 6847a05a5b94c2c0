//! How a task is to be fixed: phases and gates by the class of the identity behind it.

use std::collections::BTreeMap;

use reeve_domain::context::IdentityClass;
use reeve_domain::task::{Gate, GateStatus, Path, PreCheck, PreCheckResult};
use serde::Deserialize;

use crate::config::{ConfigError, Document};
use crate::matcher::{Field, Matches, RawMatches, View};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPaths {
    derive: Vec<RawDerive>,
    paths: BTreeMap<IdentityClass, RawPath>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDerive {
    identity_class: IdentityClass,
    #[serde(default)]
    overrides: bool,
    #[serde(rename = "match")]
    matches: RawMatches,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPath {
    phases: Vec<String>,
    gates: Vec<RawGate>,
    #[serde(default)]
    pre_checks: Vec<PreCheckName>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGate {
    name: String,
    passed_when: Option<RawMatches>,
    not_required_when: Option<RawMatches>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PreCheckName {
    BatchJobs,
    ScheduledTasks,
    IncidentTooling,
}

/// Every class has a path.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    derive: Vec<Derive>,
    /// In the order of the classes.
    paths: Vec<Plan>,
}

#[derive(Clone, Debug)]
struct Derive {
    class: IdentityClass,
    overrides: bool,
    matches: Matches,
}

#[derive(Clone, Debug, Default)]
struct Plan {
    phases: Vec<String>,
    gates: Vec<GateRule>,
    pre_checks: Vec<PreCheck>,
}

#[derive(Clone, Debug)]
struct GateRule {
    name: String,
    passed_when: Option<Matches>,
    not_required_when: Option<Matches>,
}

impl RawPaths {
    pub(crate) fn compile(mut self, document: &Document, errors: &mut Vec<ConfigError>) -> Paths {
        let mut derive = Vec::new();
        for (index, raw) in self.derive.into_iter().enumerate() {
            let at = format!("/derive/{index}/match");
            let matches = Matches::compile(Some(raw.matches), Field::BEFORE_BAND, (document, &at), errors);
            derive.push(Derive {
                class: raw.identity_class,
                overrides: raw.overrides,
                matches,
            });
        }
        let mut paths = Vec::new();
        for class in IdentityClass::ALL {
            match self.paths.remove(class) {
                Some(raw) => paths.push(raw.compile((document, &format!("/paths/{class}")), errors)),
                None => {
                    errors.push(document.error("/paths", format!("missing path for `{class}`")));
                    paths.push(Plan::default());
                }
            }
        }
        Paths { derive, paths }
    }
}

impl RawPath {
    fn compile(self, (document, pointer): (&Document, &str), errors: &mut Vec<ConfigError>) -> Plan {
        if self.phases.is_empty() {
            errors.push(document.error(&format!("{pointer}/phases"), "a path has at least one phase"));
        }
        let has_gate = self.gates.iter().any(|gate| gate.name == "pre_checks");
        if has_gate == self.pre_checks.is_empty() {
            errors.push(document.error(
                pointer,
                "pre-checks and the gate `pre_checks` stand together or not at all",
            ));
        }
        let mut gates = Vec::new();
        for (index, raw) in self.gates.into_iter().enumerate() {
            let at = |name: &str| format!("{pointer}/gates/{index}/{name}");
            let mut when = |written: Option<RawMatches>, name: &str| {
                let place = at(name);
                written.map(|raw| Matches::compile(Some(raw), Field::FOR_GATES, (document, &place), errors))
            };
            let passed_when = when(raw.passed_when, "passed_when");
            let not_required_when = when(raw.not_required_when, "not_required_when");
            gates.push(GateRule {
                name: raw.name,
                passed_when,
                not_required_when,
            });
        }
        let pre_checks = self.pre_checks.into_iter().map(PreCheckName::open).collect();
        Plan {
            phases: self.phases,
            gates,
            pre_checks,
        }
    }
}

impl PreCheckName {
    /// Nobody has looked yet, and unknown is not safe.
    fn open(self) -> PreCheck {
        let name = match self {
            Self::BatchJobs => "batch_jobs",
            Self::ScheduledTasks => "scheduled_tasks",
            Self::IncidentTooling => "incident_tooling",
        };
        PreCheck {
            name: name.to_owned(),
            result: PreCheckResult::Unknown,
        }
    }
}

impl Paths {
    /// The class of the identity behind a task, and why.
    pub(crate) fn class_of(&self, view: &View<'_>) -> (IdentityClass, String) {
        let known = view.identity_class != IdentityClass::Unknown;
        let fits = |derive: &&Derive| (derive.overrides || !known) && derive.matches.fits(view);
        if let Some(derive) = self.derive.iter().find(fits) {
            return (
                derive.class,
                format!("{}: derived from {}", derive.class, derive.matches.says()),
            );
        }
        if known {
            let provenance = view.facts.knowledge.context.provenance.get("identity_class");
            let source = provenance.map_or("an inventory", |from| from.source.as_str());
            return (
                view.identity_class,
                format!("{}: {source} says so", view.identity_class),
            );
        }
        (
            IdentityClass::Unknown,
            "unknown: nobody says what kind of identity this is, so the strictest path".to_owned(),
        )
    }

    /// The path of a task at its beginning.
    pub(crate) fn plan(&self, view: &View<'_>) -> Path {
        let plan = &self.paths[view.identity_class as usize];
        Path {
            class: view.identity_class,
            phase: plan.phases.first().cloned().unwrap_or_default(),
            phases: plan.phases.clone(),
            gates: plan.gates.iter().map(|gate| gate.at_first(view)).collect(),
        }
    }

    /// What has to be looked at before anything is switched off.
    pub(crate) fn pre_checks(&self, class: IdentityClass) -> &[PreCheck] {
        &self.paths[class as usize].pre_checks
    }
}

impl GateRule {
    fn at_first(&self, view: &View<'_>) -> Gate {
        let fits = |when: &Option<Matches>| when.as_ref().is_some_and(|matches| matches.fits(view));
        let status = if fits(&self.passed_when) {
            GateStatus::Passed
        } else if fits(&self.not_required_when) {
            GateStatus::NotRequired
        } else {
            GateStatus::Required
        };
        Gate {
            name: self.name.clone(),
            status,
        }
    }
}
