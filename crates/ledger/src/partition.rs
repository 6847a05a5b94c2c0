//! All cases of one partition: what is committed, and over it what the present batch would make of it.

use std::collections::{BTreeMap, BTreeSet};

use reeve_domain::key::SubjectKey;
use reeve_domain::observation::Receipt;
use reeve_domain::priority::Band;
use reeve_domain::time::Timestamp;
use reeve_policy::Policy;
use sha2::{Digest, Sha256};

use crate::agenda::Agenda;
use crate::api::{Applied, Input, Position};
use crate::apply::{apply, lookup_due};
use crate::case::Case;
use crate::gauges::{Gauges, Tally};
use crate::receipt;
use crate::record::{self, LedgerError};
use crate::tick::next_due;
use crate::traces::{Traces, number_of};

/// The committed cases of one partition, with everything that is counted over them.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    pub(crate) cases: BTreeMap<SubjectKey, Box<Kept>>,
    /// An input was allowed to begin before what cases have seen that did not change since.
    pub(crate) anew: bool,
    sum: u128,
    redirects: usize,
    /// Cases by the reports and scans that showed their causes, for receipts.
    traces: Traces,
    tally: Tally,
    ticks: Agenda,
    lookups: Agenda,
    /// Inventories that were asked and have not answered: not again before then.
    asked: BTreeMap<SubjectKey, Timestamp>,
}

/// What a proof says besides where an input was allowed to begin anew.
const ANEW: &str = r#","anew":true"#;

/// A record for the ledger topic: its key, and the case or a tombstone.
pub type LedgerRecord = (SubjectKey, Option<Vec<u8>>);

/// A committed case with what it adds to the checksum.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) case: Case,
    weight: u128,
}

/// What a batch or a tick would change. Dropping it is an abort.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    cases: BTreeMap<SubjectKey, Box<Slot>>,
}

#[derive(Clone, Debug)]
struct Slot {
    case: Option<Case>,
    changed: bool,
    /// Once it is written.
    weight: Option<u128>,
}

impl Partition {
    /// Applies one input to the case of `key`, over what is committed. Nothing is remembered before [`Self::commit`].
    pub fn apply(
        &self,
        overlay: &mut Overlay,
        key: &SubjectKey,
        (input, position): (Input<'_>, Option<Position>),
        policy: &Policy,
        now: Timestamp,
    ) -> Applied {
        let slot = match overlay.cases.get_mut(key) {
            Some(slot) => slot,
            None => {
                let slot = Slot {
                    case: self.cases.get(key).map(|kept| kept.case.clone()),
                    changed: false,
                    weight: None,
                };
                overlay.cases.entry(key.clone()).or_insert(Box::new(slot))
            }
        };
        let applied = apply(&mut slot.case, input, position, policy, now);
        if applied.changed {
            slot.changed = true;
            slot.weight = None;
        }
        applied
    }

    /// The case of `key` as the overlay would leave it.
    pub fn case<'a>(&'a self, overlay: Option<&'a Overlay>, key: &SubjectKey) -> Option<&'a Case> {
        match overlay.and_then(|overlay| overlay.cases.get(key)) {
            Some(slot) => slot.case.as_ref(),
            None => self.cases.get(key).map(|kept| &kept.case),
        }
    }

    /// All committed cases, in the order of their keys.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values().map(|kept| &kept.case)
    }

    /// How many cases are committed, without those that only say where their subject lives.
    pub fn len(&self) -> usize {
        self.cases.len() - self.redirects
    }

    /// Whether nothing is committed.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Keys of the cases that a receipt may speak of, as the overlay would leave them.
    pub fn scanned(&self, overlay: Option<&Overlay>, receipt: &Receipt) -> BTreeSet<SubjectKey> {
        let Some(traces) = receipt::trace_of(receipt) else {
            return BTreeSet::new();
        };
        let traces = traces.map(|trace| number_of(&trace));
        let committed = traces.iter().flat_map(|trace| self.traces.of(*trace));
        let pending = overlay.into_iter().flat_map(|overlay| &overlay.cases);
        let named = |slot: &Slot| {
            let mut own = slot.case.iter().flat_map(receipt::traces);
            own.any(|trace| traces.contains(&number_of(trace)))
        };
        let pending = pending.filter(|(_, slot)| named(slot)).map(|(key, _)| key);
        committed.chain(pending).cloned().collect()
    }

