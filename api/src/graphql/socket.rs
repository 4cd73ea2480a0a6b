//! WebSockets at `/graphql`, by the protocol `graphql-transport-ws`. Only subscriptions are answered: queries go by `POST`.
//!
//! Promises: a page of another site opens none; a connection that does not begin in time, sends what is no message of the
//! protocol, or takes messages too slowly, is closed with the protocol's code; the operations of one connection are
//! bounded.

use std::time::Duration;

use async_graphql::ServerError;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::Right;
use runtime::http::{KeptOpen, Peer, Upgraded};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use url::Url;

use super::closing::Closing;
use super::operation::{self, Operations, Sent, Session};
use super::protocol::{FromClient, ToClient};
use super::schema::ApiSchema;
use crate::live::{Client, End, HubPlace};
use crate::problem::Problem;
use crate::scope::Scope;
use crate::{ApiState, tenant, web};

/// The protocol.
const PROTOCOL: &str = "graphql-transport-ws";
/// The longest message of a client, in bytes.
const MESSAGE: usize = 64 * 1024;
/// How long a client may take to begin.
const INIT: Duration = Duration::from_secs(10);
/// How often a client is asked whether it is there, …
const PING: Duration = Duration::from_secs(15);
/// … and how long it may be silent.
const SILENCE: Duration = Duration::from_secs(45);
/// How long a client may take to take a message.
const SEND: Duration = Duration::from_secs(10);
/// How long a client may take to answer that it is closed.
const CLOSE: Duration = Duration::from_secs(1);

/// Finds the tenant of a WebSocket; the explorer has none.
pub(super) async fn choose(state: State<ApiState>, request: Request, next: Next) -> Response {
    if is_upgrade(&request) { tenant::choose(state, request, next).await } else { next.run(request).await }
}

fn is_upgrade(request: &Request) -> bool {
    request.headers().contains_key(header::UPGRADE)
}

/// Answers `GET`: opens a WebSocket where that is asked for, and shows the explorer otherwise.
pub(super) async fn open(
    State(state): State<ApiState>,
    Extension(schema): Extension<ApiSchema>,
    request: Request,
) -> Response {
    if !is_upgrade(&request) {
        return web::explorer().await;
    }
    let (parts, _) = request.into_parts();
    match upgrade(state, schema, parts).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn upgrade(state: ApiState, schema: ApiSchema, mut parts: Parts) -> Result<Response, Problem> {
    check_origin(&parts.headers, state.settings().server.public_url.as_deref())?;
    let upgrade = extract(&mut parts).await?;
    let scope = parts.extensions.remove::<Scope>().ok_or_else(|| Problem::no_upgrade("It is about no tenant."))?;
    let place = state.hub().place(Client::of(Peer::of(&parts.extensions)))?;
    let upgraded = parts.extensions.get::<KeptOpen>().map(KeptOpen::upgraded);
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(MESSAGE).max_frame_size(MESSAGE);
    let upgrade = upgrade.read_buffer_size(4096).write_buffer_size(4096).max_write_buffer_size(1 << 20);
    let speaks = upgrade.selected_protocol().is_some();
    let session = Session { state, schema, scope };
    Ok(upgrade.on_upgrade(move |socket| async move {
        let connection = Connection::new(socket, session, upgraded, place);
        connection.serve(speaks).await;
    }))
}

async fn extract(parts: &mut Parts) -> Result<WebSocketUpgrade, Problem> {
    WebSocketUpgrade::from_request_parts(parts, &())
        .await
        .map_err(|rejection| Problem::no_upgrade(rejection.body_text()))
}

/// Fails for a page of another site, whose browser would send the cookies of this one. Programs send no `Origin`.
fn check_origin(headers: &HeaderMap, public_url: Option<&str>) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let text = origin.to_str().unwrap_or_default();
    let refused = || Problem::wrong_origin(text);
    let origin = Url::parse(text).map_err(|_| refused())?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = host.and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    let public = public_url.and_then(|url| Url::parse(url).ok());
    let is_own = own.into_iter().chain(public).any(|url| url.origin().is_tuple() && url.origin() == origin.origin());
    if is_own { Ok(()) } else { Err(refused()) }
}

/// An open WebSocket.
struct Connection {
    socket: WebSocket,
    session: Session,
    upgraded: Option<Upgraded>,
    operations: Operations,
    sent: mpsc::Receiver<Sent>,
    ended: mpsc::Receiver<End>,
    is_acknowledged: bool,
    heard_at: Instant,
    /// Held while it is open.
    _place: HubPlace,
}

impl Connection {
    fn new(socket: WebSocket, session: Session, upgraded: Option<Upgraded>, place: HubPlace) -> Self {
        let (operations, sent, ended) = Operations::new();
        let heard_at = Instant::now();
        Self { socket, session, upgraded, operations, sent, ended, is_acknowledged: false, heard_at, _place: place }
    }

