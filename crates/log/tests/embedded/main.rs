//! The embedded log from outside: what a lane, a command and a broken disk may rely on.

mod access;
mod disk;
mod drive;
mod store;
mod support;
mod toy;
