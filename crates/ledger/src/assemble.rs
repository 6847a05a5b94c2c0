//! A task as it follows from the facts: one function of them, field by field.

use std::sync::Arc;

use reeve_domain::context::{Enrichment, EnrichmentStatus};
use reeve_domain::observation::{IssueType, Validity};
use reeve_domain::task::{
    Change, Deadlines, EvidenceEntry, ExceptionRef, GateStatus, PreCheckResult, Sightings, Task, TaskKind,
    TaskState,
};
use reeve_domain::time::Timestamp;
use reeve_policy::{Policy, Triage};

use crate::bounds::{TEXT_CHARS_MAX, cut};
use crate::case::{Case, Tracked};
use crate::cause::{CauseFact, CauseId};
use crate::refresh::{Now, Seen};
use crate::signs::Signs;
use crate::words::Covered;

/// How many pieces of evidence a task shows.
const SHOWN_MAX: usize = 16;

/// Where a task stands and what covers it.
pub(crate) struct Standing {
    pub(crate) state: TaskState,
    pub(crate) exception: Option<ExceptionRef>,
    /// When the cover ends by itself.
    pub(crate) cover_ends: Option<Timestamp>,
}

impl Standing {
    /// Proof first, then what covers it, then what people said. Nothing covers what is verified live.
    pub(crate) fn of(case: &Case, tracked: &Tracked, seen: &Seen<'_>, at: Now<'_>) -> Self {
        let now = at.now;
        let (outlook, told) = (seen.outlook, seen.told);
        let (validity, lived) = (case.validity(&tracked.causes), case.lived_at());
        let bare = |state| Self {
            state,
            exception: None,
            cover_ends: None,
        };
        if let Some((closed_at, _)) = outlook.closed {
            let lasted = tracked.sustained == Some(closed_at);
            return bare(if lasted {
                TaskState::Sustained
            } else {
                TaskState::Verified
            });
        }
        let unused = at.policy.events().exception_unused_s;
        let ends = |covered: &Covered| {
            let used = covered.since.max(tracked.last);
            covered.expires_at.min(used.plus_seconds(unused))
        };
        let covered = told.exception.as_ref().filter(|covered| now < ends(covered));
        if let (Some(covered), true) = (covered, validity != Validity::Active) {
            let exception = ExceptionRef {
                id: covered.id.clone(),
                expires_at: covered.expires_at,
            };
            return Self {
                state: TaskState::Excepted,
                cover_ends: Some(ends(covered)),
                exception: Some(exception),
            };
        }
        let news = |said_at: Timestamp| {
            let new_cause = tracked
                .causes
                .values()
                .filter_map(|cause| cause.seen.first())
                .any(|first| first > said_at);
            new_cause || validity == Validity::Active || lived.is_some_and(|lived| lived > said_at)
        };
        match told.false_positive {
            Some((said_at, expires_at)) if now < expires_at && !news(said_at) => Self {
                state: TaskState::FalsePositive,
                exception: None,
                cover_ends: Some(expires_at),
            },
            _ => bare(told.state.unwrap_or(TaskState::Open)),
        }
    }
}

/// Everything an assembly looks at.
pub(crate) struct Parts<'a> {
    pub(crate) case: &'a Case,
    pub(crate) issue: IssueType,
    pub(crate) tracked: &'a Tracked,
    pub(crate) seen: &'a Seen<'a>,
    pub(crate) standing: Standing,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
}

