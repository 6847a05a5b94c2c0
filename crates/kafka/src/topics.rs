//! The topics of an installation: how each must be, making them, checking them.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use reeve_log::{LogError, Topic, TopicNames};

use crate::config::Connection;
use crate::context::ReaderContext;
use crate::error::{self, Kind};
use crate::wait::{self, Deadline};

mod acls;
mod plan;

pub use acls::{Acl, Principal, Resource, acls};
pub use plan::{Layout, TopicPlan, plan};

/// Bound of one question to the cluster.
const CALL: Duration = Duration::from_secs(5);
/// How long the first answer may take.
const FIRST: Duration = Duration::from_secs(30);
/// How long a topic may stay unknown to a cluster that answers: word of a new one has to get round.
const UNKNOWN: Duration = Duration::from_secs(5);
const CLIENT: &str = "reeve-topics";

/// What `create` did with one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was made.
    New,
    /// It stood already and was left as it is.
    Existed,
}

/// Something about a topic that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Full name of the topic.
    pub topic: String,
    /// What differs: `topic`, `partitions`, `replication`, or the name of a setting.
    pub what: String,
    /// What it must be.
    pub expected: String,
    /// What it is.
    pub found: String,
    /// True if reeve works all the same, only less safely or less well.
    pub tolerable: bool,
}

/// Makes the topics that are missing.
///
/// # Errors
/// What the cluster refused, or that it does not answer.
pub fn create(connection: &Connection, layout: &Layout) -> Result<Vec<(String, Created)>, LogError> {
    let admin = Admin::open(connection)?;
    let plans = plan(layout, admin.brokers()?);
    let topics: Vec<NewTopic<'_>> = plans.iter().map(new_topic).collect();
    let options = AdminOptions::new()
        .operation_timeout(Some(FIRST))
        .request_timeout(Some(FIRST));
    let results = admin.run(admin.client.create_topics(&topics, &options))?;
    results
        .into_iter()
        .map(|result| match result {
            Ok(name) => Ok((name, Created::New)),
            Err((name, Code::TopicAlreadyExists)) => Ok((name, Created::Existed)),
            Err((name, code)) => Err(error::fatal(&format!("making the topic {name}"), code)),
        })
        .collect()
}

/// Compares the topics with what they must be.
///
/// # Errors
/// That the cluster does not answer, or gives no right to look.
pub fn verify(connection: &Connection, layout: &Layout) -> Result<Vec<Mismatch>, LogError> {
    let admin = Admin::open(connection)?;
    let mut mismatches = Vec::new();
    for plan in plan(layout, admin.brokers()?) {
        match admin.shape(&plan.name)? {
            None => mismatches.push(mismatch(&plan, "topic", ("present", "missing"), false)),
            Some(shape) => {
                mismatches.extend(compare_shape(&plan, shape));
                mismatches.extend(admin.compare_settings(&plan)?);
            }
        }
    }
    Ok(mismatches)
}

/// Waits until every topic is known with a leader for each partition.
///
/// # Errors
/// That it is not so within `bound`.
pub fn wait_ready(connection: &Connection, names: &TopicNames, bound: Duration) -> Result<(), LogError> {
    let admin = Admin::open(connection)?;
    let deadline = Deadline::within(bound);
    for topic in Topic::ALL {
        let name = names.name(topic);
        while !admin.shape(name)?.is_some_and(|shape| shape.led) {
            if deadline.passed() {
                return Err(LogError::Unavailable(format!(
                    "the topic {name} is not ready after {bound:?}"
                )));
            }
            wait::step(Duration::from_millis(50));
        }
    }
    Ok(())
}

/// Numbers of partitions; 0 for a topic that was not asked for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts([i32; 6]);

impl Counts {
    pub(crate) fn of(&self, topic: Topic) -> i32 {
        self.0[topic as usize]
    }
}

/// The partitions of `topics`, all of which must exist.
pub(crate) fn require<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    names: &TopicNames,
    topics: &BTreeSet<Topic>,
) -> Result<Counts, LogError> {
    let mut counts = Counts::default();
    let deadline = Deadline::within(UNKNOWN);
    for topic in topics {
        let name = names.name(*topic);
        counts.0[*topic as usize] = loop {
            if let Some(shape) = shape(consumer.client(), name, || refusal(consumer))? {
                break shape.partitions;
            }
            if deadline.passed() {
                return Err(LogError::Setup(format!(
                    "the topic {name} does not exist: `reeve topics create` makes it"
                )));
            }
            wait::step(Duration::from_millis(100));
        };
    }
    Ok(counts)
}

/// How a topic stands in the cluster.
#[derive(Clone, Copy)]
struct Shape {
    partitions: i32,
    /// Of the partition with the fewest replicas.
    replication: i32,
    /// Every partition has a leader.
    led: bool,
}

