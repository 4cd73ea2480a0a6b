//! Serving HTTP, the same in every role: an address that is taken is explained, requests are counted by
//! route, and shutdown lets what is in flight end.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

use crate::labels;

/// How long requests in flight may take once shutdown has begun.
const GRACE: Duration = Duration::from_secs(10);
/// Connections that wait to be accepted. More of them are dropped, and try again after a second: a source that
/// sends its webhooks all at once must not wait so long.
const BACKLOG: u32 = 1024;
/// How long a request's head may take, and how long a connection may stay without one.
const HEAD: Duration = Duration::from_secs(30);

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Somebody else listens there.
    #[error("{0} is in use by another program; name another address with --listen or server.listen (port 0: any)")]
    Busy(SocketAddr),
    /// The system does not let us listen there.
    #[error("can't listen on {0}; name another address with --listen or server.listen")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// Serving ended.
    #[error("the HTTP server ended")]
    Ended(#[source] std::io::Error),
}

/// Listens on an address.
pub fn listen(address: SocketAddr) -> Result<TcpListener, HttpError> {
    let listening = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // What a server that has just ended leaves behind does not keep the next one from listening.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listening().map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => HttpError::Busy(address),
        _ => HttpError::Listen(address, error),
    })
}

/// Serves until the shutdown; then takes no new connection, and lets requests in flight end for 10 s.
/// Handlers can ask for the peer's address (`ConnectInfo<SocketAddr>`).
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> Result<(), HttpError> {
    let router = router.layer(middleware::from_fn(count));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::<SocketAddr>::new();
    let mut server = Server::from_listener(listener).handle(handle.clone());
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    let serving = server.serve(service);
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended.map_err(HttpError::Ended),
        () = shutdown.cancelled() => handle.graceful_shutdown(Some(GRACE)),
    }
    serving.await.map_err(HttpError::Ended)
}

/// Counts a request by the route as it is declared, so that paths as they come can't make labels.
async fn count(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let label = labels::Request { route, status: response.status().as_u16() };
    crate::metrics().http_requests.get_or_create(&label).inc();
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_taken_address_is_explained() {
        let first = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = listen(first.local_addr().unwrap()).unwrap_err();
        assert!(matches!(error, HttpError::Busy(_)), "{error}");
    }

    #[tokio::test]
    async fn connections_that_come_all_at_once_wait_and_are_not_dropped() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        // nobody accepts: one that is dropped is tried again by the system, again and again, and never connects
        let mut waiting = Vec::new();
        for nth in 0..500 {
            let connecting = tokio::time::timeout(Duration::from_secs(30), TcpStream::connect(address));
            waiting.push(connecting.await.unwrap_or_else(|_| panic!("connection {nth} was dropped")).unwrap());
        }
        assert_eq!(waiting.len(), 500);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_becomes_one_is_hung_up_on() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(serve(listener, Router::new(), CancellationToken::new()));
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"POST / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        let start = Instant::now();
        slow.read_to_end(&mut Vec::new()).await.unwrap();
        assert!((HEAD..HEAD * 2).contains(&start.elapsed()), "{:?}", start.elapsed());
        served.abort();
    }

    #[tokio::test]
    async fn shutdown_ends_it() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(serve(listener, Router::new(), shutdown.clone()));
        shutdown.cancel();
        served.await.unwrap().unwrap();
    }
}
