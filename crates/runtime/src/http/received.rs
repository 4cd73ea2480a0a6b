//! A request while it comes in and is answered: when its connection is at work, and when the request is open.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;

use super::body::{Body, BodyError};
use super::connections::Connection;

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
    pub(super) fn new(connection: &Arc<Connection>) -> Self {
        connection.request_opened();
        Self { connection: Arc::clone(connection), state: AtomicU8::new(COMING) }
    }

    pub(super) fn begin(&self) {
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

/// The answering of a request, which ends when this is dropped.
pub(super) struct Answering(pub(super) Arc<Work>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A request's body, which says when it has come whole.
pub(crate) struct Received {
    pub(super) body: Incoming,
    pub(super) work: Arc<Work>,
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
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

/// An answer's body. Until it is sent, or the client is gone, its request is open.
pub(super) struct Answer {
    pub(super) body: Body,
    pub(super) _work: Arc<Work>,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
