//! The embedded log from outside: what a lane, a command and a broken disk may rely on.
#![allow(clippy::unwrap_used, clippy::panic)]

mod access;
mod disk;
mod drive;
mod store;
mod support;
mod toy;
