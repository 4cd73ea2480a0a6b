//! One connection's requests: who sends them, when the connection is at work, and when it has none.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tower::Service;

use super::connections::Connection;
use super::peer::{Network, Origin, peer};

/// Hands the requests of one connection to the router.
#[derive(Clone)]
pub(super) struct Requests {
    pub(super) router: Router,
    pub(super) origin: Origin,
    pub(super) trusted: Arc<[Network]>,
    pub(super) connection: Arc<Connection>,
}

impl<B> Service<Request<B>> for Requests
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Answering<<Router as Service<Request<Received<B>>>>::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let peer = peer(self.origin, request.headers(), &self.trusted);
        request.extensions_mut().insert(peer);
        let work = Arc::new(Work::new(&self.connection));
        if request.body().is_end_stream() {
            work.begin();
        }
        let request = request.map(|body| Received { body, work: Arc::clone(&work) });
        Answering { response: self.router.call(request), work }
    }
}

/// The request is not there as a whole.
const COMING: u8 = 0;
/// It is there, and not answered.
const WORKING: u8 = 1;
/// It is answered, or was given up.
const DONE: u8 = 2;

/// A request's part in whether its connection is at work. The request is open until this is dropped.
pub(super) struct Work {
    connection: Arc<Connection>,
    state: AtomicU8,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.connection.request_closed();
    }
}

impl Work {
    fn new(connection: &Arc<Connection>) -> Self {
        connection.request_opened();
        Self { connection: Arc::clone(connection), state: AtomicU8::new(COMING) }
    }

    fn begin(&self) {
        if self.state.compare_exchange(COMING, WORKING, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.connection.request_began();
        }
    }

    fn end(&self) {
        if self.state.swap(DONE, Ordering::Relaxed) == WORKING {
            self.connection.request_ended();
        }
    }
}

/// A request's body, which says when it has come whole.
pub(super) struct Received<B> {
    body: B,
    work: Arc<Work>,
}

impl<B: Body + Unpin> Body for Received<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || (frame.is_ready() && self.body.is_end_stream()) {
            self.work.begin();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The response to a request, while it is made.
pub(super) struct Answering<F> {
    response: F,
    work: Arc<Work>,
}

impl<F> Future for Answering<F>
where
    F: Future<Output = Result<Response<axum::body::Body>, Infallible>> + Unpin,
{
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.response).poll(context).map_ok(|response| {
            self.work.end();
            response.map(|body| Answer { body, _work: Arc::clone(&self.work) })
        })
    }
}

impl<F> Drop for Answering<F> {
    fn drop(&mut self) {
        self.work.end();
    }
}

/// A response's body. Until it is sent, or the client is gone, its request is open.
pub(super) struct Answer {
    body: axum::body::Body,
    _work: Arc<Work>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
