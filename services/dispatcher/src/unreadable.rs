//! Ledger records that cannot be read: a restore that ends with one is refused, unless an operator gives it up.

use std::collections::BTreeMap;

use bytes::Bytes;
use reeve_domain::key::SubjectKey;
use reeve_ledger::{LEDGER_VERSION, LedgerError, Partition};
use reeve_log::{Outgoing, Place, Record, RestoreError, Topic};

/// By partition and key, what the last record of the key is, if it cannot be read.
#[derive(Default)]
pub(crate) struct Unreadable(BTreeMap<i32, BTreeMap<Bytes, Found>>);

struct Found {
    offset: i64,
    what: &'static str,
}

impl Unreadable {
    /// Notes how the reading of `record` went: a later record of a key stands for it, readable or not.
    ///
    /// # Errors
    /// Anything but unreadable, as a record of a newer version: that one nobody may give up.
    pub(crate) fn note(
        &mut self,
        record: &Record,
        read: Result<(), LedgerError>,
    ) -> Result<(), RestoreError> {
        let found = self.0.entry(record.partition).or_default();
        let key = record.key.clone().unwrap_or_default();
        match read {
            Err(LedgerError::Unreadable(what)) if record.value.is_some() => {
                let offset = record.offset;
                found.insert(key, Found { offset, what });
            }
            Ok(()) | Err(LedgerError::Unreadable(_)) => drop(found.remove(&key)),
            Err(error) => return Err(refused(error, record.partition, record.offset)),
        }
        Ok(())
    }

    /// What is left at the end of a restore; `accepted` gives it up.
    ///
    /// # Errors
    /// `Unreadable` with the first of them.
    pub(crate) fn end(&self, partition: i32, accepted: bool) -> Result<(), RestoreError> {
        let left = self.0.get(&partition).into_iter().flat_map(BTreeMap::values);
        let left: Vec<&Found> = left.collect();
        let Some(first) = left.iter().min_by_key(|found| found.offset) else {
            return Ok(());
        };
        if !accepted {
            return Err(refused(
                LedgerError::Unreadable(first.what),
                partition,
                first.offset,
            ));
        }
        for Found { offset, what, .. } in &left {
            tracing::error!(%partition, offset, what, "a ledger record cannot be read; it is skipped, as told");
        }
        tracing::error!(%partition, skipped = left.len(), "going on with what can be read of the ledger, as told");
        Ok(())
    }

    /// Takes what was given up out of the ledger, in the partition's next transaction and before its records. Not what
    /// stands in the place of a case in `cases`: that one is written anew as soon as it changes.
    pub(crate) fn tombstones(&self, partition: i32, cases: &Partition) -> Vec<Outgoing> {
        let of_case = |key: &Bytes| {
            let key = std::str::from_utf8(key).ok().and_then(|key| key.parse().ok());
            key.is_some_and(|key: SubjectKey| cases.case(None, &key).is_some())
        };
        let left = self.0.get(&partition).into_iter().flat_map(BTreeMap::keys);
        let gone = left.filter(|key| !of_case(key)).map(|key| Outgoing {
            topic: Topic::Ledger,
            place: Place::Partition(partition),
            key: key.clone(),
            value: None,
            headers: Vec::new(),
        });
        gone.collect()
    }

    /// The partition is no longer ours, or its tombstones are written.
    pub(crate) fn forget(&mut self, partition: i32) {
        self.0.remove(&partition);
    }
}

/// Why the restore of a partition is refused, at `offset` or, below 0, as a whole.
pub(crate) fn refused(error: LedgerError, partition: i32, offset: i64) -> RestoreError {
    match error {
        LedgerError::Newer { found, .. } => RestoreError::Newer {
            partition,
            found,
            known: LEDGER_VERSION,
        },
        LedgerError::Lost { expected, got } => RestoreError::Lost {
            partition,
            expected,
            got,
        },
        LedgerError::Unreadable(what) => RestoreError::Unreadable {
            partition,
            offset,
            what: what.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use reeve_domain::time::Timestamp;

    use super::*;

    fn record(offset: i64, key: &'static str, value: Option<&'static str>) -> Record {
        Record {
            topic: Topic::Ledger,
            partition: 2,
            offset,
            timestamp: Timestamp::EPOCH,
            key: Some(Bytes::from_static(key.as_bytes())),
            value: value.map(|value| Bytes::from_static(value.as_bytes())),
            headers: Vec::new(),
        }
    }

    fn stray() -> Unreadable {
        let mut unreadable = Unreadable::default();
        let read = Err(LedgerError::Unreadable("its key is no subject key"));
        unreadable.note(&record(7, "stray", Some("{}")), read).unwrap();
        unreadable
    }

    #[test]
    fn one_that_is_left_is_refused_with_its_place_or_given_up_and_deleted() {
        let unreadable = stray();
        let refused = unreadable.end(2, false).unwrap_err().to_string();
        assert!(
            refused.contains("ledger-2 offset 7: not a ledger record (its key is no subject key)"),
            "{refused}"
        );
        assert_eq!(unreadable.end(2, true), Ok(()));
        assert_eq!(unreadable.end(1, false), Ok(()));
        let deleted = unreadable.tombstones(2, &Partition::default());
        assert_eq!(
            (deleted.len(), &deleted[0].key[..], &deleted[0].value),
            (1, &b"stray"[..], &None)
        );
    }

    #[test]
    fn one_that_was_deleted_or_written_anew_is_nothing_any_more() {
        let mut deleted = stray();
        let read = Err(LedgerError::Unreadable("its key is no subject key"));
        deleted.note(&record(8, "stray", None), read).unwrap();
        assert_eq!(deleted.end(2, false), Ok(()));

        let mut anew = stray();
        anew.note(&record(8, "stray", Some("{}")), Ok(())).unwrap();
        assert_eq!(anew.end(2, false), Ok(()));
    }

    #[test]
    fn a_newer_version_is_refused_whoever_accepts_what() {
        let newer = LedgerError::Newer {
            found: 9,
            known: LEDGER_VERSION,
        };
        let noted = Unreadable::default().note(&record(7, "x", Some("{}")), Err(newer));
        assert!(matches!(noted, Err(RestoreError::Newer { found: 9, .. })));
    }
}