    /// Keys whose next tick has something to do, at most `most`, the most urgent band first, then the longest due.
    pub fn due(&self, now: Timestamp, most: usize) -> Vec<SubjectKey> {
        self.urgent(self.ticks.due(now), most)
    }

    /// Keys whose inventories should be asked, at most `most`, the most urgent band first, then the longest due.
    pub fn wanting(&self, now: Timestamp, most: usize) -> Vec<SubjectKey> {
        self.urgent(self.lookups.due(now), most)
    }

    /// The inventories were asked: they are not asked again before `again`.
    pub fn asked(&mut self, key: &SubjectKey, again: Timestamp) {
        self.asked.insert(key.clone(), again);
        self.lookups.set(key, Some(again));
    }

    /// When the next tick has something to do.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.ticks.first()
    }

    fn urgent<'a>(&'a self, keys: impl Iterator<Item = &'a SubjectKey>, most: usize) -> Vec<SubjectKey> {
        let band = |key: &SubjectKey| {
            let bands = self
                .cases
                .get(key)
                .into_iter()
                .flat_map(|kept| kept.case.told())
                .map(|told| told.glance().band);
            bands.min().unwrap_or(Band::P1)
        };
        let mut keys: Vec<_> = keys.map(|key| (band(key), key)).collect();
        keys.sort_by_key(|(band, _)| *band);
        keys.into_iter().take(most).map(|(_, key)| key.clone()).collect()
    }

    /// The numbers of the committed cases at `now`.
    pub fn gauges(&mut self, now: Timestamp) -> Gauges {
        self.tally.at(now)
    }

    /// What a restore must reproduce once `overlay` is committed: `{"cases":n,"checksum":"…"}`, and whether an input was
    /// allowed to begin anew. Call it after [`Overlay::ledger_records`], which may still cut a case.
    pub fn proof(&self, overlay: Option<&Overlay>) -> String {
        let (mut cases, mut sum) = (self.cases.len(), self.sum);
        for (key, slot) in overlay
            .into_iter()
            .flat_map(|overlay| &overlay.cases)
            .filter(|(_, slot)| slot.changed)
        {
            if let Some(old) = self.cases.get(key) {
                cases -= 1;
                sum = sum.wrapping_sub(old.weight);
            }
            if let Some(new) = &slot.case {
                cases += 1;
                sum = sum.wrapping_add(slot.weight.unwrap_or_else(|| weight(new)));
            }
        }
        let anew = if self.anew { ANEW } else { "" };
        format!(r#"{{"cases":{cases},"checksum":"{sum:032x}"{anew}}}"#)
    }

    /// Takes the overlay over: it is written.
    pub fn commit(&mut self, overlay: Overlay, policy: &Policy) {
        for (key, slot) in overlay.cases.into_iter().filter(|(_, slot)| slot.changed) {
            let Slot { case, weight, .. } = *slot;
            self.place(key, case.map(|case| Kept::of(case, weight)), policy);
        }
    }

    /// Takes one ledger record over; none is a tombstone.
    ///
    /// # Errors
    /// `Newer` if a later version wrote it, `Unreadable` if it is no case of that key.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>, policy: &Policy) -> Result<(), LedgerError> {
        let unreadable = LedgerError::Unreadable("its key is no subject key");
        let key = std::str::from_utf8(key)
            .ok()
            .and_then(|text| text.parse::<SubjectKey>().ok())
            .ok_or(unreadable)?;
        let case = value.map(record::decode).transpose()?;
        if case.as_ref().is_some_and(|case| *case.key() != key) {
            return Err(LedgerError::Unreadable("its key is not its subject's"));
        }
        self.place(key, case.map(|case| Kept::of(case, None)), policy);
        Ok(())
    }

    /// Whether what was restored is what was committed; no proof: nothing ever was.
    ///
    /// # Errors
    /// `Lost` if it is not.
    pub fn verify(&mut self, proof: Option<&str>) -> Result<(), LedgerError> {
        self.anew = proof.is_some_and(|proof| proof.contains(ANEW));
        let got = self.proof(None);
        let expected = proof.map_or_else(|| Self::default().proof(None), str::to_owned);
        if got == expected {
            Ok(())
        } else {
            Err(LedgerError::Lost { expected, got })
        }
    }

    fn place(&mut self, key: SubjectKey, new: Option<Kept>, policy: &Policy) {
        self.schedule(&key, new.as_ref().map(|kept| &kept.case), policy);
        let old = match new {
            Some(kept) => self.cases.insert(key.clone(), Box::new(kept)),
            None => self.cases.remove(&key),
        };
        self.count(&key, old.as_deref());
        drop(old);
        // only now nobody shares the tasks
        if let Some(kept) = self.cases.get_mut(&key) {
            kept.case.rest();
        }
    }

    /// Keeps the checksum, and the gauges and traces where the case that was taken over differs from the old one.
    fn count(&mut self, key: &SubjectKey, old: Option<&Kept>) {
        let new = self.cases.get(key).map(|kept| &**kept);
        let is_redirect = |kept: &Kept| usize::from(kept.case.redirected_to().is_some());
        if let Some(old) = old {
            self.sum = self.sum.wrapping_sub(old.weight);
            self.redirects -= is_redirect(old);
        }
        if let Some(new) = new {
            self.sum = self.sum.wrapping_add(new.weight);
            self.redirects += is_redirect(new);
        }
        let (old, new) = (old.map(|kept| &kept.case), new.map(|kept| &kept.case));
        if !is_told_alike(old, new) {
            old.into_iter().for_each(|case| self.tally.take(case));
            new.into_iter().for_each(|case| self.tally.add(case));
        }
        self.traces.replace(key, old, new);
    }

    fn schedule(&mut self, key: &SubjectKey, case: Option<&Case>, policy: &Policy) {
        self.ticks.set(key, case.and_then(|case| next_due(case, policy)));
        let lookup = case.and_then(|case| lookup_due(case, policy));
        let again = self.asked.get(key).copied();
        if lookup.is_none() || again.is_some_and(|again| lookup > Some(again)) {
            self.asked.remove(key);
        }
        self.lookups
            .set(key, lookup.map(|due| again.map_or(due, |again| due.max(again))));
    }
}

