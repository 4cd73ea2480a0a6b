//! A request while it comes in and is answered: when its connection is at work, and when the request is open.
//!
//! An answer without an end, which a handler marks as [`Endless`], keeps its connection open for as long as its client
//! takes what is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
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
    is_stream: AtomicBool,
}

/// Says of an answer, among its extensions, that it has no end. Its handler sends something at least every 20 s.
#[derive(Clone, Copy, Debug)]
pub struct Endless;

impl Drop for Work {
    fn drop(&mut self) {
        if self.is_stream() {
            self.connection.stream_ended();
        }
        self.connection.request_closed();
    }
}

impl Work {
    pub(super) fn new(connection: &Arc<Connection>) -> Self {
        connection.request_opened();
        Self { connection: Arc::clone(connection), state: AtomicU8::new(COMING), is_stream: AtomicBool::new(false) }
    }

    /// The answer has no end.
    pub(super) fn streams(&self) {
        if !self.is_stream.swap(true, Ordering::Relaxed) {
            self.connection.stream_began();
        }
    }

    fn is_stream(&self) -> bool {
        self.is_stream.load(Ordering::Relaxed)
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
    pub(super) work: Arc<Work>,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        // what is polled for has been handed over, but for a bounded buffer
        if frame.is_ready() && self.work.is_stream() {
            self.work.connection.stream_moved();
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