impl Parts<'_> {
    /// The task with a fresh decision.
    pub(crate) fn decided(&self, triage: Triage, old: Option<&Task>) -> Task {
        let mut task = self.blank(&triage, old);
        task.priority = triage.priority;
        task.owners = triage.owners;
        task.ownerless = triage.ownerless && self.case.present_knowledge().is_ownerless();
        task.previous_route = match old {
            Some(old) if old.route != triage.route => Some(old.route.clone()),
            Some(old) => old.previous_route.clone(),
            None => None,
        };
        task.route = triage.route;
        task.deadlines.calendar = triage.calendar;
        task.path = triage.path;
        task.actions = triage.actions;
        task.evidence_required = triage.evidence_required;
        task.frameworks = triage.frameworks;
        task.explain = Some(triage.explain);
        self.policy.config_sha256().clone_into(&mut task.config_sha256);
        self.filled(task)
    }

    /// The task with the decision it has, and the facts as they are now.
    pub(crate) fn filled(&self, mut task: Task) -> Task {
        self.fill_facts(&mut task);
        self.fill_work(&mut task);
        self.fill_clock(&mut task);
        task
    }

    fn blank(&self, triage: &Triage, old: Option<&Task>) -> Task {
        if let Some(old) = old {
            return old.clone();
        }
        let told = self.case.first_name(self.issue);
        let task_id = told.as_ref().map_or_else(
            || Task::id_of(self.case.key(), self.issue),
            |name| name.task_id.clone(),
        );
        Task {
            kind: TaskKind::Task,
            idempotency_key: String::new(),
            dedup_key: format!("reeve:{task_id}"),
            task_id,
            cycle: 1,
            opened_at: told.as_ref().map_or(self.now, |name| name.opened_at),
            revision: told.as_ref().map_or(0, |name| name.revision),
            change: Change::Opened,
            subject: self.case.subject.clone(),
            related: Vec::new(),
            issue_type: self.issue,
            causes: Vec::new(),
            causes_left_out: 0,
            frameworks: triage.frameworks.clone(),
            state: TaskState::Open,
            closure: None,
            verified_at: None,
            title: String::new(),
            priority: triage.priority.clone(),
            owners: triage.owners.clone(),
            ownerless: false,
            ownerless_since: None,
            route: triage.route.clone(),
            previous_route: None,
            deadlines: Deadlines {
                contain_by: triage.contain_by,
                remediate_by: triage.remediate_by,
                calendar: triage.calendar.clone(),
                next_escalation_at: None,
                paused: None,
            },
            escalation: told.map(|name| name.escalation).unwrap_or_default(),
            blocked: None,
            path: triage.path.clone(),
            actions: Vec::new(),
            evidence_required: Vec::new(),
            evidence: Vec::new(),
            claims: Vec::new(),
            context: Default::default(),
            enrichment: Enrichment {
                status: EnrichmentStatus::Pending,
                missing: Vec::new(),
            },
            exposed_since: None,
            first_detected_at: self.tracked.first,
            acknowledged_at: None,
            claimed_at: None,
            sightings: Sightings {
                count: 0,
                first: self.tracked.first,
                last: self.tracked.last,
                sources: Vec::new(),
                samples: Vec::new(),
            },
            exception: None,
            merged_into: None,
            explain: None,
            config_sha256: String::new(),
        }
    }

    fn fill_facts(&self, task: &mut Task) {
        let (case, tracked) = (self.case, self.tracked);
        task.subject = case.subject.clone();
        task.related = case.links.iter().cloned().collect();
        let shown = |(id, cause): (&CauseId, &Arc<CauseFact>)| {
            cause.shown(self.seen.outlook.cleared.get(id).map(String::as_str))
        };
        task.causes = tracked.causes.iter().map(shown).collect();
        task.causes_left_out = 0;
        let first = tracked
            .causes
            .iter()
            .min_by_key(|(id, cause)| (cause.first_detected_at, (*id).clone()));
        if let Some((_, cause)) = first {
            task.title = cut(&cause.title, TEXT_CHARS_MAX);
        }
        let knowledge = case.present_knowledge();
        task.context = knowledge.context;
        task.enrichment = knowledge.enrichment;
        task.exposed_since = tracked
            .causes
            .values()
            .filter_map(|cause| cause.exposed_since)
            .min();
        task.first_detected_at = tracked
            .causes
            .values()
            .map(|cause| cause.first_detected_at)
            .min()
            .unwrap_or(tracked.first);
        let samples_max = self.policy.limits().samples_max;
        task.sightings = Sightings {
            count: tracked.count,
            first: tracked.first,
            last: tracked.last,
            sources: tracked.sources.iter().cloned().collect(),
            samples: tracked
                .samples
                .iter()
                .take(samples_max)
                .map(|one| (**one).clone())
                .collect(),
        };
        task.evidence = self.evidence();
    }

    fn evidence(&self) -> Vec<EvidenceEntry> {
        let signs = Signs::of(self.case);
        let of_task = |(piece, why): &(&crate::piece::Piece, &Option<&str>)| {
            why.is_none()
                || self
                    .tracked
                    .causes
                    .values()
                    .any(|cause| signs.cover(piece, (self.issue, &self.tracked.causes), cause))
        };
        let pairs = self
            .case
            .pieces
            .iter()
            .zip(&self.seen.outlook.why_not)
            .filter(of_task);
        let shown: Vec<_> = pairs.map(|(piece, why)| piece.shown(*why)).collect();
        let spare = shown.len().saturating_sub(SHOWN_MAX);
        shown.into_iter().skip(spare).collect()
    }

    fn fill_work(&self, task: &mut Task) {
        task.cycle = self.seen.cycle;
        task.merged_into = None;
        task.state = self.standing.state;
        task.closure = self.seen.outlook.closed.map(|(_, closure)| closure);
        task.verified_at = self.seen.outlook.closed.map(|(at, _)| at);
        task.exception.clone_from(&self.standing.exception);
        task.acknowledged_at = self.seen.told.acknowledged_at;
        task.claimed_at = self.seen.told.claimed_at;
        task.blocked = self.seen.told.blocked.clone().filter(|_| task.state.is_open());
        task.claims.clone_from(&self.tracked.claims);
        for gate in &mut task.path.gates {
            if let Some(status) = self.seen.told.gates.get(&gate.name) {
                gate.status = *status;
            }
        }
        self.fill_checks(task);
        advance(&mut task.path);
    }

    /// A check that found a dependency, or that nobody made, leaves its gate shut.
    fn fill_checks(&self, task: &mut Task) {
        let mut checks = Vec::new();
        for check in task.actions.iter_mut().flat_map(|action| &mut action.pre_checks) {
            if let Some(result) = self.seen.told.pre_checks.get(&check.name) {
                check.result = *result;
            }
            checks.push(check.result);
        }
        let safe = !checks.is_empty() && checks.iter().all(|result| *result == PreCheckResult::No);
        for gate in task
            .path
            .gates
            .iter_mut()
            .filter(|gate| gate.name == "pre_checks" && !checks.is_empty())
        {
            gate.status = if safe {
                GateStatus::Passed
            } else {
                GateStatus::Required
            };
        }
    }

    fn fill_clock(&self, task: &mut Task) {
        let pause_of = |gate: &str| self.policy.pause_of(gate);
        let (stood, paused, _) = self.seen.told.standstill(self.now, pause_of);
        let (contain_by, remediate_by) = self.tracked.due;
        task.deadlines.contain_by = contain_by.map(|at| at.plus_seconds(stood));
        task.deadlines.remediate_by = remediate_by.plus_seconds(stood);
        task.deadlines.paused = paused.filter(|_| task.state.is_open());
        task.ownerless_since = self.tracked.ownerless_since.filter(|_| task.ownerless);
    }
}

/// A phase named like its gate is over once the gate is passed.
fn advance(path: &mut reeve_domain::task::Path) {
    while let Some(next) = next_phase(path) {
        path.phase = next;
    }
}

fn next_phase(path: &reeve_domain::task::Path) -> Option<String> {
    let gate = path.gates.iter().find(|gate| gate.name == path.phase)?;
    let here = path.phases.iter().position(|phase| *phase == path.phase)?;
    (gate.status == GateStatus::Passed)
        .then(|| path.phases.get(here + 1).cloned())
        .flatten()
}
