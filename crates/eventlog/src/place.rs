//! Single events by their place, to show what a fact was made of.

use kernel::Envelope;
use runtime::settings::{self, LogKind};
use store::origins::{self, Origin};
use store::{Store, segments};

use crate::{LogError, kafka};

/// Hands the events that told of a fact to `take`, the latest received first, as far as the log still holds them:
/// one at a time, for payloads may be large. Returns of how many the places are remembered.
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
    let places = Places::open(settings, store)?;
    for place in &found {
        // a log that was made anew may have another tenant's event there
        if let Some(event) = places.read(*place).await?.filter(|event| event.tenant == *store.tenant()) {
            take(*place, event);
        }
    }
    Ok(found.len())
}

/// Reads single events of a log. It is no consumer: it moves no position and joins no group.
pub enum Places {
    /// Of the embedded log.
    Embedded {
        /// Where it is.
        store: Store,
        /// Its topic.
        topic: String,
    },
    /// Of Kafka.
    Kafka(kafka::Places),
}

impl Places {
    /// Of the log that the settings name. Nothing is created where there is none.
    pub fn open(settings: &settings::Log, store: &Store) -> Result<Self, LogError> {
        Ok(match settings.kind {
            LogKind::Embedded => Self::Embedded { store: store.clone(), topic: settings.topic.clone() },
            LogKind::Kafka => Self::Kafka(kafka::Places::open(settings)?),
        })
    }

    /// The event at a place, or `None` when it has left the log.
    pub async fn read(&self, place: Origin) -> Result<Option<Envelope>, LogError> {
        match self {
            Self::Embedded { store, topic } => {
                let read = segments::read(store, topic, place.partition, place.position, 1, 1).await?;
                Ok(read.into_iter().find(|(found, _)| *found == place.position).map(|(_, event)| event))
            }
            Self::Kafka(places) => places.read(place).await,
        }
    }
}
