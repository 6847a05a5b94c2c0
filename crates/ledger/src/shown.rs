//! A task as it was told, with the sightings of now: a repeat changes the facts alone.

use std::borrow::Cow;

use reeve_domain::task::{Cause, Sightings, Task};

use crate::case::Tracked;
use crate::cause::{CauseFact, CauseId};
use crate::notice::Notice;

impl Tracked {
    /// The task as it was told, with the sightings of now.
    pub(crate) fn present(&self) -> Option<Cow<'_, Task>> {
        let told = self.task.as_deref()?;
        if !self.is_seen_since(told) {
            return Some(Cow::Borrowed(told.task()));
        }
        let mut task = told.task().clone();
        self.bring_up(&mut task.causes, &mut task.sightings);
        Some(Cow::Owned(task))
    }

    /// Adds the same as text, without its explanation.
    pub(crate) fn write_present(&self, told: &Notice, text: &mut Vec<u8>) {
        match self.is_seen_since(told) {
            true => told.retell(|causes, sightings| self.bring_up(causes, sightings), text),
            false => told.tell(text),
        }
    }

    /// Whether there were sightings since it was told: each counts, so a cause that was seen since shows there too.
    fn is_seen_since(&self, told: &Notice) -> bool {
        told.glance().seen != (self.count, self.first, self.last)
    }

    fn bring_up(&self, causes: &mut [Cause], sightings: &mut Sightings) {
        (sightings.count, sightings.first, sightings.last) = (self.count, self.first, self.last);
        for (shown, fact) in self.paired(causes) {
            if let Some(last) = fact.seen.last() {
                shown.observed_at = last;
            }
        }
    }

    /// The causes of the task with the facts behind them: they stand there in the order of their ids, unless one has
    /// lost its place since.
    fn paired<'t>(&'t self, shown: &'t mut [Cause]) -> impl Iterator<Item = (&'t mut Cause, &'t CauseFact)> {
        let pairs = shown.iter_mut().zip(self.causes.values());
        pairs
            .map(|(shown, fact)| (shown, &**fact))
            .filter(|(shown, fact)| shows(shown, fact))
    }

    /// Whether the task shows the cause as cleared, or does not show it.
    pub(crate) fn is_cleared(&self, id: &CauseId) -> bool {
        let Some(told) = self.task.as_deref() else {
            return true;
        };
        let glance = told.glance();
        if glance.uncleared == self.causes.len() && glance.causes == self.causes.len() {
            return false;
        }
        let place = self.causes.keys().position(|known| known == id);
        let causes = &told.task().causes;
        let open = |place: usize| {
            let (shown, fact) = (causes.get(place)?, self.causes.values().nth(place)?);
            Some(shows(shown, fact) && shown.cleared_by.is_none())
        };
        !place.and_then(open).unwrap_or(false)
    }
}

/// Whether a task's cause is this fact.
pub(crate) fn shows(shown: &Cause, fact: &CauseFact) -> bool {
    shown.reference == fact.reference && shown.location == fact.location
}