    async fn serve(mut self, speaks: bool) {
        let closing = if speaks { self.talk().await } else { Some(Closing::protocol()) };
        if let Some(closing) = closing {
            self.close(closing).await;
        }
    }

    /// Talks until one of the sides ends it; returns why it is to be closed, unless it is.
    async fn talk(&mut self) -> Option<Closing> {
        let begin_by = Instant::now() + INIT;
        let mut ping_at = Instant::now() + PING;
        loop {
            let is_acknowledged = self.is_acknowledged;
            let done = tokio::select! {
                () = ending(self.upgraded.as_ref()) => Err(Some(Closing::shutdown())),
                Some(end) = self.ended.recv() => Err(Some(Closing::of(end))),
                Some(sent) = self.sent.recv() => self.forward(sent).await,
                received = self.socket.recv() => match received {
                    Some(Ok(message)) => self.receive(message).await,
                    Some(Err(_)) | None => Err(None),
                },
                () = sleep_until(ping_at) => {
                    ping_at = Instant::now() + PING;
                    if self.heard_at.elapsed() > SILENCE { Err(None) } else { self.send(Message::Ping("".into())).await }
                }
                () = sleep_until(begin_by), if !is_acknowledged => Err(Some(Closing::init_timeout())),
            };
            if let Err(closing) = done {
                return closing;
            }
        }
    }

    async fn receive(&mut self, message: Message) -> Result<(), Option<Closing>> {
        self.heard_at = Instant::now();
        match message {
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(message) => self.act(message).await,
                Err(_) => Err(Some(Closing::invalid())),
            },
            Message::Binary(_) => Err(Some(Closing::invalid())),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(None),
        }
    }

    async fn act(&mut self, message: FromClient) -> Result<(), Option<Closing>> {
        match message {
            FromClient::ConnectionInit { .. } if self.is_acknowledged => Err(Some(Closing::init_again())),
            FromClient::ConnectionInit { payload: _ } => {
                if self.session.scope.access.check(Right::Read).is_err() {
                    return Err(Some(Closing::forbidden()));
                }
                self.is_acknowledged = true;
                self.tell(&ToClient::ConnectionAck).await
            }
            FromClient::Ping {} => self.tell(&ToClient::Pong).await,
            FromClient::Pong {} => Ok(()),
            FromClient::Subscribe { .. } if !self.is_acknowledged => Err(Some(Closing::unauthorized())),
            FromClient::Subscribe { id, .. } if self.operations.has(&id) => Err(Some(Closing::duplicate(&id))),
            FromClient::Subscribe { id, payload } => match self.operations.begin(&self.session, id.clone(), *payload) {
                Ok(()) => Ok(()),
                Err(message) => {
                    let payload = vec![ServerError::new(message, None)];
                    self.tell(&ToClient::Error { id: &id, payload }).await
                }
            },
            FromClient::Complete { id } => {
                self.operations.end(&id);
                Ok(())
            }
        }
    }

    /// Sends what an operation has, unless that was completed.
    async fn forward(&mut self, sent: Sent) -> Result<(), Option<Closing>> {
        if !self.operations.take(&sent) {
            return Ok(());
        }
        self.send(Message::Text(sent.text.into())).await
    }

    async fn tell(&mut self, message: &ToClient<'_>) -> Result<(), Option<Closing>> {
        self.send(Message::Text(message.text().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Option<Closing>> {
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

    async fn close(&mut self, closing: Closing) {
        let Closing { code, reason } = closing;
        let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        // a client that is gone hears nothing
        let _gone = timeout(CLOSE, self.socket.send(close)).await;
        let answered = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _silent = timeout(CLOSE, answered).await;
    }
}

/// Returns when the server of a connection ends; never without one.
async fn ending(upgraded: Option<&Upgraded>) {
    match upgraded {
        Some(upgraded) => upgraded.ending().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_opens_a_socket_to_its_own_server_only() {
        let check = |origin: &str, host: &str, public: Option<&str>| {
            let headers = [(header::ORIGIN, origin), (header::HOST, host)];
            let headers = headers.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect();
            check_origin(&headers, public).is_ok()
        };
        let public = Some("https://sei.example.org/sei");
        for (origin, host, public) in [
            ("http://localhost:8080", "localhost:8080", None),
            ("https://sei.example.org", "sei.example.org", None),
            ("https://sei.example.org", "sei.example.org:443", None),
            ("https://sei.example.org", "10.0.0.1:8080", public),
        ] {
            assert!(check(origin, host, public), "{origin} {host}");
        }
        for (origin, host, public) in [
            ("null", "localhost:8080", None),
            ("", "localhost:8080", None),
            ("http://localhost:8081", "localhost:8080", None),
            ("http://evil.example", "localhost:8080", public),
            ("http://sei.example.org", "10.0.0.1", public),
            ("https://sei.example.org.evil.example", "sei.example.org", public),
            ("file:///", "", None),
        ] {
            assert!(!check(origin, host, public), "{origin} {host}");
        }
        assert!(check_origin(&HeaderMap::new(), None).is_ok(), "a program");
    }
}
