//! What a look-up promises, tried against servers that break every rule.
#![allow(clippy::unwrap_used, clippy::panic)]

mod answers;
mod cache;
mod codeowners;
mod config;
mod files;
mod limits;
mod merging;
mod secrets;
mod stub;
mod world;
