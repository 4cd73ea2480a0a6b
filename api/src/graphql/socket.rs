//! WebSockets at `/graphql`, by the protocol `graphql-transport-ws`. They take all operations: subscriptions, and what `POST`
//! answers.
//!
//! Promises: a connection that does not begin in time, sends what is no message of the protocol, is not from who may read,
//! or takes messages too slowly, is closed with the protocol's code; the operations of one connection are bounded.

use std::time::Duration;

use async_graphql::ServerError;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use runtime::http::Upgraded;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::close_reason::CloseReason;
use super::opening::{Begun, Opening};
use super::operation::{self, Operations, Sent, Session};
use super::protocol::{FromClient, ToClient};
use super::waiting::WaitingPlace;
use crate::live::{End, HubPlace};

/// How long a client may take to begin.
const INIT: Duration = Duration::from_secs(5);
/// How often a client is asked whether it is there, …
const PING: Duration = Duration::from_secs(15);
/// … and how long it may be silent.
const SILENCE: Duration = Duration::from_secs(45);
/// How long a client may take to take a message.
const SEND: Duration = Duration::from_secs(10);
/// How long a client may take to answer that it is closed.
const CLOSE: Duration = Duration::from_secs(1);

/// An open WebSocket.
pub(super) struct Connection {
    socket: WebSocket,
    opening: Opening,
    /// Once its client has begun.
    session: Option<Session>,
    upgraded: Option<Upgraded>,
    operations: Operations,
    sent: mpsc::Receiver<Sent>,
    ended: mpsc::Receiver<End>,
    heard_at: Instant,
    /// Held while it is open.
    place: Place,
}

/// The place of a WebSocket, until this is dropped.
pub(super) struct Place {
    _waiting: Option<WaitingPlace>,
    _stream: Option<HubPlace>,
}

impl Place {
    /// Among those whose clients are not identified yet.
    pub(super) fn waiting(place: WaitingPlace) -> Self {
        Self { _waiting: Some(place), _stream: None }
    }

    /// Among streams.
    pub(super) fn stream(place: HubPlace) -> Self {
        Self { _waiting: None, _stream: Some(place) }
    }
}

impl Connection {
    pub(super) fn new(socket: WebSocket, opening: Opening, upgraded: Option<Upgraded>, place: Place) -> Self {
        let (operations, sent, ended) = Operations::new();
        let heard_at = Instant::now();
        Self { socket, opening, session: None, upgraded, operations, sent, ended, heard_at, place }
    }

    /// Serves it until it is closed.
    pub(super) async fn serve(mut self, speaks: bool) {
        let close_reason = if speaks { self.talk().await } else { Some(CloseReason::protocol()) };
        if let Some(close_reason) = close_reason {
            self.close(close_reason).await;
        }
    }

    /// Talks until one of the sides ends it; returns why it is to be closed, unless it is.
    async fn talk(&mut self) -> Option<CloseReason> {
        let begin_by = Instant::now() + INIT;
        let mut ping_at = Instant::now() + PING;
        loop {
            let has_begun = self.session.is_some();
            let done = tokio::select! {
                () = ending(self.upgraded.as_ref()) => Err(Some(CloseReason::shutdown())),
                Some(end) = self.ended.recv() => Err(Some(CloseReason::of(end))),
                Some(sent) = self.sent.recv() => self.forward(sent).await,
                received = self.socket.recv() => match received {
                    Some(Ok(message)) => self.receive(message).await,
                    Some(Err(_)) | None => Err(None),
                },
                () = sleep_until(ping_at) => {
                    ping_at = Instant::now() + PING;
                    if self.heard_at.elapsed() > SILENCE { Err(None) } else { self.send(Message::Ping("".into())).await }
                }
                () = sleep_until(begin_by), if !has_begun => Err(Some(CloseReason::init_timeout())),
            };
            if let Err(close_reason) = done {
                return close_reason;
            }
        }
    }

    async fn receive(&mut self, message: Message) -> Result<(), Option<CloseReason>> {
        self.heard_at = Instant::now();
        match message {
            Message::Text(text) => match FromClient::read(&text) {
                Some(message) => self.act(message).await,
                None => Err(Some(CloseReason::invalid())),
            },
            Message::Binary(_) => Err(Some(CloseReason::invalid())),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => {
                self.await_end().await;
                Err(None)
            }
        }
    }

    async fn act(&mut self, message: FromClient) -> Result<(), Option<CloseReason>> {
        match message {
            FromClient::ConnectionInit { .. } if self.session.is_some() => Err(Some(CloseReason::init_again())),
            FromClient::ConnectionInit { payload } => {
                let Begun { session, place } = self.opening.begin(payload.as_ref()).await.map_err(Some)?;
                self.session = Some(session);
                if let Some(place) = place {
                    drop(std::mem::replace(&mut self.place, Place::stream(place)));
                }
                self.reply(&ToClient::ConnectionAck).await
            }
            FromClient::Ping {} => self.reply(&ToClient::Pong).await,
            FromClient::Pong {} => Ok(()),
            FromClient::Subscribe { id, payload } => self.subscribe(id, *payload).await,
            FromClient::Complete { id } => {
                self.operations.end(&id);
                Ok(())
            }
        }
    }

    async fn subscribe(&mut self, id: String, request: async_graphql::Request) -> Result<(), Option<CloseReason>> {
        let Some(session) = &self.session else { return Err(Some(CloseReason::unauthorized())) };
        if self.operations.has(&id) {
            return Err(Some(CloseReason::duplicate(&id)));
        }
        match self.operations.begin(session, id.clone(), request) {
            Ok(()) => Ok(()),
            Err(message) => {
                let payload = vec![ServerError::new(message, None)];
                self.reply(&ToClient::Error { id: &id, payload }).await
            }
        }
    }

    /// Sends what an operation has, unless that was completed.
    async fn forward(&mut self, sent: Sent) -> Result<(), Option<CloseReason>> {
        if !self.operations.take(&sent) {
            return Ok(());
        }
        self.send(Message::Text(sent.text.into())).await
    }

    async fn reply(&mut self, message: &ToClient<'_>) -> Result<(), Option<CloseReason>> {
        self.send(Message::Text(message.text().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Option<CloseReason>> {
        match timeout(SEND, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(None),
            // it takes nothing, also no reason
            Err(_) => {
                operation::count_slow();
                Err(None)
            }
        }
    }

    async fn close(&mut self, close_reason: CloseReason) {
        let CloseReason { code, reason } = close_reason;
        let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        // a client that is gone hears nothing
        let _gone = timeout(CLOSE, self.socket.send(close)).await;
        self.await_end().await;
    }

    /// Waits a moment until both sides have closed it.
    async fn await_end(&mut self) {
        let ended = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _silent = timeout(CLOSE, ended).await;
    }
}

/// Returns when the server of a connection ends; never without one.
async fn ending(upgraded: Option<&Upgraded>) {
    match upgraded {
        Some(upgraded) => upgraded.ending().await,
        None => std::future::pending().await,
    }
}
