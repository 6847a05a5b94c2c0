//! One configured inventory of whatever kind, and one question to it.

use std::collections::VecDeque;
use std::sync::Arc;

use reeve_domain::context::SourceStatus;
use reeve_domain::key::SubjectKey;
use reeve_domain::time::Timestamp;
use tokio::time::Instant;

use crate::ask::Ask;
use crate::codeowners::CodeownersInventory;
use crate::counts::{InventoryCounts, Lookup, Tally};
use crate::covers::Covers;
use crate::file::FileInventory;
use crate::http::{Begun, HttpInventory, Waiting};
use crate::merge::Reply;
use crate::raw::RawKey;

/// One configured inventory.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) covers: Covers,
    pub(crate) keys: Vec<RawKey>,
    pub(crate) kind: Kind,
    pub(crate) tally: Tally,
}

/// What an inventory is.
#[derive(Debug)]
pub(crate) enum Kind {
    Http(Arc<HttpInventory>),
    File(FileInventory),
    Codeowners(CodeownersInventory),
}

impl Member {
    fn begin(&self, ask: &Ask<'_>, key: &SubjectKey, now: Timestamp) -> Begun {
        let reply = match &self.kind {
            Kind::Http(inventory) => return inventory.begin(ask, key, now),
            Kind::File(inventory) => Some(inventory.reply(ask, key, now)),
            Kind::Codeowners(inventory) => inventory.reply(ask, now),
        };
        let Some(reply) = reply else {
            return Begun::NotAsked;
        };
        let found = reply.status == SourceStatus::Ok;
        self.tally
            .count(if found { Lookup::Hit } else { Lookup::Negative });
        Begun::Settled(reply)
    }

    pub(crate) fn is_available(&self) -> bool {
        match &self.kind {
            Kind::Http(inventory) => inventory.is_available(),
            Kind::File(_) | Kind::Codeowners(_) => true,
        }
    }

    pub(crate) fn recoveries(&self) -> u64 {
        match &self.kind {
            Kind::Http(inventory) => inventory.recoveries(),
            Kind::File(_) | Kind::Codeowners(_) => 0,
        }
    }

    pub(crate) fn take_counts(&self) -> InventoryCounts {
        match &self.kind {
            Kind::Http(inventory) => inventory.tally().take(&self.name),
            Kind::File(_) | Kind::Codeowners(_) => self.tally.take(&self.name),
        }
    }
}

/// One subject in one inventory: keys still to try, and what came of those tried.
pub(crate) struct Question<'a> {
    member: &'a Member,
    keys: VecDeque<&'a SubjectKey>,
    waiting: Option<Waiting>,
    reply: Option<Reply>,
}

impl<'a> Question<'a> {
    /// None if the inventory does not cover the subject.
    pub(crate) fn new(member: &'a Member, ask: &Ask<'a>) -> Option<Self> {
        let covered = member.covers.includes(ask.subject);
        let keys = || ask.keys(&member.keys).into();
        covered.then(|| Self {
            member,
            keys: keys(),
            waiting: None,
            reply: None,
        })
    }

    /// Asks under the next key, until something is found or has to be waited for.
    pub(crate) fn begin(&mut self, ask: &Ask<'_>, now: Timestamp) {
        while let Some(key) = self.keys.pop_front() {
            match self.member.begin(ask, key, now) {
                Begun::NotAsked => {}
                Begun::Settled(reply) => self.settle(reply),
                Begun::Waiting(waiting) => {
                    self.waiting = Some(waiting);
                    return;
                }
            }
        }
    }

    /// Waits for what was begun; whether there is another key to try.
    pub(crate) async fn finish(&mut self, until: Instant) -> bool {
        let Some(waiting) = self.waiting.take() else {
            return false;
        };
        let reply = waiting.finish(until).await;
        self.settle(reply);
        !self.keys.is_empty()
    }

    /// The inventory's name and its reply; none if it could not be asked.
    pub(crate) fn reply(self) -> Option<(&'a str, Reply)> {
        self.reply.map(|reply| (self.member.name.as_str(), reply))
    }

    /// Only "not there" leads on to the next key: no answer under one key is no answer.
    fn settle(&mut self, reply: Reply) {
        if reply.status != SourceStatus::Absent {
            self.keys.clear();
        }
        self.reply = Some(reply);
    }
}
