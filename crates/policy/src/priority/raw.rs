//! `priority.yaml` as it is written, and what has to hold of it.

use std::collections::{BTreeMap, BTreeSet};

use reeve_domain::context::Privilege;
use reeve_domain::key::Class;
use reeve_domain::priority::Band;
use serde::Deserialize;

use super::factors::{FactorModel, Reads};
use super::rules::{Effect, Rule};
use super::scale::Scale;
use super::{Implied, Model, Modifiers};
use crate::config::{ConfigError, Document, suggestion};
use crate::matcher::{Field, Matches, RawMatches};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPriority {
    version: String,
    factors: Vec<RawFactor>,
    modifiers: RawModifiers,
    #[serde(default)]
    implied: Vec<RawImplied>,
    bands: BTreeMap<Band, u8>,
    rules: Vec<RawRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFactor {
    name: String,
    reads: Reads,
    classes: Vec<Class>,
    #[serde(default)]
    points: BTreeMap<String, i32>,
    #[serde(default)]
    up_to: Vec<RawStep>,
    over: Option<i32>,
    unknown: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    value: u64,
    points: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModifiers {
    owner_unknown: i32,
    compensating_control: i32,
    low_confidence: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawImplied {
    #[serde(rename = "match")]
    matches: RawMatches,
    privilege: Privilege,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    says: String,
    when: Option<RawMatches>,
    floor: Option<Band>,
    ceiling: Option<Band>,
    effect: Option<RawEffect>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawEffect {
    DetectionOnly,
    Suppressed,
    OwnerUnknownNeverLowers,
}

/// More points than this for one value is a mistake; it also keeps the sums far from overflow.
const POINTS_MAX: i32 = 1_000;

impl RawPriority {
    pub(crate) fn compile(self, document: &Document, errors: &mut Vec<ConfigError>) -> Model {
        check_names(&self, document, errors);
        check_modifiers(&self.modifiers, document, errors);
        let thresholds = thresholds(&self.bands, document, errors);
        let mut factors = Vec::new();
        for (index, raw) in self.factors.into_iter().enumerate() {
            factors.push(raw.compile((document, &format!("/factors/{index}")), errors));
        }
        check_classes(&factors, document, errors);
        let implied = self.implied.into_iter().enumerate().map(|(index, raw)| Implied {
            matches: Matches::compile(
                Some(raw.matches),
                Field::BEFORE_BAND,
                (document, &format!("/implied/{index}/match")),
                errors,
            ),
            privilege: raw.privilege,
        });
        let implied = implied.collect();
        let rules = self.rules.into_iter().enumerate();
        let rules = rules
            .map(|(index, raw)| raw.compile((document, &format!("/rules/{index}")), errors))
            .collect();
        Model {
            version: self.version,
            factors,
            modifiers: self.modifiers.into(),
            implied,
            thresholds,
            rules,
        }
    }
}

impl RawFactor {
    fn compile(self, at: (&Document, &str), errors: &mut Vec<ConfigError>) -> FactorModel {
        let scale = match self.reads.rises() {
            None => self.words(at, errors),
            Some(rises) => self.steps(rises, at, errors),
        };
        let max = scale.max();
        if max <= 0 {
            errors.push(at.0.error(at.1, "a factor needs a value that gives points"));
        }
        let classes = self.classes.iter().fold(0, |set, class| set | 1 << *class as u32);
        FactorModel {
            name: self.name,
            reads: self.reads,
            classes,
            scale,
            max,
        }
    }

    fn words(&self, (document, pointer): (&Document, &str), errors: &mut Vec<ConfigError>) -> Scale {
        let words = self.reads.words();
        let at = format!("{pointer}/points");
        if !self.up_to.is_empty() || self.over.is_some() || self.unknown.is_some() {
            errors.push(document.error(
                pointer,
                "this fact is a word: write `points`, not `up_to`, `over`, `unknown`",
            ));
        }
        for word in self.points.keys().filter(|word| !words.contains(&word.as_str())) {
            let message = format!("not a value of this fact, expected `{}`", words.join("`, `"));
            let meant = suggestion(word, words.iter().copied());
            errors.push(document.error(&format!("{at}/{word}"), message).meaning(meant));
        }
        let missing: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| !self.points.contains_key(*word))
            .collect();
        if !missing.is_empty() {
            errors.push(document.error(&at, format!("points are missing for `{}`", missing.join("`, `"))));
        }
        let points: Vec<i32> = words
            .iter()
            .map(|word| self.points.get(*word).copied().unwrap_or(0))
            .collect();
        check_range(&points, (document, &at), errors);
        let known = words
            .iter()
            .zip(&points)
            .filter(|(word, _)| **word != "unknown")
            .map(|(_, points)| *points);
        check_unknown(
            self.points.get("unknown").copied().unwrap_or(0),
            known.min(),
            (document, &at),
            errors,
        );
        Scale::Words(points)
    }

    fn steps(&self, rises: bool, at: (&Document, &str), errors: &mut Vec<ConfigError>) -> Scale {
        let (document, pointer) = at;
        if !self.points.is_empty() {
            errors.push(document.error(
                pointer,
                "this fact is a number: write `up_to`, `over`, `unknown`, not `points`",
            ));
        }
        if self.up_to.is_empty() || self.over.is_none() || self.unknown.is_none() {
            errors.push(document.error(pointer, "a number needs `up_to`, `over` and `unknown`"));
        }
        let (over, unknown) = (self.over.unwrap_or(0), self.unknown.unwrap_or(0));
        let up_to: Vec<(u64, i32)> = self.up_to.iter().map(|step| (step.value, step.points)).collect();
        let points: Vec<i32> = up_to.iter().map(|(_, points)| *points).chain([over]).collect();
        let in_order = points.windows(2).all(|pair| {
            if rises {
                pair[0] <= pair[1]
            } else {
                pair[0] >= pair[1]
            }
        });
        if !in_order || up_to.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            let way = if rises { "rise" } else { "fall" };
            errors.push(document.error(
                pointer,
                format!("values must rise from step to step, and points must {way}"),
            ));
        }
        check_range(&points, at, errors);
        check_range(&[unknown], at, errors);
        check_unknown(unknown, points.iter().copied().min(), at, errors);
        Scale::Steps { up_to, over, unknown }
    }
}

impl RawRule {
    fn compile(self, (document, pointer): (&Document, &str), errors: &mut Vec<ConfigError>) -> Rule {
        let effect = match (self.floor, self.ceiling, self.effect) {
            (Some(floor), None, None) => Effect::Floor(floor),
            (None, Some(ceiling), None) => Effect::Ceiling(ceiling),
            (None, None, Some(RawEffect::DetectionOnly)) => Effect::DetectionOnly,
            (None, None, Some(RawEffect::Suppressed | RawEffect::OwnerUnknownNeverLowers)) => {
                Effect::Elsewhere
            }
            _ => {
                errors
                    .push(document.error(pointer, "a rule has exactly one of `floor`, `ceiling`, `effect`"));
                Effect::Elsewhere
            }
        };
        if self.when.is_none() != (effect == Effect::Elsewhere) {
            errors.push(document.error(
                pointer,
                "a rule that acts here needs `when`, one that is kept elsewhere has none",
            ));
        }
        let at = format!("{pointer}/when");
        let matches = Matches::compile(self.when, Field::BEFORE_BAND, (document, &at), errors);
        Rule {
            id: self.id,
            says: self.says,
            matches,
            effect,
        }
    }
}

impl From<RawModifiers> for Modifiers {
    fn from(raw: RawModifiers) -> Self {
        Self {
            owner_unknown: raw.owner_unknown,
            compensating_control: raw.compensating_control,
            low_confidence: raw.low_confidence,
        }
    }
}

fn check_names(raw: &RawPriority, document: &Document, errors: &mut Vec<ConfigError>) {
    let mut names = BTreeSet::from(["owner_unknown", "compensating_control", "low_confidence"]);
    for (index, factor) in raw.factors.iter().enumerate() {
        if !names.insert(&factor.name) {
            errors.push(document.error(&format!("/factors/{index}/name"), "this name stands twice"));
        }
    }
    let mut ids = BTreeSet::new();
    for (index, rule) in raw.rules.iter().enumerate() {
        if !ids.insert(&rule.id) {
            errors.push(document.error(&format!("/rules/{index}/id"), "this id stands twice"));
        }
    }
}

/// R7: nobody's ignorance makes a task less urgent. The other two exist to lower it.
fn check_modifiers(raw: &RawModifiers, document: &Document, errors: &mut Vec<ConfigError>) {
    if !(0..=POINTS_MAX).contains(&raw.owner_unknown) {
        errors.push(document.error(
            "/modifiers/owner_unknown",
            "an unknown owner may not lower the priority",
        ));
    }
    for (name, points) in [
        ("compensating_control", raw.compensating_control),
        ("low_confidence", raw.low_confidence),
    ] {
        if !(-POINTS_MAX..=0).contains(&points) {
            errors.push(document.error(&format!("/modifiers/{name}"), "this may only lower the priority"));
        }
    }
}

fn check_range(points: &[i32], (document, pointer): (&Document, &str), errors: &mut Vec<ConfigError>) {
    if points.iter().any(|points| !(0..=POINTS_MAX).contains(points)) {
        errors.push(document.error(pointer, format!("points lie between 0 and {POINTS_MAX}")));
    }
}

fn check_unknown(
    unknown: i32,
    least: Option<i32>,
    (document, pointer): (&Document, &str),
    errors: &mut Vec<ConfigError>,
) {
    if least.is_some_and(|least| unknown < least) {
        errors.push(document.error(pointer, "unknown may not score below every known value"));
    }
}

fn check_classes(factors: &[FactorModel], document: &Document, errors: &mut Vec<ConfigError>) {
    for class in [Class::Identity, Class::Secret, Class::Entitlement] {
        if !factors
            .iter()
            .any(|factor| factor.classes & (1 << class as u32) != 0)
        {
            errors.push(document.error("/factors", format!("no factor applies to the class `{class}`")));
        }
    }
}

fn thresholds(bands: &BTreeMap<Band, u8>, document: &Document, errors: &mut Vec<ConfigError>) -> [u8; 4] {
    let points = |band: &Band| bands.get(band).copied();
    let all: Vec<u8> = Band::ALL.iter().filter_map(points).collect();
    let falling = all.len() == Band::ALL.len() && all.windows(2).all(|pair| pair[0] > pair[1]);
    if !falling || all.last() != Some(&0) || all[0] > 100 {
        errors.push(document.error(
            "/bands",
            "every band from P1 to P5 needs its points, falling from at most 100 to 0",
        ));
        return [80, 60, 40, 20];
    }
    [all[0], all[1], all[2], all[3]]
}
