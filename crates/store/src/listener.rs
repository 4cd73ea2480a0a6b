//! Waiting for what other processes announce, so that no process has to poll often.

use crate::pool::ListeningConnection;
use crate::{Store, StoreError};

/// An announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The channel, such as [`crate::invalidations::CHANNEL`].
    pub channel: String,
    /// What was announced.
    pub payload: String,
}

/// Listens on some channels, on a connection of its own.
#[derive(Debug)]
pub struct Listener {
    store: Store,
    channels: Vec<String>,
    inner: Option<ListeningConnection>,
}

/// Listens on channels. What is announced after this returns is received.
pub async fn listen(store: &Store, channels: &[&str]) -> Result<Listener, StoreError> {
    let channels = channels.iter().map(|&channel| channel.to_owned()).collect();
    let mut listener = Listener { store: store.clone(), channels, inner: None };
    listener.connect().await?;
    Ok(listener)
}

impl Listener {
    /// The next announcement; or `None` when the connection was lost and is back, so that something may
    /// have been missed: look for yourself. After an error, wait a moment and call again. A call may be
    /// dropped at any time without losing anything.
    pub async fn recv(&mut self) -> Result<Option<Notice>, StoreError> {
        let Some(connection) = &mut self.inner else {
            self.connect().await?;
            return Ok(None);
        };
        match connection.listener.try_recv().await {
            Ok(notice) => Ok(notice
                .map(|notice| Notice { channel: notice.channel().to_owned(), payload: notice.payload().to_owned() })),
            Err(error) => {
                self.inner = None;
                Err(error.into())
            }
        }
    }

    async fn connect(&mut self) -> Result<(), StoreError> {
        let mut connection = self.store.listener().await?;
        connection.listener.listen_all(self.channels.iter().map(String::as_str)).await?;
        self.inner = Some(connection);
        Ok(())
    }
}
