//! Cases by what receipts know them by: the reports and scans that showed their causes.

use std::collections::{BTreeMap, BTreeSet};

use reeve_domain::key::SubjectKey;

use crate::case::Case;
use crate::receipt;

/// Cases by their traces. Two traces that share a number are both looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces(BTreeMap<u64, Keys>);

/// Most traces lead to one case.
#[derive(Clone, Debug)]
enum Keys {
    One(SubjectKey),
    More(BTreeSet<SubjectKey>),
}

impl Traces {
    /// The case of `key` stands where another stood, or where there was none.
    pub(crate) fn replace(&mut self, key: &SubjectKey, old: Option<&Case>, new: Option<&Case>) {
        let (old, new) = (numbers(old), numbers(new));
        for gone in old.difference(&new) {
            self.remove(*gone, key);
        }
        for come in new.difference(&old) {
            self.insert(*come, key);
        }
    }

    /// Cases that have the trace of this number.
    pub(crate) fn of(&self, number: u64) -> impl Iterator<Item = &SubjectKey> {
        let (one, more) = match self.0.get(&number) {
            Some(Keys::One(key)) => (Some(key), None),
            Some(Keys::More(keys)) => (None, Some(keys)),
            None => (None, None),
        };
        one.into_iter().chain(more.into_iter().flatten())
    }

    fn insert(&mut self, number: u64, key: &SubjectKey) {
        match self.0.get_mut(&number) {
            None => {
                self.0.insert(number, Keys::One(key.clone()));
            }
            Some(Keys::More(keys)) => {
                keys.insert(key.clone());
            }
            Some(keys @ Keys::One(_)) => {
                let first = std::mem::replace(keys, Keys::More(BTreeSet::new()));
                if let (Keys::One(first), Keys::More(both)) = (first, keys) {
                    both.extend([first, key.clone()]);
                }
            }
        }
    }

    fn remove(&mut self, number: u64, key: &SubjectKey) {
        let empty = match self.0.get_mut(&number) {
            Some(Keys::One(known)) => known == key,
            Some(Keys::More(keys)) => keys.remove(key) && keys.is_empty(),
            None => false,
        };
        if empty {
            self.0.remove(&number);
        }
    }
}

/// A number for a trace.
pub(crate) fn number_of(trace: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    trace.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

fn numbers(case: Option<&Case>) -> BTreeSet<u64> {
    let traces = case.into_iter().flat_map(receipt::traces);
    traces.map(|trace| number_of(trace)).collect()
}
