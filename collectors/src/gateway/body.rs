//! Reads a body within its bounds of size, time, memory and, when it is compressed, of what it inflates to.

use std::io::BufRead;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use futures::StreamExt;
use runtime::panics;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::answer::Answer;
use super::budget::{Budget, Exhausted, HeldBody};

/// How much is inflated at once, in bytes.
const PIECE: usize = 64 * 1024;

/// The media type without its parameters, in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What a body may cost.
pub(super) struct Bounds<'a> {
    /// Bytes, before and after inflation.
    pub(super) limit: usize,
    pub(super) deadline: Instant,
    pub(super) budget: &'a Arc<Budget>,
    /// Places among the requests in flight.
    pub(super) places: &'a Semaphore,
    /// Whose body it is.
    pub(super) source: Option<IpAddr>,
}

/// A whole body, and its place among the requests in flight.
pub(super) struct CompleteBody<'a> {
    pub(super) bytes: Bytes,
    _place: SemaphorePermit<'a>,
}

impl From<Exhausted> for Answer {
    fn from(_: Exhausted) -> Self {
        Self::Busy("the bodies of other requests take all memory that there is for them (events.body_memory)")
    }
}

/// The body, inflated where it is gzip. Only once it is complete it takes a place among the requests in flight;
/// where there is none it is shed.
pub(super) async fn read<'a>(headers: &HeaderMap, body: Body, bounds: &Bounds<'a>) -> Result<CompleteBody<'a>, Answer> {
    let gzip = match headers.get(header::CONTENT_ENCODING).map(axum::http::HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => false,
        Some(b"gzip" | b"x-gzip") => true,
        Some(_) => return Err(Answer::Unsupported("the content encodings that are taken are gzip and identity")),
    };
    let collected = tokio::time::timeout_at(bounds.deadline, collect(headers, body, bounds)).await;
    let bytes = collected.map_err(|_| Answer::Slow)??;
    let place = bounds.places.try_acquire();
    let place = place.map_err(|_| Answer::Busy("more requests are in flight than this server takes"))?;
    if !gzip {
        return Ok(CompleteBody { bytes, _place: place });
    }
    let limit = bounds.limit;
    let held = bounds.budget.body(bounds.source, limit)?;
    held.keep()?;
    let inflated = panics::blocking(move || inflate(&bytes, limit, held)).await;
    let bytes = inflated.ok_or(Answer::INTERRUPTED)??;
    Ok(CompleteBody { bytes, _place: place })
}

async fn collect(headers: &HeaderMap, body: Body, bounds: &Bounds<'_>) -> Result<Bytes, Answer> {
    let limit = bounds.limit;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    within(limit, announced.unwrap_or_default())?;
    let mut chunks = body.into_data_stream();
    let mut next = async || chunks.next().await.transpose().map_err(|_| Answer::Bad("the body broke off"));
    let first = next().await?.unwrap_or_default();
    // Most bodies come in one piece, which need not be copied.
    if announced == Some(first.len()) {
        return Ok(first);
    }
    let held = bounds.budget.body(bounds.source, announced.unwrap_or(limit))?;
    let all = async {
        let (mut length, mut chunk) = (0, Some(first));
        while let Some(piece) = chunk {
            length += piece.len();
            within(limit, length)?;
            held.extend(&piece)?;
            chunk = next().await?;
        }
        Ok::<(), Answer>(())
    };
    tokio::select! {
        all = all => all?,
        () = held.given_up() => return Err(Exhausted.into()),
    }
    Ok(held.complete()?)
}

fn within(limit: usize, length: usize) -> Result<(), Answer> {
    if length > limit { Err(Answer::TooLarge(limit)) } else { Ok(()) }
}

fn inflate(bytes: &[u8], limit: usize, held: HeldBody) -> Result<Bytes, Answer> {
    let broken = |_| Answer::Bad("the body is no gzip, or is cut off");
    let mut length = 0;
    let mut pieces = std::io::BufReader::with_capacity(PIECE, MultiGzDecoder::new(bytes));
    loop {
        let piece = pieces.fill_buf().map_err(broken)?;
        if piece.is_empty() {
            return Ok(held.complete()?);
        }
        length += piece.len();
        within(limit, length)?;
        held.extend(piece)?;
        let consumed = piece.len();
        pieces.consume(consumed);
    }
}
