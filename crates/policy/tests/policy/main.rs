//! What the policy promises, through its public face alone.
#![allow(clippy::unwrap_used, clippy::panic)]

mod alert;
mod config_errors;
mod deadlines;
mod evidence;
mod explain;
mod ladder;
mod owners;
mod paths;
mod priority;
mod routes;
mod shipped;
