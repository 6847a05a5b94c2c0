//! Claims about the ledger, each with what would break it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

mod budget;
mod clocks;
mod closing;
mod confluence;
mod covers;
mod events;
mod golden;
mod holding;
mod links;
mod net;
mod parting;
mod partition;
mod places;
mod receipts;
mod sharing;
mod tangles;
mod world;
