//! Reads the topic as a member of a consumer group. The group shares out partitions; when it gives us
//! one, the store says where to begin, and only then librdkafka fetches it. So no event is
//! fetched in vain, and what Kafka has committed for the group never matters.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientConfig, ClientContext, Message, Offset, TopicPartitionList};
use store::{Store, positions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::client::{BROKER_TIMEOUT, QuietContext, aside, blocking};
use super::{cloud_event, config, failure};
use crate::partitions::Partitions;
use crate::{Batch, Limit, LogError, LogReader, Position, gap};

/// A member of the group.
pub(super) struct KafkaReader {
    /// Always there until the reader is dropped.
    consumer: Option<Arc<StreamConsumer<Member>>>,
    shares: UnboundedReceiver<Share>,
    store: Store,
    topic: String,
    consumer_name: String,
    partitions: Partitions,
    /// Given to us, and not yet assigned.
    given: BTreeSet<i32>,
    /// Fetched now, and to be assigned again.
    rewound: BTreeSet<i32>,
}

/// What the group decided.
enum Share {
    Given(Vec<i32>),
    Taken(Vec<i32>),
}

/// Passes on what the group decides.
struct Member(UnboundedSender<Share>);

impl ClientContext for Member {
    fn error(&self, error: KafkaError, reason: &str) {
        QuietContext.error(error, reason);
    }
}

impl ConsumerContext for Member {
    /// Gives partitions up at once, but leaves it to the reader to take them on: it has to ask the store
    /// first. Until it has, librdkafka waits.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let ids = partitions
            .elements()
            .iter()
            .map(rdkafka::topic_partition_list::TopicPartitionListElem::partition)
            .collect();
        let share = if what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            Share::Given(ids)
        } else {
            let given_up = match consumer.rebalance_protocol() {
                RebalanceProtocol::Cooperative => consumer.incremental_unassign(partitions),
                _ => consumer.unassign(),
            };
            if let Err(error) = given_up {
                tracing::warn!(error = &error as &dyn std::error::Error, "partitions could not be given up");
            }
            Share::Taken(ids)
        };
        // When the reader is gone, its consumer is about to be.
        let _gone = self.0.send(share);
    }
}

impl KafkaReader {
    /// Joins the group.
    pub(super) fn new(config: &ClientConfig, store: &Store, topic: &str, consumer: &str) -> Result<Self, LogError> {
        let (sender, shares) = unbounded_channel();
        let member: StreamConsumer<Member> = config::create(config, Member(sender))?;
        member.subscribe(&[topic]).map_err(failure::of)?;
        Ok(Self {
            consumer: Some(Arc::new(member)),
            shares,
            store: store.clone(),
            topic: topic.to_owned(),
            consumer_name: consumer.to_owned(),
            partitions: Partitions::default(),
            given: BTreeSet::new(),
            rewound: BTreeSet::new(),
        })
    }

    fn consumer(&self) -> Result<Arc<StreamConsumer<Member>>, LogError> {
        self.consumer.clone().ok_or_else(|| LogError::Fatal("the reader is closed".to_owned(), None))
    }

    fn share(&mut self, share: Share) {
        match share {
            Share::Given(partitions) => self.given.extend(partitions),
            Share::Taken(partitions) => {
                for partition in partitions {
                    self.given.remove(&partition);
                    self.rewound.remove(&partition);
                    self.partitions.remove(partition);
                }
            }
        }
    }

    /// Begins to fetch what was given, and begins again with what was rewound. After an error both are
    /// still to be done.
    async fn assign(&mut self) -> Result<(), LogError> {
        while let Ok(share) = self.shares.try_recv() {
            self.share(share);
        }
        if self.given.is_empty() && self.rewound.is_empty() {
            return Ok(());
        }
        let consumer = self.consumer()?;
        let starts = self.starts().await?;
        let mut assignment = TopicPartitionList::new();
        let mut seeks = Vec::new();
        for &(partition, _, start) in &starts {
            if self.given.contains(&partition) {
                assignment.add_partition_offset(&self.topic, partition, Offset::Offset(start)).map_err(failure::of)?;
            } else {
                seeks.push((partition, start));
            }
        }
        for &(partition, stands, start) in &starts {
            self.partitions.seek(partition, stands, start);
        }
        if assignment.count() > 0 {
            match consumer.rebalance_protocol() {
                RebalanceProtocol::Cooperative => consumer.incremental_assign(&assignment),
                _ => consumer.assign(&assignment),
            }
            .map_err(failure::of)?;
            self.given.clear();
        }
        let topic = self.topic.clone();
        blocking(move || {
            seeks.into_iter().try_for_each(|(partition, start)| {
                consumer.seek(&topic, partition, Offset::Offset(start), BROKER_TIMEOUT)
            })
        })
        .await?;
        self.rewound.clear();
        Ok(())
    }

