//! Reads a body within its bounds of size, time and, when it is compressed, of what it inflates to.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use flate2::bufread::MultiGzDecoder;
use futures::StreamExt;
use tokio::time::Instant;

use super::answer::Answer;

/// The media type without its parameters, in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The body, inflated where it is gzip. At most `limit` bytes, before and after.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize, deadline: Instant) -> Result<Bytes, Answer> {
    let gzip = match headers.get(header::CONTENT_ENCODING).map(axum::http::HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => false,
        Some(b"gzip" | b"x-gzip") => true,
        Some(_) => return Err(Answer::Unsupported("the content encodings that are taken are gzip and identity")),
    };
    let bytes = tokio::time::timeout_at(deadline, collect(headers, body, limit)).await.map_err(|_| Answer::Slow)??;
    if gzip {
        let inflated = tokio::task::spawn_blocking(move || inflate(&bytes, limit)).await;
        return inflated.unwrap_or(Err(Answer::Bad("the body is no gzip")));
    }
    Ok(bytes)
}

async fn collect(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Answer> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    within(limit, announced.unwrap_or_default())?;
    let mut chunks = body.into_data_stream();
    let mut next = async || chunks.next().await.transpose().map_err(|_| Answer::Bad("the body broke off"));
    let first = next().await?.unwrap_or_default();
    within(limit, first.len())?;
    // Most bodies come in one piece, which need not be copied.
    let Some(second) = next().await? else { return Ok(first) };
    let mut whole = BytesMut::with_capacity(announced.unwrap_or_default().min(1 << 20));
    whole.extend_from_slice(&first);
    let mut further = Some(second);
    while let Some(chunk) = further {
        within(limit, whole.len() + chunk.len())?;
        whole.extend_from_slice(&chunk);
        further = next().await?;
    }
    Ok(whole.freeze())
}

fn within(limit: usize, length: usize) -> Result<(), Answer> {
    if length > limit { Err(Answer::TooLarge(limit)) } else { Ok(()) }
}

fn inflate(bytes: &[u8], limit: usize) -> Result<Bytes, Answer> {
    let mut whole = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = MultiGzDecoder::new(bytes).take(bound).read_to_end(&mut whole);
    read.map_err(|_| Answer::Bad("the body is no gzip, or is cut off"))?;
    within(limit, whole.len())?;
    Ok(whole.into())
}
