//! librdkafka's errors, by what the caller does next.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::LogError;

/// What an error of a call means.
pub(super) fn of(error: KafkaError) -> LogError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => LogError::Saturated,
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::MessageBatchTooLarge
            | RDKafkaErrorCode::InvalidRecord,
        ) => LogError::Refused(Box::new(error)),
        Some(code) => match advice(code) {
            Some(advice) => LogError::Fatal(advice.to_owned(), Some(Box::new(error))),
            None => LogError::Transient(Box::new(error)),
        },
        None => LogError::Transient(Box::new(error)),
    }
}

/// What it means that a client could not be made: a property is wrong.
pub(super) fn of_client(error: KafkaError) -> LogError {
    let what = match &error {
        KafkaError::ClientConfig(_, what, name, value) => format!("`log.kafka.properties.{name}` is `{value}`: {what}"),
        _ => "librdkafka refuses its properties, see `log.kafka`".to_owned(),
    };
    LogError::Fatal(what, Some(Box::new(error)))
}

/// What to do about an error that needs an operator.
fn advice(code: RDKafkaErrorCode) -> Option<&'static str> {
    Some(match code {
        RDKafkaErrorCode::TopicAuthorizationFailed => {
            "Kafka does not let us use the topic: grant read, write and describe on it"
        }
        RDKafkaErrorCode::GroupAuthorizationFailed => "Kafka does not let us use the group: grant read on it",
        RDKafkaErrorCode::ClusterAuthorizationFailed => {
            "Kafka does not let us create the topic: grant create, or create it and set `log.kafka.create_topic = false`"
        }
        RDKafkaErrorCode::SaslAuthenticationFailed | RDKafkaErrorCode::Authentication => {
            "Kafka does not know us: see the `sasl.*` properties in `log.kafka`"
        }
        RDKafkaErrorCode::InvalidTopic => "Kafka does not take the name of the topic: see `log.topic`",
        RDKafkaErrorCode::InvalidReplicationFactor => {
            "there are fewer brokers than replicas: see `log.kafka.replication`"
        }
        RDKafkaErrorCode::PolicyViolation => {
            "the cluster's policy forbids the topic's settings: create it and set `log.kafka.create_topic = false`"
        }
        _ => return None,
    })
}
