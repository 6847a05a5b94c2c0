//! How late a task is: an open loop at a fixed pace, timed from the moment at which an alert was meant to be sent.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use reeve_tests::line::Line;
use serde::Serialize;

use crate::alerts::Mix;
use crate::publish::{Publisher, pause};

const MARK: &[u8] = b"load-";
const LATEST: Duration = Duration::from_secs(60);

/// Milliseconds from the intended sending to the task in a committed transaction.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Latency {
    pub(crate) per_second: f64,
    pub(crate) tasks: usize,
    pub(crate) missing: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
}

/// `count` alerts about new subjects at `per_second`, on a line whose replicas run.
pub(crate) fn paced(line: &Line<'_>, partitions: i32, mix: &Mix, per_second: f64, count: u64) -> Latency {
    let consumer = reader(line, partitions);
    let begun: OnceLock<Instant> = OnceLock::new();
    let (bootstrap, topic) = (line.kafka().bootstrap(), line.topic("alerts.raw"));
    let publisher = Publisher::new(bootstrap, &topic, "0");
    let intended = |number: u64| Duration::from_secs_f64(number as f64 / per_second);
    let mut seen: Vec<Option<f64>> = vec![None; count as usize];
    std::thread::scope(|scope| {
        scope.spawn(|| send(publisher, mix, &begun, count, &intended));
        let last = intended(count) + LATEST;
        let mut left = seen.len();
        while left > 0 && begun.get().is_none_or(|begun| begun.elapsed() < last) {
            let Some(Ok(task)) = consumer.poll(Duration::from_millis(1)) else {
                continue;
            };
            let now = begun.get().map_or(Duration::ZERO, Instant::elapsed);
            let number = task.payload().and_then(number_of).unwrap_or(u64::MAX);
            if let Some(late @ None) = seen.get_mut(number as usize) {
                *late = Some(now.saturating_sub(intended(number)).as_secs_f64() * 1e3);
                left -= 1;
            }
        }
    });
    summary(per_second, seen)
}

fn send(
    publisher: Publisher<'_>,
    mix: &Mix,
    begun: &OnceLock<Instant>,
    count: u64,
    intended: &impl Fn(u64) -> Duration,
) {
    let bodies: Vec<String> = (0..count).map(|number| mix.alert(number)).collect();
    let begun = begun.get_or_init(Instant::now);
    for (number, body) in (0..).zip(&bodies) {
        let early = intended(number).saturating_sub(begun.elapsed());
        if early > Duration::from_millis(1) {
            pause(early);
        }
        publisher.send(number, body);
    }
    publisher.finish();
}

fn reader(line: &Line<'_>, partitions: i32) -> BaseConsumer {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", line.kafka().bootstrap())
        .set("group.id", "load-latency")
        .set("isolation.level", "read_committed")
        .set("fetch.wait.max.ms", "5")
        .create()
        .expect("the properties are right");
    let mut all = TopicPartitionList::new();
    for partition in 0..partitions {
        all.add_partition_offset(&line.topic("tasks"), partition, Offset::Beginning)
            .expect("the beginning is an offset");
    }
    consumer.assign(&all).expect("the partitions exist");
    consumer
}

/// The number of the alert that opened a task: it stands in every place and reference.
fn number_of(body: &[u8]) -> Option<u64> {
    let at = body.windows(MARK.len()).position(|window| window == MARK)?;
    let digits = body[at + MARK.len()..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    let digits: Vec<u8> = digits.copied().collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

fn summary(per_second: f64, seen: Vec<Option<f64>>) -> Latency {
    let all = seen.len();
    let mut late: Vec<f64> = seen.into_iter().flatten().collect();
    late.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (late.len() as f64 * share).ceil() as usize;
        late.get(index.saturating_sub(1)).copied().unwrap_or(0.0)
    };
    Latency {
        per_second,
        tasks: late.len(),
        missing: all - late.len(),
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        p999_ms: at(0.999),
    }
}
