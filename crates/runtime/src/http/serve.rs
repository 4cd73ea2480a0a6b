//! Accepts connections and serves them until the shutdown.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connections::{ConnectionSlot, Connections};
use super::kept_open::KeptOpen;
use super::listeners::Listeners;
use super::peer::{Network, Origin};
use super::requests::Requests;
use super::routes::Routes;
use super::tls::Tls;
use super::{HttpError, descriptors};
use crate::settings::Server;
use crate::telemetry::Occasionally;
use crate::{ended_within, panics};

/// How long requests in flight may take once shutdown has begun.
const GRACE: Duration = Duration::from_secs(10);
/// How long connections may take after that, which are closed then.
const LAST: Duration = Duration::from_secs(2);
/// How long a request's head may take, and how long a connection may stay without a request.
const SILENCE: Duration = Duration::from_secs(30);
/// The most that is read of a head, and at once of a body, in bytes.
const BUFFER: usize = 64 * 1024;
/// HTTP/2: requests at once on a connection, and bytes of their bodies that were not read yet.
const STREAMS: u32 = 16;
const WINDOW: u32 = 256 * 1024;
/// Connections beside the others, which are answered about the health of the process while all others are at work.
const SPARE: usize = 32;
/// How long accepting pauses when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(50);

/// What a client hears when all connections are at work, and those beside them are taken.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nconnection: close\r\n\
    content-length: 0\r\n\r\n";

static REFUSED: Occasionally = Occasionally::new();
static FAILED: Occasionally = Occasionally::new();

/// What all connections of a server share.
struct Shell {
    routes: Routes,
    /// What takes no work.
    at_once: Routes,
    builder: Builder<TokioExecutor>,
    trusted: Arc<[Network]>,
    connections: Arc<Connections>,
    spare: Arc<Connections>,
    /// How long a connection may wait after [`SILENCE`] for the rest of a request, or to take a response.
    last_wait: Duration,
    tasks: TaskTracker,
    /// Asks connections to end.
    ending: CancellationToken,
    /// Ends them.
    ended: CancellationToken,
}

/// Serves until the shutdown; then takes no new connection, and lets requests in flight end for 10 s. Requests that
/// do not name one host are answered with 400.
/// Handlers can ask who sends a request ([`super::Peer`]).
pub async fn serve(
    listeners: impl Into<Listeners>,
    routes: impl Into<Routes>,
    server: Server,
    shutdown: CancellationToken,
) -> Result<(), HttpError> {
    let Listeners { tcp, socket, tls } = listeners.into();
    let routes = routes.into();
    let shell = Arc::new(Shell {
        at_once: routes.at_once(),
        routes,
        builder: builder(),
        trusted: server.trusted_proxies.iter().filter_map(|text| text.parse().ok()).collect(),
        connections: Connections::new(descriptors::room_for(server.connections)),
        spare: Connections::new(SPARE),
        last_wait: server.timeout,
        tasks: TaskTracker::new(),
        ending: shutdown.clone(),
        ended: CancellationToken::new(),
    });
    if let Some(tls) = &tls {
        let (watch, shutdown) = (tls.clone().watch(), shutdown.clone());
        shell.tasks.spawn(async move {
            shutdown.run_until_cancelled(watch).await;
        });
    }
    let local = socket.as_ref().map(|socket| &socket.listener);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = tcp.accept() => match accepted {
                Ok((stream, address)) => {
                    let origin = Origin::Network(address.ip().to_canonical());
                    match &tls {
                        Some(tls) => shell.connect_by_tls(stream, origin, tls.clone()),
                        None => shell.connect(stream, origin),
                    }
                }
                Err(error) => shell.failed(&error).await,
            },
            accepted = accept_local(local) => match accepted {
                Ok(stream) => {
                    let origin = origin_of(&stream);
                    shell.connect(stream, origin);
                }
                Err(error) => shell.failed(&error).await,
            },
        }
    }
    // Nothing can connect from here on, also while connections end.
    drop((tcp, socket));
    shell.tasks.close();
    if tokio::time::timeout(GRACE, shell.tasks.wait()).await.is_err() {
        shell.ended.cancel();
        ended_within(LAST, "serving connections", shell.tasks.wait()).await;
    }
    Ok(())
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(SILENCE).max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .max_header_list_size(16 * 1024);
    builder
}

async fn accept_local(listener: Option<&UnixListener>) -> std::io::Result<UnixStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// Whether this user, or root, has opened the socket.
fn origin_of(stream: &UnixStream) -> Origin {
    let own = nix::unistd::geteuid().as_raw();
    let ours = stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0);
    if ours { Origin::Own } else { Origin::Other }
}

/// A stream that can be refused without waiting for its client.
trait Refuse {
    fn refuse(&self);
}

