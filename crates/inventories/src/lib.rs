//! Inventories: who owns a subject and what depends on it, asked in parallel under one deadline, cached and limited.
//!
//! A look-up never fails. What does not answer is named in `context.sources[]`, and the enrichment is then partial or
//! pending: "did not answer" is never the same as "is not in the inventory".
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod ask;
mod codeowners;
mod counts;
mod covers;
mod fault;
mod field;
mod file;
mod http;
mod inventories;
mod mapping;
mod member;
mod merge;
mod raw;
mod template;

pub use ask::{Ask, Freshness};
pub use counts::{Counts, InventoryCounts};
pub use fault::ConfigFault;
pub use inventories::{Inventories, Surroundings};
pub use raw::{
    RawCache, RawCodeowners, RawConstant, RawCovers, RawFile, RawInventories, RawInventory, RawKey,
    RawLimits, RawMapped, RawOwner, RawPick, RawRequest, RawSource,
};
