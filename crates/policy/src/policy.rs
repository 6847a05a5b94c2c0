//! The policy as a whole: files in, decisions out.

use reeve_domain::event::Actor;
use reeve_domain::observation::{EvidenceLevel, Frameworks, IssueType, Statement, Validity};
use reeve_domain::priority::{Band, PolicyVersion, Priority};
use reeve_domain::task::Explain;
use reeve_domain::time::Timestamp;

use crate::compile;
use crate::config::{ConfigError, ConfigTexts};
use crate::deadlines::{Clocks, Deadlines, Due, Rung};
use crate::evidence::{EvidenceRules, Standing, Verdict};
use crate::facts::{Facts, Triage};
use crate::issues::Issues;
use crate::limits::{EventRules, LedgerLimits};
use crate::matcher::View;
use crate::owners::Fallbacks;
use crate::paths::Paths;
use crate::priority::Model;
use crate::routes::{Routes, Trial};
use crate::words;

/// Compiled configuration, valid by construction. Pure: the same facts and instant give the same decision.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) version: PolicyVersion,
    pub(crate) config_sha256: String,
    pub(crate) model: Model,
    pub(crate) routes: Routes,
    pub(crate) trials: Vec<Trial>,
    pub(crate) fallbacks: Fallbacks,
    pub(crate) deadlines: Deadlines,
    pub(crate) paths: Paths,
    pub(crate) issues: Issues,
    pub(crate) evidence: EvidenceRules,
    pub(crate) limits: LedgerLimits,
    pub(crate) events: EventRules,
}

/// A test of the route file that did not go as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFailure {
    /// Its name.
    pub test: String,
    /// Where it stands, and everything that was not as expected.
    pub error: ConfigError,
}

impl Policy {
    /// Compiles the files of a policy; variables are put in already.
    ///
    /// # Errors
    /// Everything that is wrong in any file, in the order of files and lines.
    pub fn compile(files: &ConfigTexts) -> Result<Self, Vec<ConfigError>> {
        compile::policy(files)
    }

    /// The policy that ships.
    pub fn shipped() -> Self {
        Self::compile(&ConfigTexts::shipped()).expect("a test compiles the shipped configuration")
    }

    /// Decides a task: urgency, owners, route, deadlines, path, actions, with the receipt.
    ///
    /// Deadlines are those of a task that is given its band for the first time; see [`Policy::upgraded`].
    pub fn triage(&self, facts: &Facts<'_>, now: Timestamp) -> Triage {
        self.decide(facts, now, None)
    }

    /// The deadlines of a task of this band, counted from its first report.
    pub fn due(&self, band: Band, first_detected_at: Timestamp) -> Due {
        self.deadlines.due(band, first_detected_at)
    }

    /// The deadlines after an upgrade: `min(old, now + what the new band allows)`.
    pub fn upgraded(&self, old: Due, band: Band, now: Timestamp) -> Due {
        self.deadlines.upgraded(old, band, now)
    }

    /// The rungs of the ladder of one task in time order. Repeats are listed up to the last one due and the next one.
    pub fn ladder(&self, clocks: &Clocks) -> Vec<Rung> {
        self.deadlines.rungs(clocks)
    }

    /// Why, and for how many seconds at most, the clock of a task stands while this gate waits; none: it goes on.
    pub fn pause_of(&self, gate: &str) -> Option<(&str, i64)> {
        self.deadlines.pause_of(gate)
    }

    /// The level at which a format may say this; none if it may not.
    pub fn level_of_format(&self, format: &str, statement: Statement) -> Option<EvidenceLevel> {
        self.evidence.level_of_format(format, statement)
    }

    /// The level at which an actor may say this; a person's word is E4, an unlisted robot may say nothing.
    pub fn level_of_actor(&self, actor: &Actor, statement: Statement) -> Option<EvidenceLevel> {
        self.evidence.level_of_actor(actor, statement)
    }

