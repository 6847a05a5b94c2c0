//! What a condition can fit at all: contradictions, and whether one condition fits everything another does.

use std::collections::BTreeMap;

use reeve_domain::context::EnrichmentStatus;

use super::{Field, Matcher, Test, Words};

/// The set of tasks a condition can fit, with what follows from its fields.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    closed: [u32; Field::CLOSED.len()],
    open: BTreeMap<Field, Words>,
    tags: BTreeMap<String, Words>,
}

impl Reach {
    pub(crate) fn of(matcher: &Matcher) -> Self {
        let mut reach = Self {
            closed: Field::CLOSED.map(Field::all),
            open: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        for test in &matcher.tests {
            match test {
                Test::Closed { field, allowed } => reach.keep(*field, *allowed),
                Test::Open { field, allowed } => {
                    reach.open.insert(*field, allowed.clone());
                }
                Test::Tag { name, allowed } => {
                    reach.tags.insert(name.clone(), allowed.clone());
                }
            }
        }
        reach.follow_ownership();
        reach
    }

    /// Narrows the issue types to those that can be about its classes, and the classes likewise.
    pub(crate) fn follow_issue_classes(&mut self, classes_of: &dyn Fn(usize) -> u32) {
        let classes = self.allowed(Field::Class);
        let issues: Vec<usize> = (0..Field::IssueType.size())
            .filter(|index| {
                self.allowed(Field::IssueType) & (1 << index) != 0 && classes_of(*index) & classes != 0
            })
            .collect();
        self.keep(
            Field::IssueType,
            issues.iter().fold(0, |set, index| set | 1 << index),
        );
        self.keep(
            Field::Class,
            issues.iter().fold(0, |set, index| set | classes_of(*index)),
        );
    }

    /// Why it can fit nothing; none if it can fit something.
    pub(crate) fn contradiction(&self) -> Option<String> {
        let empty = Field::CLOSED.into_iter().find(|field| self.allowed(*field) == 0);
        if let Some(field) = empty {
            return Some(format!(
                "no value of `{}` is left by its other fields",
                field.as_str()
            ));
        }
        let no_words = self
            .open
            .iter()
            .find(|(_, words)| words.is_empty())
            .map(|(field, _)| field.as_str());
        let no_words = no_words.or_else(|| self.tags.values().any(Words::is_empty).then_some("tags"));
        no_words.map(|name| format!("the list of `{name}` is empty"))
    }

    /// A task without any owner has no known resolver and complete answers; one with a known resolver is not ownerless.
    fn follow_ownership(&mut self) {
        let (no, yes) = (1, 2);
        if self.allowed(Field::Ownerless) == yes {
            self.keep(Field::OwnerKnown, no);
            self.keep(Field::Enrichment, 1 << EnrichmentStatus::Complete as u32);
        }
        if self.allowed(Field::OwnerKnown) == yes {
            self.keep(Field::Ownerless, no);
        }
        if self.allowed(Field::Enrichment) & (1 << EnrichmentStatus::Complete as u32) == 0 {
            self.keep(Field::Ownerless, no);
        }
    }

    fn keep(&mut self, field: Field, allowed: u32) {
        if let Some(index) = Field::CLOSED.iter().position(|closed| *closed == field) {
            self.closed[index] &= allowed;
        }
    }

    fn allowed(&self, field: Field) -> u32 {
        Field::CLOSED
            .iter()
            .position(|closed| *closed == field)
            .map_or(0, |index| self.closed[index])
    }

    /// The only closed field on which `outer` does not fit everything this does: `Some(None)` if it fits everything.
    fn gap(&self, outer: &Self) -> Option<Option<usize>> {
        let words = outer
            .open
            .iter()
            .all(|(field, words)| self.open.get(field).is_some_and(|own| words.covers(own)));
        let tags = outer
            .tags
            .iter()
            .all(|(name, words)| self.tags.get(name).is_some_and(|own| words.covers(own)));
        if !words || !tags {
            return None;
        }
        let mut gaps =
            (0..self.closed.len()).filter(|index| self.closed[*index] & !outer.closed[*index] != 0);
        let first = gaps.next();
        if gaps.next().is_some() { None } else { Some(first) }
    }
}

/// Which of the earlier conditions together fit everything that `later` fits: one alone, or several that differ in
/// one field. None if `later` can still fit something.
pub(crate) fn covers(earlier: &[(usize, &Reach)], later: &Reach) -> Option<Vec<usize>> {
    if let Some((index, _)) = earlier.iter().find(|(_, outer)| later.gap(outer) == Some(None)) {
        return Some(vec![*index]);
    }
    (0..later.closed.len()).find_map(|field| {
        let sharing: Vec<_> = earlier
            .iter()
            .filter(|(_, outer)| later.gap(outer) == Some(Some(field)))
            .collect();
        let together = sharing
            .iter()
            .fold(0, |set, (_, outer)| set | outer.closed[field]);
        let covered = !sharing.is_empty() && later.closed[field] & !together == 0;
        covered.then(|| sharing.iter().map(|(index, _)| *index).collect())
    })
}