    /// For each partition to be assigned: where the store stands, and where to start.
    async fn starts(&self) -> Result<Vec<(i32, i64, i64)>, LogError> {
        // The positions come first: another process may still move them, up to the end that is asked next.
        let positions = positions::load(&self.store, &self.consumer_name, &self.topic).await?;
        let wanted: Vec<i32> = self.given.union(&self.rewound).copied().collect();
        let (consumer, topic) = (self.consumer()?, self.topic.clone());
        let bounds = blocking(move || {
            let bounds = |partition| {
                let (start, end) = consumer.fetch_watermarks(&topic, partition, BROKER_TIMEOUT)?;
                Ok((partition, start, end))
            };
            wanted.into_iter().map(bounds).collect::<Result<Vec<_>, KafkaError>>()
        });
        let start_of = |(partition, start, end)| {
            let stands = positions.iter().find(|(of, _)| *of == partition).map_or(0, |(_, stands)| *stands);
            Ok((partition, stands, gap::start(&self.topic, partition, stands, start, end)?))
        };
        bounds.await?.into_iter().map(start_of).collect()
    }

    /// Takes in what was received. What is transient is returned as a notice: librdkafka reports each lost
    /// connection and goes on by itself, so that after an outage many of these stand before the first message.
    fn take_in(&mut self, received: Result<BorrowedMessage<'_>, KafkaError>) -> Result<Option<LogError>, LogError> {
        let error = match received {
            Ok(message) => {
                self.partitions.push(message.partition(), message.offset(), cloud_event::envelope(&message));
                return Ok(None);
            }
            Err(error) => error,
        };
        match error.rdkafka_error_code() {
            // The log does not hold a position (any more): what to do about it is decided by `assign`.
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                self.rewound.extend(self.partitions.reached().into_iter().map(|(partition, _)| partition));
                Ok(None)
            }
            // We were away too long; the group has taken our partitions, and we join again by reading on.
            Some(RDKafkaErrorCode::PollExceeded) => Ok(None),
            _ if matches!(error, KafkaError::MessageConsumptionFatal(_)) => {
                Err(LogError::Fatal("Kafka has shut us out of the group".to_owned(), Some(Box::new(error))))
            }
            _ => match failure::of(error) {
                passing if passing.is_transient() => Ok(Some(passing)),
                lasting => Err(lasting),
            },
        }
    }
}

#[async_trait]
impl LogReader for KafkaReader {
    async fn next(&mut self, limit: Limit, wait: Duration) -> Result<Option<Batch>, LogError> {
        let deadline = Instant::now() + wait;
        let consumer = self.consumer()?;
        // the last thing that went wrong, which matters only if nothing comes after it
        let mut notice = None;
        loop {
            self.assign().await?;
            // What is here already is worth one batch.
            while !self.partitions.holds(limit)
                && let Some(received) = consumer.recv().now_or_never()
            {
                notice = self.take_in(received)?.or(notice);
            }
            if !self.rewound.is_empty() {
                continue;
            }
            if let Some(batch) = self.partitions.take(limit) {
                return Ok(Some(batch));
            }
            tokio::select! {
                received = consumer.recv() => notice = self.take_in(received)?.or(notice),
                Some(share) = self.shares.recv() => self.share(share),
                () = tokio::time::sleep_until(deadline) => return notice.map_or(Ok(None), Err),
            }
        }
    }

    fn rewind(&mut self, partition: i32) {
        if self.partitions.contains(partition) {
            self.partitions.remove(partition);
            self.rewound.insert(partition);
        }
    }

    fn stands(&self) -> Vec<Position> {
        self.partitions.stands()
    }

    fn written(&mut self, position: Position) {
        let mut stands = TopicPartitionList::new();
        let hint = stands
            .add_partition_offset(&self.topic, position.partition, Offset::Offset(position.next))
            .and_then(|()| self.consumer.as_ref().map_or(Ok(()), |consumer| consumer.store_offsets(&stands)));
        if let Err(error) = hint {
            tracing::debug!(error = &error as &dyn std::error::Error, "the hint for monitors was not taken");
        }
    }
}

impl Drop for KafkaReader {
    /// Leaves the group, which takes an answer of the broker: not on a thread that others wait for.
    fn drop(&mut self) {
        let Some(consumer) = self.consumer.take() else { return };
        let leave = move || {
            // What was given and never taken on would keep librdkafka waiting.
            if let Err(error) = consumer.unassign() {
                tracing::debug!(error = &error as &dyn std::error::Error, "nothing to give up");
            }
            drop(consumer);
        };
        aside(leave);
    }
}
