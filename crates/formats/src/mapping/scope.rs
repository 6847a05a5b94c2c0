//! Where a mapping stands while it reads: the record, and what it was found in.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

use crate::json::Json;
use crate::scrub::Scrubber;
use crate::settings::Scrub;

/// A record and what is around it, the whole object first.
#[derive(Clone)]
pub(super) struct Scope<'d> {
    levels: Vec<Level<'d>>,
    /// Scrubs what is cut or folded: half a secret, or one in other letters, would not be found any more.
    shield: Option<Rc<Shield<'d>>>,
}

/// The secrets of a record, and what scrubs them, made when it is needed.
struct Shield<'d> {
    secrets: Vec<Cow<'d, str>>,
    scrubber: OnceCell<Scrubber>,
}

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
        Self {
            levels: vec![Level { json, key: None }],
            shield: None,
        }
    }

    /// The same with one level more.
    pub(super) fn below(&self, json: &'d Json<'d>, key: Option<&'d str>) -> Self {
        let mut levels = Vec::with_capacity(self.levels.len() + 1);
        levels.extend_from_slice(&self.levels);
        levels.push(Level { json, key });
        Self {
            levels,
            shield: self.shield.clone(),
        }
    }

    /// The record, or what stands so many levels above it.
    pub(super) fn up(&self, levels: usize) -> Option<Level<'d>> {
        let index = self.levels.len().checked_sub(levels + 1)?;
        self.levels.get(index).copied()
    }

    /// The whole object.
    pub(super) fn root(&self) -> Option<Level<'d>> {
        self.levels.first().copied()
    }

    /// The same, where texts are scrubbed before they are cut.
    pub(super) fn shielded(&self, secrets: Vec<Cow<'d, str>>) -> Self {
        Self {
            levels: self.levels.clone(),
            shield: Some(Rc::new(Shield {
                secrets,
                scrubber: OnceCell::new(),
            })),
        }
    }

    /// The same, for values that are secrets themselves.
    pub(super) fn unshielded(&self) -> Self {
        Self {
            levels: self.levels.clone(),
            shield: None,
        }
    }

    /// A text without secrets, before it is cut.
    pub(super) fn before_cut(&self, text: Cow<'d, str>) -> Cow<'d, str> {
        let Some(shield) = &self.shield else {
            return text;
        };
        let scrubber = shield
            .scrubber
            .get_or_init(|| Scrubber::new(&shield.secrets, Scrub::On));
        let scrubbed = match scrubber.text(&text) {
            Cow::Owned(scrubbed) => Some(scrubbed),
            Cow::Borrowed(_) => None,
        };
        scrubbed.map_or(text, Cow::Owned)
    }
}
