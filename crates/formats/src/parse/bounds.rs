//! What one alert may come to: so many results, so many refusals with a place of their own; the rest are counted.

use std::collections::BTreeMap;

use reeve_domain::reject::{Reason, Reject};

use super::Walk;
use crate::parsed::Item;

/// The refusals of one alert.
#[derive(Default)]
pub(super) struct Refusals {
    /// With a place of their own, so far.
    own: u32,
    /// Where the items of all others of one reason and format stand.
    shared: BTreeMap<(Reason, Option<&'static str>), usize>,
}

impl Walk<'_> {
    /// Whether no more results are read.
    pub(super) fn is_full(&self) -> bool {
        self.parsed.records >= self.settings.limits.results
    }

    /// Refuses a result because of those before it.
    pub(super) fn refuse_more(&mut self, format: &'static str) {
        let detail = format!("more than {} results in one record", self.settings.limits.results);
        let reject = Reject::document(Reason::TooLarge, detail);
        self.reject(reject.within(format, self.parsed.records));
    }

    pub(super) fn reject(&mut self, reject: Reject) {
        self.gaps += 1;
        if self.refusals.own < self.settings.limits.rejects {
            self.refusals.own += 1;
            return self.push(Item::Rejected(reject));
        }
        let kind = (reject.reason, reject.format);
        match self.refusals.shared.get(&kind).copied() {
            Some(place) => self.count_refusal(place),
            None => {
                self.refusals.shared.insert(kind, self.parsed.items.len());
                self.push(Item::Rejected(shared(reject, self.parsed.records)));
            }
        }
    }

    fn count_refusal(&mut self, place: usize) {
        if let Some(Item::Rejected(first)) = self.parsed.items.get_mut(place) {
            first.results += 1;
        }
        self.parsed.records += 1;
    }
}

/// What all further refusals of one reason and format share: where the first of them stands.
fn shared(reject: Reject, index: u32) -> Reject {
    Reject {
        detail: format!("this and further results: {}", reject.detail),
        index: reject.index.or(Some(index)),
        ..reject
    }
}
