//! What every part of the line agrees on: subject keys, observations, contexts, tasks, events, rejects, secrets, time.
//!
//! Pure: no I/O, no clock, no environment. The shapes are the wire contract; their JSON Schemas are derived from here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod alert;
pub mod context;
pub mod event;
pub mod key;
pub mod observation;
pub mod outcome;
pub mod priority;
pub mod reject;
pub mod secret;
pub mod task;
pub mod text;
pub mod time;
