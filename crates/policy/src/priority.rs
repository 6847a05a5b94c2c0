//! How urgent a task is: factors give points, points give a score, rules raise or hold the band.

mod factors;
mod raw;
mod rules;
mod scale;

pub(crate) use raw::RawPriority;

use reeve_domain::context::{OwnerConfidence, Privilege};
use reeve_domain::key::Confidence;
use reeve_domain::observation::Validity;
use reeve_domain::priority::{Band, Factor};
use reeve_domain::time::Timestamp;

use crate::matcher::{Matches, View};
use factors::FactorModel;
use rules::Rule;

/// The points model, checked: every value has points, every class can score, unknown never scores below the least
/// known value.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    version: String,
    factors: Vec<FactorModel>,
    modifiers: Modifiers,
    implied: Vec<Implied>,
    /// From how many points on P1, P2, P3, P4; P5 takes the rest.
    thresholds: [u8; 4],
    rules: Vec<Rule>,
}

/// Points added to the sum; none of them is part of the scale.
#[derive(Clone, Copy, Debug)]
struct Modifiers {
    owner_unknown: i32,
    compensating_control: i32,
    low_confidence: i32,
}

/// A privilege that the subject itself tells.
#[derive(Clone, Debug)]
struct Implied {
    matches: Matches,
    privilege: Privilege,
}

/// The decision with its words.
pub(crate) struct Urgency {
    pub(crate) band: Band,
    pub(crate) score: u8,
    pub(crate) factors: Vec<Factor>,
    pub(crate) rules_fired: Vec<String>,
    /// It is a detection: nothing is rotated.
    pub(crate) detection_only: bool,
    /// The score as arithmetic.
    pub(crate) arithmetic: String,
    /// How the band came from the score, step by step.
    pub(crate) steps: Vec<String>,
}

impl Model {
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The privilege that an inventory knows, else the one the subject itself tells.
    pub(crate) fn privilege(&self, view: &View<'_>) -> Privilege {
        if view.privilege != Privilege::Unknown {
            return view.privilege;
        }
        let implied = self.implied.iter().find(|implied| implied.matches.fits(view));
        implied.map_or(Privilege::Unknown, |implied| implied.privilege)
    }

    /// Points, score and band of a task.
    pub(crate) fn decide(&self, view: &View<'_>, now: Timestamp) -> Urgency {
        let mut factors: Vec<Factor> = self.factors.iter().map(|factor| factor.row(view, now)).collect();
        factors.extend(self.modifiers.rows(view));
        let (score, arithmetic) = score(&factors);
        let by_score = self.band_of(score);
        let verdict = rules::apply(&self.rules, by_score, view);
        let mut steps = vec![format!("score {score} → {by_score}")];
        steps.extend(verdict.steps);
        Urgency {
            band: verdict.band,
            score,
            factors,
            rules_fired: verdict.fired,
            detection_only: verdict.detection_only,
            arithmetic,
            steps,
        }
    }

    fn band_of(&self, score: u8) -> Band {
        let reached = self.thresholds.iter().position(|least| score >= *least);
        reached.map_or(Band::P5, |index| Band::ALL[index])
    }
}

impl Modifiers {
    fn rows(self, view: &View<'_>) -> [Factor; 3] {
        let facts = view.facts;
        let resolver = facts.knowledge.owners.resolver.as_ref();
        let owner_known = resolver.is_some_and(|owner| owner.confidence != OwnerConfidence::None);
        let owner = if owner_known { "known" } else { "unknown" };
        let control = if facts.compensating_control {
            "proven"
        } else {
            "none"
        };
        let (confidence, low) = match (facts.subject.confidence, facts.validity) {
            (Confidence::Low, Validity::Active) => ("low, but verified live", false),
            (Confidence::Low, _) => ("low", true),
            (Confidence::Medium, _) => ("medium", false),
            (Confidence::High, _) => ("high", false),
        };
        [
            modifier("owner_unknown", owner, self.owner_unknown, !owner_known),
            modifier(
                "compensating_control",
                control,
                self.compensating_control,
                facts.compensating_control,
            ),
            modifier("low_confidence", confidence, self.low_confidence, low),
        ]
    }
}

fn modifier(name: &str, value: &str, points: i32, counts: bool) -> Factor {
    Factor {
        factor: name.to_owned(),
        value: value.to_owned(),
        points: if counts { points } else { 0 },
        max: 0,
        source: "policy".to_owned(),
        as_of: None,
        defaulted: false,
        applicable: true,
    }
}

/// round(100 × Σ points / Σ maxima), held within 0 and 100, with the sum written out. A row without points is left
/// out of the writing only if it is a modifier.
fn score(factors: &[Factor]) -> (u8, String) {
    let counted = factors.iter().filter(|factor| factor.applicable);
    let (points, max) = counted
        .clone()
        .fold((0, 0), |(points, max), row| (points + row.points, max + row.max));
    let mut words = String::new();
    for row in counted.filter(|row| row.max > 0 || row.points != 0) {
        let sign = match (words.is_empty(), row.points < 0) {
            (true, _) => "",
            (false, false) => " + ",
            (false, true) => " − ",
        };
        words.push_str(sign);
        words.push_str(&format!(
            "{} {}",
            row.factor,
            if sign.is_empty() {
                row.points
            } else {
                row.points.abs()
            }
        ));
    }
    let rounded = (200 * points.max(0) + max).checked_div(2 * max).unwrap_or(0);
    let held = rounded.clamp(0, 100);
    words.push_str(&format!(" = {points} of {max} → {rounded}"));
    if held != rounded {
        words.push_str(", held at 100");
    }
    (u8::try_from(held).unwrap_or(100), words)
}
