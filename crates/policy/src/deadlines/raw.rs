//! `deadlines.yaml` as it is written, and what has to hold of it.

use std::collections::BTreeMap;

use reeve_domain::priority::Band;
use serde::Deserialize;

use super::ladder::{Ladder, Once, Repeat, Share, Target};
use super::{Allowance, Deadlines};
use crate::config::{ConfigError, Document, Span, suggestion};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDeadlines {
    calendar: Calendar,
    bands: BTreeMap<Band, RawAllowance>,
    roles: Vec<String>,
    ladder: RawLadder,
    ownerless: RawOwnerless,
    claimed_without_evidence: RawOnce,
    older_than: RawOnce,
    pauses: BTreeMap<String, RawPause>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPause {
    reason: String,
    at_most: Span,
}

/// Business calendars are none yet.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Calendar {
    Wall,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAllowance {
    contain: Option<Span>,
    remediate: Span,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLadder {
    #[serde(default)]
    contain: Vec<RawShare>,
    remediate: Vec<RawShare>,
    overdue: RawRepeat,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOwnerless {
    within: BTreeMap<Band, Span>,
    steps: Vec<RawShare>,
    overdue: RawRepeat,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShare {
    at_percent: u32,
    to: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRepeat {
    to: String,
    every: BTreeMap<Band, Span>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOnce {
    after: Span,
    to: String,
}

/// Where nobody owns a task, these stand at the first two levels.
const OWNERLESS_ROLES: [&str; 2] = ["class_owner", "platform_owner"];

/// The shortest pause between two reminders.
const REPEAT_MIN: Span = Span::of_seconds(3_600);

impl RawDeadlines {
    pub(crate) fn compile(self, document: &Document, errors: &mut Vec<ConfigError>) -> Deadlines {
        let mut check = Check {
            roles: &self.roles,
            document,
            errors,
        };
        if self.roles.is_empty() {
            check.tell("/roles", "a ladder has at least one role");
        }
        let bands = check.bands(&self.bands);
        let ladder = Ladder {
            contain: check.shares("/ladder/contain", &self.ladder.contain),
            remediate: check.shares("/ladder/remediate", &self.ladder.remediate),
            overdue: check.repeat("/ladder/overdue", &self.ladder.overdue),
            ownerless_within: check.per_band("/ownerless/within", &self.ownerless.within),
            ownerless: check.shares("/ownerless/steps", &self.ownerless.steps),
            ownerless_overdue: check.repeat("/ownerless/overdue", &self.ownerless.overdue),
            claimed: check.once("/claimed_without_evidence", &self.claimed_without_evidence),
            older: check.once("/older_than", &self.older_than),
            roles: self.roles.clone(),
        };
        for (gate, pause) in &self.pauses {
            if pause.at_most.seconds() <= 0 || pause.reason.is_empty() {
                check.tell(&format!("/pauses/{gate}"), "a pause has a reason and an end");
            }
        }
        let pauses = self.pauses.into_iter();
        let pauses = pauses
            .map(|(gate, pause)| (gate, (pause.reason, pause.at_most)))
            .collect();
        let Calendar::Wall = self.calendar;
        Deadlines {
            calendar: "wall".to_owned(),
            bands,
            ladder,
            pauses,
        }
    }
}

struct Check<'a> {
    roles: &'a [String],
    document: &'a Document,
    errors: &'a mut Vec<ConfigError>,
}

impl Check<'_> {
    fn tell(&mut self, pointer: &str, message: impl Into<String>) {
        self.errors.push(self.document.error(pointer, message));
    }

    fn bands(&mut self, bands: &BTreeMap<Band, RawAllowance>) -> [Allowance; 5] {
        let remediate = bands
            .iter()
            .map(|(band, allowance)| (*band, allowance.remediate))
            .collect();
        let remediate = self.per_band("/bands", &remediate);
        for (band, allowance) in bands {
            if allowance
                .contain
                .is_some_and(|contain| contain > allowance.remediate)
            {
                self.tell(
                    &format!("/bands/{band}/contain"),
                    "containment may not take longer than remediation",
                );
            }
        }
        if remediate.windows(2).any(|pair| pair[0] > pair[1]) {
            self.tell("/bands", "a more urgent band may not have more time");
        }
        let contain = |band: &Band| bands.get(band).and_then(|allowance| allowance.contain);
        let mut index = 0;
        remediate.map(|remediate| {
            index += 1;
            Allowance {
                contain: contain(&Band::ALL[index - 1]),
                remediate,
            }
        })
    }

    fn per_band(&mut self, pointer: &str, spans: &BTreeMap<Band, Span>) -> [Span; 5] {
        let missing: Vec<&str> = Band::ALL
            .iter()
            .filter(|band| !spans.contains_key(band))
            .map(|band| band.as_str())
            .collect();
        if !missing.is_empty() {
            self.tell(pointer, format!("missing `{}`", missing.join("`, `")));
        }
        [Band::P1, Band::P2, Band::P3, Band::P4, Band::P5]
            .map(|band| spans.get(&band).copied().unwrap_or(Span::of_seconds(86_400)))
    }

    fn shares(&mut self, pointer: &str, shares: &[RawShare]) -> Vec<Share> {
        if shares
            .windows(2)
            .any(|pair| pair[0].at_percent >= pair[1].at_percent)
        {
            self.tell(pointer, "the shares must rise from step to step");
        }
        let mut compiled = Vec::new();
        for (index, share) in shares.iter().enumerate() {
            if !(1..=100).contains(&share.at_percent) {
                self.tell(
                    &format!("{pointer}/{index}/at_percent"),
                    "a share lies between 1 and 100",
                );
            }
            let target = self.target(&format!("{pointer}/{index}/to"), &share.to);
            compiled.push(Share {
                percent: share.at_percent,
                target,
            });
        }
        compiled
    }

    fn repeat(&mut self, pointer: &str, repeat: &RawRepeat) -> Repeat {
        let every = self.per_band(&format!("{pointer}/every"), &repeat.every);
        if every
            .iter()
            .any(|every| *every < REPEAT_MIN || every.seconds() % 3_600 != 0)
        {
            self.tell(
                &format!("{pointer}/every"),
                "repeats come in whole hours, at least one apart",
            );
        }
        Repeat {
            every,
            target: self.target(&format!("{pointer}/to"), &repeat.to),
        }
    }

    fn once(&mut self, pointer: &str, once: &RawOnce) -> Once {
        Once {
            after: once.after,
            target: self.target(&format!("{pointer}/to"), &once.to),
        }
    }

    fn target(&mut self, pointer: &str, to: &str) -> Target {
        let owned = self.roles.iter().map(String::as_str);
        let level = owned.clone().position(|role| role == to);
        let level = level.or_else(|| OWNERLESS_ROLES.iter().position(|role| *role == to));
        if level.is_none() {
            let known: Vec<&str> = owned.chain(OWNERLESS_ROLES).collect();
            let message = format!("not a role, expected one of `{}`", known.join("`, `"));
            let meant = suggestion(to, known.iter().copied());
            self.errors
                .push(self.document.error(pointer, message).meaning(meant));
        }
        Target {
            to: to.to_owned(),
            level: level.unwrap_or(0) as u32 + 1,
        }
    }
}
