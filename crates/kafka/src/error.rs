//! What an error of the client means for a lane: whose word is needed, and whether trying again can help.

use rdkafka::error::{KafkaError, RDKafkaError, RDKafkaErrorCode as Code};
use reeve_log::LogError;

/// The kind of an error code, by what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The client tries again by itself.
    Passing,
    /// Another owner has the identity.
    Fenced,
    /// Something is missing or forbidden: an operator's word is needed.
    Setup,
    /// A topic is not known, or not yet.
    NoTopic,
    /// Cannot be placed.
    Other,
}

pub(crate) fn kind(code: Code) -> Kind {
    match code {
        Code::BrokerTransportFailure
        | Code::AllBrokersDown
        | Code::Resolve
        | Code::OperationTimedOut
        | Code::MessageTimedOut
        | Code::TimedOutQueue
        | Code::AssignmentLost
        | Code::WaitingForCoordinator
        | Code::PollExceeded
        | Code::PartitionEOF
        | Code::NodeUpdate
        | Code::Retry
        | Code::UnknownBroker
        | Code::InProgress
        | Code::NotLeaderForPartition
        | Code::LeaderNotAvailable
        | Code::ReplicaNotAvailable
        | Code::BrokerNotAvailable
        | Code::RequestTimedOut
        | Code::NetworkException
        | Code::CoordinatorLoadInProgress
        | Code::CoordinatorNotAvailable
        | Code::NotCoordinator
        | Code::IllegalGeneration
        | Code::UnknownMemberId
        | Code::RebalanceInProgress
        | Code::MemberIdRequired
        | Code::KafkaStorageError
        | Code::FencedLeaderEpoch
        | Code::UnknownLeaderEpoch
        | Code::OffsetNotAvailable
        | Code::UnstableOffsetCommit
        | Code::ConcurrentTransactions
        | Code::NotEnoughReplicas
        | Code::NotEnoughReplicasAfterAppend => Kind::Passing,
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch | Code::FencedInstanceId => {
            Kind::Fenced
        }
        Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicOrPartition => Kind::NoTopic,
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed
        | Code::SaslAuthenticationFailed
        | Code::Authentication
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState
        | Code::SSL
        | Code::AutoOffsetReset
        | Code::OffsetOutOfRange
        | Code::InvalidTransactionTimeout
        | Code::InvalidSessionTimeout
        | Code::InconsistentGroupProtocol
        | Code::UnsupportedVersion
        | Code::UnsupportedFeature
        | Code::PolicyViolation => Kind::Setup,
        _ => Kind::Other,
    }
}

/// The end of the lane that `code` asks for, `what` being what was tried.
pub(crate) fn fatal(what: &str, code: Code) -> LogError {
    let text = format!("{what}: {code}");
    match kind(code) {
        Kind::Fenced => LogError::Fenced(format!(
            "{text}. Do two replicas share one REEVE_INSTANCE (or host name)?"
        )),
        Kind::Setup => LogError::Setup(format!("{text}{}", advice(code))),
        Kind::NoTopic => LogError::Setup(format!("{text}. `reeve topics create` makes what is missing")),
        Kind::Passing => LogError::Unavailable(text),
        Kind::Other => LogError::Internal(text),
    }
}

fn advice(code: Code) -> &'static str {
    match code {
        Code::AutoOffsetReset | Code::OffsetOutOfRange => {
            ". Records were deleted before they were read: raise the retention, then move the group with \
             `kafka-consumer-groups.sh --reset-offsets --to-earliest` to go on with what is left"
        }
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => {
            ". `reeve topics acls` prints the rights each role needs"
        }
        _ => "",
    }
}

/// The same for an error of any call.
pub(crate) fn of(what: &str, error: &KafkaError) -> LogError {
    match error {
        // Neither the value nor librdkafka's sentence about it: it may be a password.
        KafkaError::ClientConfig(_, _, name, _) => LogError::Setup(format!(
            "the property `{name}` is unknown or its value is not valid"
        )),
        KafkaError::ClientCreation(text) => LogError::Setup(format!("{what}: {text}")),
        KafkaError::Transaction(error) => of_transaction(what, error),
        other => match other.rdkafka_error_code() {
            Some(code) => fatal(what, code),
            None => LogError::Internal(format!("{what}: {other}")),
        },
    }
}

/// The same for a transactional call.
pub(crate) fn of_transaction(what: &str, error: &RDKafkaError) -> LogError {
    if error.is_retriable() && kind(error.code()) == Kind::Other {
        return LogError::Unavailable(format!("{what}: {}", error.code()));
    }
    fatal(what, error.code())
}
