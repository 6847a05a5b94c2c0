//! Whether every lane lives, and whether every lane is ready.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the lanes of this process say about themselves; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<BTreeMap<String, Lane>>>);

#[derive(Clone, Copy, Debug)]
enum Lane {
    /// Starting, restoring or out of the group.
    Starting,
    /// In the group, and everything it owns is restored.
    Ready,
    /// Its thread has ended.
    Ended,
}

/// One lane's word; it goes with the lane's thread, and the lane counts as ended when it is dropped.
#[derive(Debug)]
pub struct LaneHealth {
    health: Health,
    name: String,
}

impl Health {
    /// Registers a lane (`dispatcher-0`), alive and not yet ready. Register all before the first starts.
    pub fn lane(&self, name: &str) -> LaneHealth {
        self.set(name, Lane::Starting);
        LaneHealth {
            health: self.clone(),
            name: name.to_owned(),
        }
    }

    /// Alive: no lane's thread has ended.
    ///
    /// # Errors
    /// Which ones have.
    pub fn alive(&self) -> Result<(), String> {
        self.none(|lane| matches!(lane, Lane::Ended), "ended")
    }

    /// Ready: there are lanes, all alive, in their group and restored.
    ///
    /// # Errors
    /// Which ones are not.
    pub fn ready(&self) -> Result<(), String> {
        self.alive()?;
        if self.lanes().is_empty() {
            return Err("no lane has started".into());
        }
        self.none(
            |lane| !matches!(lane, Lane::Ready),
            "starting, restoring or out of the group",
        )
    }

    fn none(&self, found: impl Fn(&Lane) -> bool, state: &str) -> Result<(), String> {
        let lanes = self.lanes();
        let names: Vec<&str> = lanes
            .iter()
            .filter(|(_, lane)| found(lane))
            .map(|(name, _)| name.as_str())
            .collect();
        match names.is_empty() {
            true => Ok(()),
            false => Err(format!("{}: {state}", names.join(", "))),
        }
    }

    fn set(&self, name: &str, lane: Lane) {
        self.lanes().insert(name.to_owned(), lane);
    }

    /// Each change is one insertion, so a panic elsewhere leaves the map whole.
    fn lanes(&self) -> MutexGuard<'_, BTreeMap<String, Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LaneHealth {
    /// In the group and restored, or not (any more).
    pub fn ready(&self, ready: bool) {
        self.health
            .set(&self.name, if ready { Lane::Ready } else { Lane::Starting });
    }
}

impl Drop for LaneHealth {
    fn drop(&mut self) {
        self.health.set(&self.name, Lane::Ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_every_lane() {
        let health = Health::default();
        assert_eq!(health.ready(), Err("no lane has started".into()));
        let (one, two) = (health.lane("dispatcher-0"), health.lane("normalizer-0"));
        one.ready(true);
        assert_eq!(
            health.ready(),
            Err("normalizer-0: starting, restoring or out of the group".into())
        );
        two.ready(true);
        assert_eq!(health.ready(), Ok(()));
        two.ready(false);
        assert!(health.ready().is_err());
    }

    #[test]
    fn a_lane_whose_thread_has_ended_or_panicked_is_not_alive() {
        let health = Health::default();
        let (lane, other) = (health.lane("dispatcher-0"), health.lane("normalizer-0"));
        other.ready(true);
        assert_eq!(health.alive(), Ok(()));
        let thread = std::thread::spawn(move || {
            lane.ready(true);
            panic!("a lane's own fault");
        });
        assert!(thread.join().is_err());
        assert_eq!(health.alive(), Err("dispatcher-0: ended".into()));
        assert_eq!(health.ready(), health.alive());
    }
}
