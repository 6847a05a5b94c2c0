//! Rules over the score: floors raise the band, then ceilings hold it.

use reeve_domain::priority::Band;

use crate::matcher::{Matches, View};

/// A named rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) says: String,
    pub(super) matches: Matches,
    pub(super) effect: Effect,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Floor(Band),
    Ceiling(Band),
    /// It is a detection, nothing is rotated.
    DetectionOnly,
    /// Kept elsewhere: by the ledger, or by the check of the configuration.
    Elsewhere,
}

pub(super) struct Verdict {
    pub(super) band: Band,
    pub(super) fired: Vec<String>,
    pub(super) detection_only: bool,
    pub(super) steps: Vec<String>,
}

/// Every rule that fits fires, also where the band is already there.
pub(super) fn apply(rules: &[Rule], by_score: Band, view: &View<'_>) -> Verdict {
    let mut verdict = Verdict {
        band: by_score,
        fired: Vec::new(),
        detection_only: false,
        steps: Vec::new(),
    };
    let fitting = || {
        rules
            .iter()
            .filter(|rule| rule.effect != Effect::Elsewhere && rule.matches.fits(view))
    };
    for rule in fitting().filter(|rule| !matches!(rule.effect, Effect::Ceiling(_))) {
        verdict.take(rule);
    }
    for rule in fitting().filter(|rule| matches!(rule.effect, Effect::Ceiling(_))) {
        verdict.take(rule);
    }
    verdict
}

impl Verdict {
    fn take(&mut self, rule: &Rule) {
        let before = self.band;
        let limit = match rule.effect {
            // `P1 < P2`: the smaller is the more urgent.
            Effect::Floor(floor) => {
                self.band = before.min(floor);
                format!("at least {floor}")
            }
            Effect::Ceiling(ceiling) => {
                self.band = before.max(ceiling);
                format!("at most {ceiling}")
            }
            Effect::DetectionOnly | Effect::Elsewhere => {
                self.detection_only = true;
                "no change of band".to_owned()
            }
        };
        let change = if self.band == before {
            format!("stays {before}")
        } else {
            format!("{before} → {}", self.band)
        };
        self.fired.push(rule.id.clone());
        self.steps
            .push(format!("{} ({}): {limit}, {change}", rule.id, rule.says));
    }
}
