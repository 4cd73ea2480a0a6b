//! Reads single events by their log position, to show the events behind a fact.

use kernel::Envelope;
use store::origins::{self, Origin};
use store::{Store, segments};

use crate::settings::{self, LogKind};
use crate::{LogError, kafka};

/// Passes the events that reported a fact to `take`, the latest received first, as far as the log still holds them:
/// one at a time, since payloads may be large. Returns the number of known origins.
pub async fn events_of(
    settings: &settings::Log,
    store: &Store,
    fact: &str,
    limit: i64,
    mut take: impl FnMut(Origin, Envelope) + Send,
) -> Result<usize, LogError> {
    let found = origins::of_fact(store, &settings.topic, fact, limit).await?;
    if found.is_empty() {
        return Ok(0);
    }
    let reader = EventReader::open(settings, store)?;
    for origin in &found {
        // a recreated log may have another tenant's event there
        if let Some(event) = reader.read(*origin).await?.filter(|event| event.tenant == *store.tenant()) {
            take(*origin, event);
        }
    }
    Ok(found.len())
}

/// Reads single events of a log. It is not a consumer: it moves no position and joins no group.
pub enum EventReader {
    /// Of the embedded log.
    Embedded {
        /// Where it is.
        store: Store,
        /// Its topic.
        topic: String,
    },
    /// Of Kafka.
    Kafka(kafka::EventReader),
}

impl EventReader {
    /// Opens the configured log. Creates nothing.
    pub fn open(settings: &settings::Log, store: &Store) -> Result<Self, LogError> {
        Ok(match settings.kind {
            LogKind::Embedded => Self::Embedded { store: store.clone(), topic: settings.topic.clone() },
            LogKind::Kafka => Self::Kafka(kafka::EventReader::open(settings)?),
        })
    }

    /// Returns the event at a log position, or `None` when it has left the log.
    pub async fn read(&self, origin: Origin) -> Result<Option<Envelope>, LogError> {
        match self {
            Self::Embedded { store, topic } => {
                let read = segments::read(store, topic, origin.partition, origin.position, 1, 1).await?;
                Ok(read.into_iter().find(|(found, _)| *found == origin.position).map(|(_, event)| event))
            }
            Self::Kafka(reader) => reader.read(origin).await,
        }
    }
}
