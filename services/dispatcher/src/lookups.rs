//! Asking the inventories: before a batch for what is new, and behind the line for what is open and stale.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use reeve_domain::context::Knowledge;
use reeve_domain::key::{Alias, Link, Subject, SubjectKey};
use reeve_domain::observation::{Finding, Location};
use reeve_domain::time::Timestamp;
use reeve_inventories::{Ask, Freshness, Inventories};
use reeve_ledger::Case;
use tokio::runtime::Handle;

/// Answers waiting for the next tick, at most.
const ANSWERS_MAX: usize = 1_024;

/// How long one refresh may take.
const REFRESH: Duration = Duration::from_secs(5);

/// What is asked about one subject, owned.
struct Question {
    subject: Subject,
    aliases: Vec<Alias>,
    links: Vec<Link>,
    location: Option<Location>,
}

impl Question {
    fn ask(&self, freshness: Freshness) -> Ask<'_> {
        Ask {
            subject: &self.subject,
            aliases: &self.aliases,
            links: &self.links,
            location: self.location.as_ref(),
            freshness,
        }
    }

    fn of_case(case: &Case) -> Self {
        Self {
            subject: case.subject().clone(),
            aliases: case.aliases().cloned().collect(),
            links: case.links().cloned().collect(),
            location: case.locations().next().cloned(),
        }
    }
}

/// An inventory answer that arrived behind the line.
pub struct Answer {
    /// The partition of the case.
    pub partition: i32,
    /// The case.
    pub key: SubjectKey,
    /// What is known now.
    pub knowledge: Knowledge,
    /// When it was asked.
    pub at: Timestamp,
}

/// The inventories with what is under way.
pub struct Lookups {
    inventories: Inventories,
    runtime: Handle,
    deadline: Duration,
    in_flight_max: usize,
    in_flight: Arc<AtomicUsize>,
    sender: SyncSender<Answer>,
    receiver: Receiver<Answer>,
    arrived: BTreeMap<i32, Vec<Answer>>,
}

impl Lookups {
    /// Asks `inventories` on `runtime`; a batch waits at most `deadline`.
    pub fn new(inventories: Inventories, runtime: Handle, deadline: Duration, in_flight_max: usize) -> Self {
        let (sender, receiver) = sync_channel(ANSWERS_MAX);
        let in_flight = Arc::default();
        Self {
            inventories,
            runtime,
            deadline,
            in_flight_max,
            in_flight,
            sender,
            receiver,
            arrived: BTreeMap::new(),
        }
    }

    /// Asks these from now on; what is under way still answers.
    pub(crate) fn adopt(&mut self, inventories: Inventories) {
        self.inventories = inventories;
    }

    /// The inventories themselves, for their counts.
    pub fn inventories(&self) -> &Inventories {
        &self.inventories
    }

    /// Asks about new subjects and waits: the only wait of a batch.
    pub fn now(&self, findings: &[&Finding], now: Timestamp) -> BTreeMap<SubjectKey, Knowledge> {
        if findings.is_empty() {
            return BTreeMap::new();
        }
        let asks: Vec<Ask<'_>> = findings.iter().map(|finding| ask_of(finding)).collect();
        let known = self
            .inventories
            .lookup_blocking(&self.runtime, &asks, self.deadline, now);
        findings
            .iter()
            .map(|finding| finding.subject.key.clone())
            .zip(known)
            .collect()
    }

    /// How many more refreshes may be begun.
    pub fn room(&self) -> usize {
        self.in_flight_max
            .saturating_sub(self.in_flight.load(Ordering::Relaxed))
    }

    /// Asks about an open case behind the line; the answer is there at a later tick.
    pub fn refresh(&self, partition: i32, case: &Case, now: Timestamp) {
        let question = Question::of_case(case);
        let (inventories, sender) = (self.inventories.clone(), self.sender.clone());
        let in_flight = Arc::clone(&self.in_flight);
        in_flight.fetch_add(1, Ordering::Relaxed);
        self.runtime.spawn(async move {
            let known = inventories
                .lookup(&[question.ask(Freshness::Renewed)], REFRESH, now)
                .await;
            in_flight.fetch_sub(1, Ordering::Relaxed);
            for knowledge in known {
                let answer = Answer {
                    partition,
                    key: question.subject.key.clone(),
                    knowledge,
                    at: now,
                };
                // A full queue drops the answer: the case is still due and will be asked about again.
                drop(sender.try_send(answer));
            }
        });
    }

    /// What has arrived for `partition`.
    pub fn take(&mut self, partition: i32) -> Vec<Answer> {
        for answer in self.receiver.try_iter() {
            self.arrived.entry(answer.partition).or_default().push(answer);
        }
        self.arrived.remove(&partition).unwrap_or_default()
    }

    /// Forgets what arrived for a partition that is no longer ours.
    pub fn forget(&mut self, partition: i32) {
        self.arrived.remove(&partition);
    }
}

fn ask_of(finding: &Finding) -> Ask<'_> {
    Ask {
        subject: &finding.subject,
        aliases: &finding.aliases,
        links: &finding.links,
        location: Some(&finding.location),
        freshness: Freshness::Known,
    }
}