impl Kept {
    fn of(case: Case, known: Option<u128>) -> Self {
        let weight = known.unwrap_or_else(|| weight(&case));
        Self { case, weight }
    }
}

/// Whether two states of a case show the same tasks.
fn is_told_alike(old: Option<&Case>, new: Option<&Case>) -> bool {
    let (Some(old), Some(new)) = (old, new) else {
        return false;
    };
    let mut pairs = old.told().zip(new.told());
    old.told().count() == new.told().count() && pairs.all(|(old, new)| std::ptr::eq(old, new))
}

impl Overlay {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.cases.values().all(|slot| !slot.changed)
    }

    /// One record for every changed case, a tombstone for one that ended. A case over its byte budget is cut here.
    pub fn ledger_records(&mut self, policy: &Policy) -> Vec<LedgerRecord> {
        let bytes_max = policy.limits().case_bytes_max;
        let changed = self.cases.iter_mut().filter(|(_, slot)| slot.changed);
        changed
            .map(|(key, slot)| (key.clone(), slot.write(bytes_max)))
            .collect()
    }
}

impl Slot {
    fn write(&mut self, bytes_max: usize) -> Option<Vec<u8>> {
        let case = self.case.as_mut()?;
        let text = record::encode(case, bytes_max);
        self.weight = Some(weight(case));
        Some(text)
    }
}

/// What a case adds to the checksum, whatever the order.
fn weight(case: &Case) -> u128 {
    let hash = Sha256::new()
        .chain_update(case.key().as_str())
        .chain_update([0])
        .chain_update(case.revision.to_be_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    u128::from_be_bytes(bytes)
}
