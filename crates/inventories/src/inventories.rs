//! All configured inventories: compiled from what was written, and asked together.

mod compile;
mod probe;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reeve_domain::context::Knowledge;
use reeve_domain::time::Timestamp;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::ask::Ask;
use crate::counts::Counts;
use crate::fault::ConfigFault;
use crate::member::{Member, Question};
use crate::merge::merge;
use crate::raw::RawInventories;

/// The configured inventories with their caches and limits; a clone shares them.
#[derive(Clone, Debug)]
pub struct Inventories {
    members: Arc<[Member]>,
    off: Arc<[String]>,
}

/// What the configuration may refer to.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The environment, for `${VAR}`.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The folder of the configuration, for relative paths.
    pub base: &'a Path,
}

impl Inventories {
    /// Compiles the configuration and reads the files it names; sends nothing and needs no runtime.
    ///
    /// # Errors
    /// Every mistake at once, each with its place.
    pub fn compile(raw: RawInventories, around: Surroundings<'_>) -> Result<Self, Vec<ConfigFault>> {
        compile::compile(raw, around)
    }

    /// No inventory at all: every look-up is complete at once and knows nothing.
    pub fn none() -> Self {
        Self {
            members: Arc::new([]),
            off: Arc::new([]),
        }
    }

    /// Asks about each subject all inventories that cover it, and waits at most `deadline` for all together.
    ///
    /// Gives one knowledge per ask, in their order; the first asks are sent first where a limit holds. Requests that
    /// are not answered by then go on within their own deadline, so that a slow answer is in the cache next time.
    /// `now` becomes the `as_of` of new answers. Must run inside a tokio runtime.
    pub async fn lookup(&self, asks: &[Ask<'_>], deadline: Duration, now: Timestamp) -> Vec<Knowledge> {
        let until = Instant::now() + deadline;
        let mut questions: Vec<Vec<Question<'_>>> = asks.iter().map(|ask| self.questions(ask)).collect();
        let mut open = true;
        while open {
            for (ask, questions) in asks.iter().zip(&mut questions) {
                questions.iter_mut().for_each(|question| question.begin(ask, now));
            }
            open = false;
            for question in questions.iter_mut().flatten() {
                open |= question.finish(until).await;
            }
        }
        questions
            .into_iter()
            .map(|questions| merge(questions.into_iter().filter_map(Question::reply)))
            .collect()
    }

    /// [`Self::lookup`] for a thread of its own that is not one of the runtime's; blocks it.
    pub fn lookup_blocking(
        &self,
        runtime: &Handle,
        asks: &[Ask<'_>],
        deadline: Duration,
        now: Timestamp,
    ) -> Vec<Knowledge> {
        runtime.block_on(self.lookup(asks, deadline, now))
    }

    /// Each inventory and whether it is asked now: false while its breaker is open.
    pub fn available(&self) -> Vec<(&str, bool)> {
        self.members
            .iter()
            .map(|member| (member.name.as_str(), member.is_available()))
            .collect()
    }

    /// What happened since the last call.
    pub fn take_counts(&self) -> Counts {
        Counts {
            inventories: self.members.iter().map(Member::take_counts).collect(),
        }
    }

    /// Grows whenever an inventory gives an answer after somebody went without one: time to ask again for what is pending.
    ///
    /// A request that failed alone is remembered for up to 6 s, so pending subjects are also to be asked again every
    /// 10 s without it.
    pub fn recoveries(&self) -> u64 {
        self.members.iter().map(Member::recoveries).sum()
    }

    /// Whether there is none to ask.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Configured, but switched off by an environment variable that is not set.
    pub fn switched_off(&self) -> &[String] {
        &self.off
    }

    fn questions<'a>(&'a self, ask: &Ask<'a>) -> Vec<Question<'a>> {
        self.members
            .iter()
            .filter_map(|member| Question::new(member, ask))
            .collect()
    }
}
