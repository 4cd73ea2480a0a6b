//! Automatic persisted queries: a client sends the SHA-256 of a query in place of its text, and the text once, when the
//! hash is not known (any more).
//!
//! A text is kept only once it was read within the limits of [`super::cost`], and is read again each time: a hash costs
//! what its text does. What is kept takes a bounded amount of memory, of all tenants together: texts hold no data.

use std::sync::Arc;

use async_graphql::{Request, Value};
use runtime::kept::{Kept, Limits};
use sha2::{Digest, Sha256};

/// Bytes of texts, with what keeping them takes.
const BYTES: usize = 4 << 20;
/// Texts.
const TEXTS: usize = 10_000;
/// What keeping a text takes beside its bytes, about.
const ENTRY: usize = 200;

/// The texts by their hashes. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Persisted(Arc<Kept<[u8; 32], Arc<str>>>);

/// Why a request of a hash is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// Clients know this text: they send the query with its hash then.
    #[error("PersistedQueryNotFound")]
    NotFound,
    /// The hash is of another text.
    #[error("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of the query; expected that of its UTF-8 text")]
    Mismatch,
    /// It is not what clients send.
    #[error(
        "`extensions.persistedQuery` can't be used; expected {{\"version\": 1, \"sha256Hash\": 64 hexadecimal digits}}"
    )]
    Malformed,
}

impl Refused {
    /// The code that clients look for.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::NotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::Mismatch | Self::Malformed => "PERSISTED_QUERY_INVALID",
        }
    }
}

/// A hash whose text can be kept once it was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hash([u8; 32]);

impl Persisted {
    /// None, yet.
    pub(super) fn new() -> Self {
        Self(Arc::new(Kept::new(Limits { size: BYTES, places: TEXTS, size_of_place: |_| ENTRY })))
    }

    /// Puts the text that a request has the hash of into the request. Returns the hash of a request that has both.
    pub(super) fn resolve(&self, request: &mut Request) -> Result<Option<Hash>, Refused> {
        let Some(stated) = request.extensions.remove("persistedQuery") else { return Ok(None) };
        let hash = hash_of(&stated).ok_or(Refused::Malformed)?;
        if request.query.is_empty() {
            let text = self.0.value(&hash).ok_or(Refused::NotFound)?;
            request.query = text.to_string();
            return Ok(None);
        }
        let found: [u8; 32] = Sha256::digest(request.query.as_bytes()).into();
        if found == hash { Ok(Some(Hash(hash))) } else { Err(Refused::Mismatch) }
    }

    /// Keeps the text of a hash.
    pub(super) fn keep(&self, Hash(hash): Hash, text: &str) {
        self.0.put(&hash, text.into(), text.len());
    }
}

/// The hash in the extension of a request.
fn hash_of(stated: &Value) -> Option<[u8; 32]> {
    let Value::Object(stated) = stated else { return None };
    if stated.get("version") != Some(&Value::from(1)) {
        return None;
    }
    let Some(Value::String(digits)) = stated.get("sha256Hash") else { return None };
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let mut hash = [0; 32];
    for (number, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * number..2 * number + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "{ tenant { name } }";

    fn hash(text: &str) -> String {
        hex::encode(Sha256::digest(text.as_bytes()))
    }

    fn request(query: &str, extension: &serde_json::Value) -> Request {
        serde_json::from_value(json!({ "query": query, "extensions": { "persistedQuery": extension } })).unwrap()
    }

    #[test]
    fn a_hash_stands_for_its_text_once_that_was_sent_and_read() {
        let (persisted, extension) = (Persisted::new(), json!({ "version": 1, "sha256Hash": hash(TEXT) }));
        let only_hash = || request("", &extension);
        assert_eq!(persisted.resolve(&mut only_hash()), Err(Refused::NotFound));
        let known = persisted.resolve(&mut request(TEXT, &extension)).unwrap().unwrap();
        assert_eq!(persisted.resolve(&mut only_hash()), Err(Refused::NotFound), "it was not read yet");
        persisted.keep(known, TEXT);
        let mut request = only_hash();
        assert_eq!(persisted.resolve(&mut request), Ok(None));
        assert_eq!(request.query, TEXT);
    }

    #[test]
    fn a_hash_of_another_text_and_what_is_no_hash_are_refused() {
        let persisted = Persisted::new();
        let of_other = json!({ "version": 1, "sha256Hash": hash("{ other }") });
        assert_eq!(persisted.resolve(&mut request(TEXT, &of_other)), Err(Refused::Mismatch));
        for malformed in [
            json!({ "version": 2, "sha256Hash": hash(TEXT) }),
            json!({ "version": 1, "sha256Hash": "abc" }),
            json!({ "version": 1, "sha256Hash": "é".repeat(32) }),
            json!({ "version": 1, "sha256Hash": "z".repeat(64) }),
            json!({ "version": 1 }),
            json!("hash"),
        ] {
            assert_eq!(persisted.resolve(&mut request(TEXT, &malformed)), Err(Refused::Malformed));
        }
        assert_eq!(persisted.resolve(&mut Request::new(TEXT)), Ok(None));
    }
}
