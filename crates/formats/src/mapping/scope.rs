//! Where a mapping stands while it reads: the record, and what it was found in.

use crate::json::Json;

/// A record and what is around it, the whole object first.
#[derive(Clone)]
pub(super) struct Scope<'d>(Vec<Level<'d>>);

/// One value on the way from the whole object to the record.
#[derive(Clone, Copy)]
pub(super) struct Level<'d> {
    pub(super) json: &'d Json<'d>,
    /// Its key, where it is a value of an object.
    pub(super) key: Option<&'d str>,
}

impl<'d> Scope<'d> {
    /// The whole object alone.
    pub(super) fn of(json: &'d Json<'d>) -> Self {
        Self(vec![Level { json, key: None }])
    }

    /// The same with one level more.
    pub(super) fn below(&self, json: &'d Json<'d>, key: Option<&'d str>) -> Self {
        let mut levels = Vec::with_capacity(self.0.len() + 1);
        levels.extend_from_slice(&self.0);
        levels.push(Level { json, key });
        Self(levels)
    }

    /// The record, or what stands so many levels above it.
    pub(super) fn up(&self, levels: usize) -> Option<Level<'d>> {
        let index = self.0.len().checked_sub(levels + 1)?;
        self.0.get(index).copied()
    }

    /// The whole object.
    pub(super) fn root(&self) -> Option<Level<'d>> {
        self.0.first().copied()
    }
}
