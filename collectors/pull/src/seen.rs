//! Answers that were seen before, by their `ETag`s: asked again on condition, a source that has nothing new
//! says only that, which costs no budget at GitHub and little everywhere. Short answers only, which are
//! those of lists that have nothing new; in memory, as a lost one costs one request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

/// Answers that are kept.
const ANSWERS: usize = 4096;
/// The longest that is kept, in bytes.
const LONGEST: usize = 16 << 10;

/// What was answered to whom.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<String, Kept>>);

#[derive(Clone)]
pub(super) struct Kept {
    pub(super) etag: HeaderValue,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Seen {
    /// What was answered at this address.
    pub(super) fn get(&self, url: &str) -> Option<Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }

    /// Keeps an answer, if it is short and has an `ETag`.
    pub(super) fn keep(&self, url: &str, headers: &HeaderMap, body: &Bytes) {
        let Some(etag) = headers.get(header::ETAG).filter(|_| body.len() <= LONGEST) else { return };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // addresses hold times and are not asked for again for ever
        if kept.len() >= ANSWERS {
            kept.clear();
        }
        let answer = Kept { etag: etag.clone(), headers: headers.clone(), body: body.clone() };
        kept.insert(url.to_owned(), answer);
    }
}
