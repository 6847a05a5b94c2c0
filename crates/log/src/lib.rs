//! The log a service stands on: what a lane polls, commits and restores; one loop drives any segment on any log.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod cloudevent;
pub mod drive;
pub mod embedded;
pub mod letter;
pub mod partition;
pub mod record;
pub mod role;
pub mod topic;

mod traits;
mod why;

pub use drive::{Clock, Observer, Stop, drive};
pub use record::{Outgoing, Output, Place, Record};
pub use role::Role;
pub use topic::{Topic, TopicNames};
pub use traits::{BatchLimits, Commit, Log, LogError, Polled, RestoreError, Segment};
pub use why::why;