impl Refuse for TcpStream {
    fn refuse(&self) {
        // A client that is gone hears nothing.
        let _gone = self.try_write(FULL);
    }
}

impl Refuse for UnixStream {
    fn refuse(&self) {
        // A client that is gone hears nothing.
        let _gone = self.try_write(FULL);
    }
}

impl Shell {
    fn connect(self: &Arc<Self>, stream: impl AsyncRead + AsyncWrite + Refuse + Unpin + Send + 'static, from: Origin) {
        let Some((slot, routes)) = self.slot(from) else { return stream.refuse() };
        let shell = Arc::clone(self);
        let kept_open = self.kept_open(slot);
        self.spawn(async move { shell.converse(stream, (from, false), (kept_open, routes)).await });
    }

    /// The same after a handshake. A connection that is refused hears nothing: an answer would take a handshake.
    fn connect_by_tls(self: &Arc<Self>, stream: TcpStream, from: Origin, tls: Tls) {
        let Some((slot, routes)) = self.slot(from) else { return };
        let shell = Arc::clone(self);
        self.spawn(async move {
            let shaken = tokio::select! {
                shaken = tls.handshake(stream) => shaken,
                () = slot.connection.evicted.notified() => None,
                () = shell.ending.cancelled() => None,
            };
            if let Some(stream) = shaken {
                let kept_open = shell.kept_open(slot);
                shell.converse(stream, (from, true), (kept_open, routes)).await;
            }
        });
    }

    /// A place for a connection from there, if there is one, and what is answered on it.
    fn slot(&self, from: Origin) -> Option<(ConnectionSlot, Routes)> {
        let proxy = matches!(from, Origin::Network(address) if self.trusted.iter().any(|one| one.contains(address)));
        let share = if proxy { None } else { from.share() };
        if let Some(slot) = self.connections.slot(share) {
            return Some((slot, self.routes.clone()));
        }
        if let Some(more) = REFUSED.pass() {
            let message = "all connections are at work; one more is answered about the health of the process only";
            tracing::warn!(not_logged = more, "{message} (server.connections)");
        }
        self.spare.slot(share).map(|slot| (slot, self.at_once.clone()))
    }

    fn kept_open(&self, slot: ConnectionSlot) -> KeptOpen {
        KeptOpen::new(slot, self.ending.clone(), self.tasks.clone())
    }

    fn spawn(&self, serving: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            if let Err(panic) = panics::caught(serving).await {
                tracing::error!(panic, "serving a connection panicked: this is a fault of sei");
            }
        });
    }

    /// Serves a connection until it ends, is silent for too long, or must make room for another.
    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        (from, by_tls): (Origin, bool),
        (kept_open, routes): (KeptOpen, Routes),
    ) {
        let connection = Arc::clone(kept_open.connection());
        let requests = Requests { routes, origin: from, by_tls, trusted: Arc::clone(&self.trusted), kept_open };
        let service = service_fn(move |request: Request<Incoming>| requests.answer(request));
        let mut serving = pin!(self.builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
        let mut silence = pin!(tokio::time::sleep(SILENCE));
        let mut asked_to_end = false;
        loop {
            tokio::select! {
                // How it ended, its client knows best.
                _ended = &mut serving => return,
                () = connection.evicted.notified() => return,
                () = self.ended.cancelled() => return,
                () = self.ending.cancelled(), if !asked_to_end => {
                    asked_to_end = true;
                    serving.as_mut().graceful_shutdown();
                }
                () = &mut silence => {
                    let now = Instant::now();
                    let since = connection.waiting_since().unwrap_or(now);
                    let longest_silence = if connection.has_open_request() { SILENCE + self.last_wait } else { SILENCE };
                    if now < since + SILENCE {
                        silence.as_mut().reset(since + SILENCE);
                        continue;
                    }
                    // what is half there may still be finished, or be answered that it was not
                    if !asked_to_end {
                        asked_to_end = true;
                        serving.as_mut().graceful_shutdown();
                    }
                    if now < since + longest_silence {
                        silence.as_mut().reset(since + longest_silence);
                    } else {
                        // HTTP/2 announces the end
                        let _ended = tokio::time::timeout(Duration::ZERO, serving).await;
                        return;
                    }
                }
            }
        }
    }

    /// A connection could not be accepted: its client is gone, or the system has no descriptor left.
    async fn failed(&self, error: &std::io::Error) {
        if matches!(error.kind(), std::io::ErrorKind::ConnectionAborted | std::io::ErrorKind::ConnectionReset) {
            return;
        }
        let made_room = self.connections.make_room() || self.spare.make_room();
        if let Some(more) = FAILED.pass() {
            tracing::warn!(not_logged = more, made_room, "a connection can't be accepted: {error}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests;
