//! Who may say what, how far it is trusted, and what closes an issue.

mod raw;

pub(crate) use raw::RawEvidence;

use std::collections::{BTreeMap, BTreeSet};

use reeve_domain::event::{Actor, ActorKind};
use reeve_domain::observation::{EvidenceLevel, IssueType, Statement, Validity};
use reeve_domain::task::EvidenceRequired;
use reeve_domain::time::Timestamp;

use crate::config::Span;

/// The rules, checked.
#[derive(Clone, Debug)]
pub(crate) struct EvidenceRules {
    formats: BTreeMap<String, Sayings>,
    actors: BTreeMap<String, Sayings>,
    agree_after: Span,
    /// In the order of the issue types.
    closes: Vec<Closing>,
    actions: BTreeMap<String, Vec<Statement>>,
    attested: BTreeSet<String>,
    /// At which levels somebody can say it.
    ways: BTreeMap<Statement, Vec<String>>,
}

/// What one format or actor may say.
#[derive(Clone, Debug, Default)]
struct Sayings {
    levels: BTreeMap<Statement, EvidenceLevel>,
    /// Worth something only as a live → not live change of the same source.
    change_only: BTreeSet<Statement>,
}

#[derive(Clone, Debug, Default)]
struct Closing {
    by: Vec<Statement>,
    when_inactive: Vec<Statement>,
    attestable: bool,
}

/// One piece of evidence that still stands: not contradicted by a later sign of life, not errored, of the right scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// What it says.
    pub statement: Statement,
    /// The level reeve gave it.
    pub level: EvidenceLevel,
    /// The format or actor it came from.
    pub source: &'a str,
    /// When it was so.
    pub observed_at: Timestamp,
    /// The same source had seen it live before.
    pub live_to_not_live: bool,
}

/// Whether standing evidence closes a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Closes,
    /// One observation at E3 that fits: a second one that agrees would close it.
    NeedsSecond,
    /// It does not, and why.
    No(&'static str),
}

impl EvidenceRules {
    /// The level at which a format may say this; none if it may not.
    pub(crate) fn level_of_format(&self, format: &str, statement: Statement) -> Option<EvidenceLevel> {
        self.formats.get(format)?.levels.get(&statement).copied()
    }

    /// The level at which an actor may say this. A person's word is E4, whatever the list says.
    pub(crate) fn level_of_actor(&self, actor: &Actor, statement: Statement) -> Option<EvidenceLevel> {
        match actor.kind {
            ActorKind::Human => Some(EvidenceLevel::E4),
            ActorKind::Automation | ActorKind::System => {
                self.actors.get(&actor.id)?.levels.get(&statement).copied()
            }
        }
    }

    /// Whether the issue can be closed by a document and a reviewer.
    pub(crate) fn may_attest(&self, issue: IssueType) -> bool {
        self.closes[issue as usize].attestable
    }

    /// Whether these close a cause of this issue whose credential is of this validity.
    pub(crate) fn closes(&self, issue: IssueType, validity: Validity, standing: &[Standing<'_>]) -> Verdict {
        let closing = &self.closes[issue as usize];
        let fitting: Vec<&Standing<'_>> = standing
            .iter()
            .filter(|one| closing.fits(one.statement, validity))
            .collect();
        if fitting.is_empty() {
            return Verdict::No(why_none_fits(standing));
        }
        if fitting.iter().any(|one| one.level <= EvidenceLevel::E2) {
            return Verdict::Closes;
        }
        let verified = fitting
            .iter()
            .copied()
            .filter(|one| one.level == EvidenceLevel::E3);
        let counted: Vec<&Standing<'_>> = verified.clone().filter(|one| self.says_something(one)).collect();
        match counted.as_slice() {
            [] if verified.count() > 0 => Verdict::No(
                "not live in this source means something only after it was live in the same source",
            ),
            [] => Verdict::No("a person's word is a claim, never a proof"),
            _ if self.two_agree(&counted) => Verdict::Closes,
            _ => Verdict::NeedsSecond,
        }
    }

    /// What would prove each action done, in words.
    pub(crate) fn required(
        &self,
        issue: IssueType,
        validity: Validity,
        actions: &[String],
    ) -> Vec<EvidenceRequired> {
        let closing = &self.closes[issue as usize];
        let mut required = Vec::new();
        for action in actions {
            let statements = self.actions.get(action).map(Vec::as_slice).unwrap_or_default();
            let fitting = statements
                .iter()
                .filter(|statement| closing.fits(**statement, validity));
            let mut any_of: Vec<String> = fitting
                .filter_map(|statement| self.ways.get(statement))
                .flatten()
                .cloned()
                .collect();
            if self.attested.contains(action) && closing.attestable {
                any_of.push("attested".to_owned());
            }
            if !any_of.is_empty() {
                required.push(EvidenceRequired {
                    action: action.clone(),
                    any_of,
                });
            }
        }
        required
    }

    fn says_something(&self, one: &Standing<'_>) -> bool {
        let only_change = |sayings: &Sayings| sayings.change_only.contains(&one.statement);
        one.live_to_not_live || !self.formats.get(one.source).is_some_and(only_change)
    }

    fn two_agree(&self, counted: &[&Standing<'_>]) -> bool {
        counted.iter().enumerate().any(|(index, first)| {
            counted[index + 1..].iter().any(|second| {
                let apart = second
                    .observed_at
                    .seconds_since(first.observed_at)
                    .saturating_abs();
                first.source != second.source || apart >= self.agree_after.seconds()
            })
        })
    }
}

/// At which levels somebody here can say it; where nobody can, at those that would do.
fn ways<'s>(sources: impl Iterator<Item = &'s Sayings>, statement: Statement) -> Vec<String> {
    let said: BTreeSet<EvidenceLevel> = sources
        .filter_map(|sayings| sayings.levels.get(&statement).copied())
        .collect();
    let wanted = [EvidenceLevel::E1, EvidenceLevel::E2, EvidenceLevel::E3];
    let mut levels: Vec<EvidenceLevel> = wanted.into_iter().filter(|level| said.contains(level)).collect();
    if levels.is_empty() {
        levels = vec![EvidenceLevel::E1, EvidenceLevel::E2];
    }
    let twice = |level| if level == EvidenceLevel::E3 { " ×2" } else { "" };
    levels
        .into_iter()
        .map(|level| format!("{level} {statement}{}", twice(level)))
        .collect()
}

impl Closing {
    fn fits(&self, statement: Statement, validity: Validity) -> bool {
        self.by.contains(&statement)
            || (validity == Validity::Inactive && self.when_inactive.contains(&statement))
    }
}

fn why_none_fits(standing: &[Standing<'_>]) -> &'static str {
    let alive = |one: &Standing<'_>| matches!(one.statement, Statement::Active | Statement::Used);
    if standing.is_empty() {
        "there is no evidence"
    } else if standing.iter().all(alive) {
        "a sign of life closes nothing"
    } else {
        "what it says does not close this issue"
    }
}
