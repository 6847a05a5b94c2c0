//! A disk that refuses its n-th operation, and one that loses what was not synced.

use std::io;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    /// As the process sees it.
    seen: Vec<u8>,
    /// As it is after the last sync.
    synced: Vec<u8>,
    /// Since then.
    pending: Vec<Change>,
    changes: u64,
    fails_at: Option<u64>,
}

#[derive(Clone, Debug)]
enum Change {
    Length(u64),
    Bytes(u64, Vec<u8>),
}

impl Disk {
    /// From now on the `n`-th change (from 1), and every one after it, finds the disk full.
    pub(crate) fn fails_at(&self, n: u64) {
        let mut platter = self.0.lock().unwrap();
        platter.fails_at = Some(platter.changes + n);
    }

    /// The power goes: of what was not synced, any half is on the disk. The disk is well afterwards.
    pub(crate) fn loses_power(&self, mut seed: u64) -> Self {
        let platter = self.0.lock().unwrap();
        let mut synced = platter.synced.clone();
        for change in &platter.pending {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if seed >> 63 == 0 || matches!(change, Change::Length(_)) {
                change.apply(&mut synced);
            }
        }
        Self(Arc::new(Mutex::new(Platter {
            seen: synced.clone(),
            synced,
            ..Platter::default()
        })))
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Length(length) => to.resize(*length as usize, 0),
            Self::Bytes(offset, bytes) => {
                let start = *offset as usize;
                to.resize(to.len().max(start + bytes.len()), 0);
                to[start..start + bytes.len()].copy_from_slice(bytes);
            }
        }
    }
}

impl Platter {
    fn change(&mut self, change: Option<Change>) -> io::Result<()> {
        self.changes += 1;
        if self.fails_at.is_some_and(|n| self.changes >= n) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        match change {
            Some(change) => {
                change.apply(&mut self.seen);
                self.pending.push(change);
            }
            None => {
                for change in std::mem::take(&mut self.pending) {
                    change.apply(&mut self.synced);
                }
            }
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = offset as usize;
        out.copy_from_slice(&self.0.lock().unwrap().seen[start..start + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.lock().unwrap().change(Some(Change::Length(len)))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.lock().unwrap().change(None)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0
            .lock()
            .unwrap()
            .change(Some(Change::Bytes(offset, data.to_vec())))
    }
}
