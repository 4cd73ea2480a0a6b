//! Serving HTTP, the same in every role: an address that is taken is explained, requests are counted by
//! route, and shutdown lets what is in flight end.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::labels;

/// How long requests in flight may take once shutdown has begun.
const GRACE: Duration = Duration::from_secs(10);

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
pub async fn listen(address: SocketAddr) -> Result<TcpListener, HttpError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => HttpError::Busy(address),
        _ => HttpError::Listen(address, error),
    })
}

/// Serves until the shutdown; then takes no new connection, and lets requests in flight end for 10 s.
/// Handlers can ask for the peer's address (`ConnectInfo<SocketAddr>`).
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> Result<(), HttpError> {
    let router = router.layer(middleware::from_fn(count));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let graceful = shutdown.clone().cancelled_owned();
    let served = axum::serve(listener, service).with_graceful_shutdown(graceful).into_future();
    let too_late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = served => served.map_err(HttpError::Ended),
        () = too_late => Ok(()),
    }
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
    use super::*;

    #[tokio::test]
    async fn a_taken_address_is_explained() {
        let first = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let error = listen(first.local_addr().unwrap()).await.unwrap_err();
        assert!(matches!(error, HttpError::Busy(_)), "{error}");
    }

    #[tokio::test]
    async fn shutdown_ends_it() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(serve(listener, Router::new(), shutdown.clone()));
        shutdown.cancel();
        served.await.unwrap().unwrap();
    }
}