    /// Whether standing evidence closes a cause of this issue, whatever the validity of its credential.
    pub fn closes(&self, issue: IssueType, standing: &[Standing<'_>]) -> Verdict {
        self.evidence.closes(issue, Validity::Unknown, standing)
    }

    /// As [`Policy::closes`], for a cause whose validity is known: what is verified dead only has to be removed.
    pub fn closes_given(&self, issue: IssueType, validity: Validity, standing: &[Standing<'_>]) -> Verdict {
        self.evidence.closes(issue, validity, standing)
    }

    /// Whether an issue of this type can be closed by a document and a reviewer.
    pub fn may_attest(&self, issue: IssueType) -> bool {
        self.evidence.may_attest(issue)
    }

    /// Who may say what in events.
    pub fn events(&self) -> &EventRules {
        &self.events
    }

    /// Bounds of the ledger.
    pub fn limits(&self) -> &LedgerLimits {
        &self.limits
    }

    /// The labels of published lists for an issue type.
    pub fn labels(&self, issue: reeve_domain::observation::IssueType) -> &Frameworks {
        self.issues.labels(issue)
    }

    /// Written version and hash of the policy's files.
    pub fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// Hash of every file that was given, those of other crates included.
    pub fn config_sha256(&self) -> &str {
        &self.config_sha256
    }

    /// Names of the routes in order with what each asks for, the fallback last.
    pub fn routes(&self) -> Vec<(String, String)> {
        self.routes.says()
    }

    /// How many tests the route file holds.
    pub fn tests(&self) -> usize {
        self.trials.len()
    }

    /// Runs the tests inside the route file.
    pub fn run_tests(&self) -> Vec<TestFailure> {
        let frameworks = Frameworks::default();
        let mut failures = Vec::new();
        for trial in &self.trials {
            let triage = self.decide(&trial.facts(&frameworks), Timestamp::EPOCH, trial.band);
            let differences = trial.differences(&triage);
            if !differences.is_empty() {
                let message = format!("test `{}`: {}", trial.name, differences.join("; "));
                let error = ConfigError {
                    message,
                    ..trial.at.clone()
                };
                failures.push(TestFailure {
                    test: trial.name.clone(),
                    error,
                });
            }
        }
        failures
    }

    fn decide(&self, facts: &Facts<'_>, now: Timestamp, forced: Option<Band>) -> Triage {
        let (view, why_class) = self.view(facts);
        let urgency = self.model.decide(&view, now);
        let band = forced.unwrap_or(urgency.band);
        let (owners, owner_steps) = self.fallbacks.complete(&view);
        let decided = View {
            band: Some(band),
            resolver: owners.resolver.as_ref(),
            ..view
        };
        let (route, tried) = self.routes.choose(&decided, &owners);
        let path = self.paths.plan(&decided);
        let due = self.deadlines.due(band, facts.first_detected_at);
        let names = self.issues.action_names(&view, urgency.detection_only);
        let pre_checks = self.paths.pre_checks(view.identity_class);
        Triage {
            owners,
            ownerless: view.ownerless,
            route,
            contain_by: due.contain_by,
            remediate_by: due.remediate_by,
            calendar: self.deadlines.calendar.clone(),
            path,
            actions: self.issues.actions(names, &view, pre_checks),
            evidence_required: self.evidence.required(facts.issue_type, facts.validity, names),
            frameworks: self.issues.frameworks(&view),
            explain: Explain {
                inventories: words::inventories(facts.knowledge),
                owner: owner_steps,
                routes: tried,
                score: urgency.arithmetic,
                band: urgency.steps,
                deadline: self.deadlines.says(band, facts.first_detected_at, due),
                path: why_class,
            },
            priority: Priority {
                band,
                score: urgency.score,
                factors: urgency.factors,
                rules_fired: urgency.rules_fired,
                policy: self.version.clone(),
            },
        }
    }

    /// The facts as conditions see them before anything is decided, and why the identity is of its class.
    fn view<'a>(&self, facts: &'a Facts<'a>) -> (View<'a>, String) {
        let mut view = View::of(facts);
        view.privilege = self.model.privilege(&view);
        let (class, why) = self.paths.class_of(&view);
        view.identity_class = class;
        view.jit_capable = self.issues.jit_capable(&view);
        (view, why)
    }
}
