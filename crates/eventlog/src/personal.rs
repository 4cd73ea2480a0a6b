//! What the log holds about a person: replaced in the embedded log; in Kafka, which can't be written again, it stays until
//! its retention ends, and what that is the brokers say.

use std::sync::Arc;

use store::segments::{self, Edit, Rewrite};
use store::{Store, StoreError};

use crate::settings::{Log, LogKind};
use crate::{LogError, kafka};

pub use crate::kafka::KeptTopic;

/// What a log holds once a person was erased from it, as far as it could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedLog {
    /// The topic.
    pub topic: String,
    /// Number of events of the tenant that were read; none of Kafka.
    pub events: u64,
    /// Number of those that were replaced.
    pub rewritten: u64,
    /// What is kept as it is, if anything is.
    pub kept: Option<KeptTopic>,
}

/// Replaces events of the store's tenant where the log can be written again.
pub async fn rewrite(settings: &Log, store: &Store, edit: Arc<Edit>, which: Rewrite) -> Result<ErasedLog, LogError> {
    let topic = settings.topic.clone();
    Ok(match settings.kind {
        LogKind::Embedded => {
            let done = segments::rewrite(store, &topic, edit, which).await?;
            ErasedLog { topic, events: done.events, rewritten: done.rewritten, kept: None }
        }
        LogKind::Kafka => ErasedLog { topic, events: 0, rewritten: 0, kept: kept_topic(settings).await? },
    })
}

/// What the brokers say of how long they keep events of the topic; `None` of the embedded log. Makes nothing.
pub async fn kept_topic(settings: &Log) -> Result<Option<KeptTopic>, LogError> {
    if settings.kind == LogKind::Embedded {
        return Ok(None);
    }
    kafka::kept(settings).await.map(Some)
}

/// Reads the events of the store's tenant where the log can be read whole: `each` is called with partition, position and
/// event. `false` of Kafka.
pub async fn read_all(
    settings: &Log,
    store: &Store,
    each: impl FnMut(i32, i64, kernel::Envelope) -> Result<(), StoreError>,
) -> Result<bool, LogError> {
    if settings.kind == LogKind::Kafka {
        return Ok(false);
    }
    segments::read_all(store, &settings.topic, each).await?;
    Ok(true)
}
