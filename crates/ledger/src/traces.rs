//! Cases by what receipts know them by: the reports and scans that showed their causes.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use reeve_domain::key::SubjectKey;

use crate::case::Case;
use crate::receipt;

/// Cases by the numbers of their traces. Two traces that share a number are both looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces(BTreeMap<u64, BTreeSet<SubjectKey>>);

impl Traces {
    /// The case of `key` stands where another stood, or where there was none.
    pub(crate) fn replace(&mut self, key: &SubjectKey, old: Option<&Case>, new: Option<&Case>) {
        let (old, new) = (numbers(old), numbers(new));
        for gone in old.difference(&new) {
            self.remove(*gone, key);
        }
        for come in new.difference(&old) {
            self.0.entry(*come).or_default().insert(key.clone());
        }
    }

    /// Cases that have the trace of this number.
    pub(crate) fn of(&self, number: u64) -> impl Iterator<Item = &SubjectKey> {
        self.0.get(&number).into_iter().flatten()
    }

    fn remove(&mut self, number: u64, key: &SubjectKey) {
        let keys = self.0.get_mut(&number);
        if keys.is_some_and(|keys| keys.remove(key) && keys.is_empty()) {
            self.0.remove(&number);
        }
    }
}

/// A number for a trace, the same for as long as the process lives.
pub(crate) fn number_of(trace: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    trace.hash(&mut hasher);
    hasher.finish()
}

fn numbers(case: Option<&Case>) -> BTreeSet<u64> {
    let traces = case.into_iter().flat_map(receipt::traces);
    traces.map(|trace| number_of(trace)).collect()
}
