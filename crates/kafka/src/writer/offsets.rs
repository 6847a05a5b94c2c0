//! Sending offsets into a transaction, by a call that may never come back.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseProducer, Producer};

use super::{Failure, Writer};
use crate::config;
use crate::context::{LaneContext, WriterContext};

/// How long after its own bound a call counts as one that never comes back.
const GRACE: Duration = Duration::from_secs(1);

type Transactional = Arc<BaseProducer<WriterContext>>;

impl Writer {
    /// The metadata is asked for now: it names the generation of the group in which these offsets may be written.
    pub(super) fn send_offsets(
        &mut self,
        offsets: &TopicPartitionList,
        consumer: &BaseConsumer<LaneContext>,
    ) -> Result<(), Failure> {
        let Some(group) = consumer.group_metadata() else {
            return Err(Failure::Abort(Code::UnknownMemberId));
        };
        let (offsets, group) = (Arc::new(offsets.clone()), Arc::new(group));
        // Half of its time: after all of it the cluster has aborted the transaction, and fences whoever ends it too.
        let span = config::transaction_timeout(&self.config) / 2;
        let sent = self.call("send offsets", span, |producer, timeout| {
            send(producer, &offsets, &group, timeout)
        });
        match sent {
            Err(Failure::Late(code) | Failure::Unknown(code)) => Err(Failure::Abort(code)),
            other => other,
        }
    }
}

/// librdkafka does not keep the bound of this call: it waits for the group's coordinator without one, and if that moves
/// it may wait for ever (its issues 5456 and 5511). So a thread waits for it, and if need be alone.
fn send(
    producer: &Transactional,
    offsets: &Arc<TopicPartitionList>,
    group: &Arc<ConsumerGroupMetadata>,
    timeout: Duration,
) -> KafkaResult<()> {
    let (producer, offsets, group) = (Arc::clone(producer), Arc::clone(offsets), Arc::clone(group));
    let (answer, answered) = channel();
    let waiting = thread::Builder::new().name("offsets".to_owned()).spawn(move || {
        let sent = producer.send_offsets_to_transaction(&offsets, &group, timeout);
        // Nobody listens any more if it took too long.
        drop(answer.send(sent));
    });
    match waiting {
        Ok(_) => answered
            .recv_timeout(timeout + GRACE)
            .unwrap_or(Err(KafkaError::Canceled)),
        Err(_) => Err(KafkaError::Canceled),
    }
}