/// None: the cluster answers and has no such topic. `refused` is asked for a reason while nothing answers.
fn shape<C: ClientContext>(
    client: &Client<C>,
    name: &str,
    refused: impl Fn() -> Option<LogError>,
) -> Result<Option<Shape>, LogError> {
    let deadline = Deadline::within(FIRST);
    let metadata = loop {
        let error = match client.fetch_metadata(Some(name), CALL) {
            Ok(metadata) => break metadata,
            Err(error) => error,
        };
        if let Some(reason) = refused() {
            return Err(reason);
        }
        let passing = error
            .rdkafka_error_code()
            .is_some_and(|code| error::kind(code) == Kind::Passing);
        if !passing || deadline.passed() {
            return Err(error::of("asking the cluster for its topics", &error));
        }
    };
    let Some(topic) = metadata.topics().first() else {
        return Ok(None);
    };
    if let Some(code) = topic.error().map(Code::from) {
        return match error::kind(code) {
            Kind::NoTopic | Kind::Passing => Ok(None),
            _ => Err(error::fatal(&format!("asking for the topic {name}"), code)),
        };
    }
    let partitions = topic.partitions();
    Ok(Some(Shape {
        partitions: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
        replication: partitions.iter().map(|p| p.replicas().len()).min().unwrap_or(0) as i32,
        led: !partitions.is_empty() && partitions.iter().all(|p| p.leader() >= 0),
    }))
}

/// Why a consumer that has subscribed to nothing yet gets no answer, if the cluster said so (a wrong password).
fn refusal<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> Option<LogError> {
    for _ in 0..EVENTS_MAX {
        let Some(Err(KafkaError::MessageConsumption(code))) = consumer.poll(Duration::ZERO) else {
            continue;
        };
        if error::kind(code) == Kind::Setup {
            return Some(error::fatal("connecting", code));
        }
    }
    None
}

/// Events looked at for one reason: log lines are among them.
const EVENTS_MAX: usize = 200;

struct Admin<'c> {
    connection: &'c Connection,
    client: AdminClient<ReaderContext>,
    runtime: tokio::runtime::Runtime,
}

impl<'c> Admin<'c> {
    fn open(connection: &'c Connection) -> Result<Self, LogError> {
        Ok(Self {
            connection,
            client: connection
                .admin(CLIENT)?
                .create_with_context(ReaderContext)
                .map_err(|error| error::of("making a client", &error))?,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .map_err(|error| LogError::Internal(format!("no runtime: {error}")))?,
        })
    }

    fn run<T>(&self, call: impl Future<Output = Result<T, KafkaError>>) -> Result<T, LogError> {
        let answer = self.runtime.block_on(call);
        answer.map_err(|error| match error {
            KafkaError::AdminOp(code) => error::fatal("asking the cluster", code),
            error => error::of("asking the cluster", &error),
        })
    }

    fn brokers(&self) -> Result<usize, LogError> {
        let metadata = self.client.inner().fetch_metadata(None, FIRST);
        let metadata = metadata.map_err(|error| {
            self.refused()
                .unwrap_or_else(|| error::of("asking the cluster for its brokers", &error))
        })?;
        Ok(metadata.brokers().len())
    }

    /// Why nobody answers, if the cluster said so: a client of this kind does not tell, a reader does.
    fn refused(&self) -> Option<LogError> {
        let config = self.connection.reader(CLIENT).ok()?;
        let reader: BaseConsumer<ReaderContext> = config.create_with_context(ReaderContext).ok()?;
        reader.fetch_metadata(None, CALL).err()?;
        refusal(&reader)
    }

    fn shape(&self, name: &str) -> Result<Option<Shape>, LogError> {
        shape(self.client.inner(), name, || None)
    }

    fn compare_settings(&self, plan: &TopicPlan) -> Result<Vec<Mismatch>, LogError> {
        let topic = ResourceSpecifier::Topic(&plan.name);
        let options = AdminOptions::new().request_timeout(Some(FIRST));
        let answer = self.run(self.client.describe_configs([&topic], &options))?;
        // without the right to them they come as none
        let found = answer.into_iter().next().and_then(Result::ok);
        let Some(found) = found.filter(|found| !found.entries.is_empty()) else {
            return Ok(vec![mismatch(
                plan,
                "settings",
                ("readable (the right DescribeConfigs)", "not readable"),
                true,
            )]);
        };
        let value = |name: &str| {
            found
                .get(name)
                .and_then(|entry| entry.value.clone())
                .unwrap_or_default()
        };
        let differ = plan
            .settings
            .iter()
            .filter(|setting| value(setting.name) != setting.value);
        Ok(differ
            .map(|s| mismatch(plan, s.name, (&s.value, &value(s.name)), s.tolerable))
            .collect())
    }
}

fn new_topic(plan: &TopicPlan) -> NewTopic<'_> {
    let topic = NewTopic::new(
        &plan.name,
        plan.partitions,
        TopicReplication::Fixed(plan.replication),
    );
    plan.settings
        .iter()
        .fold(topic, |topic, setting| topic.set(setting.name, &setting.value))
}

fn compare_shape(plan: &TopicPlan, shape: Shape) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    if shape.partitions != plan.partitions {
        let counts = (&*plan.partitions.to_string(), &*shape.partitions.to_string());
        mismatches.push(mismatch(plan, "partitions", counts, false));
    }
    if shape.replication < plan.replication {
        let counts = (&*plan.replication.to_string(), &*shape.replication.to_string());
        mismatches.push(mismatch(plan, "replication", counts, true));
    }
    mismatches
}

fn mismatch(plan: &TopicPlan, what: &str, (expected, found): (&str, &str), tolerable: bool) -> Mismatch {
    Mismatch {
        topic: plan.name.clone(),
        what: what.into(),
        expected: expected.into(),
        found: found.into(),
        tolerable,
    }
}
