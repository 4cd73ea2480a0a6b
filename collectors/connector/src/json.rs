//! Reading JSON from outside: states where it is wrong and what was expected there, shows
//! nothing of the payload itself, and is bounded in size and depth (`serde_json`'s own limit of 128).

use kernel::{RejectReason, Rejection, is_plain_json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

/// The largest payload that a normalizer reads: GitHub's own limit is 25 MiB.
const MAX_BYTES: usize = 32 << 20;

/// The longest sentence that a rejection carries, in bytes.
const MAX_DETAIL: usize = 300;

/// What is wrong with a document that is not read at all.
pub const NOT_PLAIN: &str = "a key begins with `$serde_json::private::`; expected another name";

/// The text of a document that can be read, or what is wrong with it. Whether it is JSON, reading it says.
pub fn readable(bytes: &[u8]) -> Result<&str, String> {
    let no_text = |error: std::str::Utf8Error| format!("no UTF-8 at byte {}; expected JSON", error.valid_up_to());
    let text = std::str::from_utf8(bytes).map_err(no_text)?;
    if is_plain_json(text) { Ok(text) } else { Err(NOT_PLAIN.to_owned()) }
}

/// Reads a payload, or says why not.
pub fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Rejection> {
    if bytes.len() > MAX_BYTES {
        let detail = format!("{} bytes; expected {MAX_BYTES} at most", bytes.len());
        return Err(Rejection::new(RejectReason::TooLarge, detail));
    }
    let text = readable(bytes).map_err(|detail| Rejection::new(RejectReason::Malformed, detail))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| reject(&error))?;
    reader.end().map_err(|error| Rejection::new(RejectReason::Malformed, describe(&error)))?;
    Ok(value)
}

/// Reads a part of a JSON document that is already in memory.
pub fn read_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, JsonProblem> {
    read_with(value, |fields| T::deserialize(fields))
}

/// Reads a part of a JSON document that is already in memory, by a function that takes it.
pub fn read_with<T>(
    value: serde_json::Value,
    read: impl FnOnce(Tracked<'_, '_>) -> Result<T, serde_json::Error>,
) -> Result<T, JsonProblem> {
    let mut track = serde_path_to_error::Track::new();
    read(Tracked::new(value, &mut track))
        .map_err(|error| problem(&serde_path_to_error::Error::new(track.path(), error)))
}

/// A value that is read and remembers where it is.
pub type Tracked<'a, 'b> = serde_path_to_error::Deserializer<'a, 'b, serde_json::Value>;

/// A list that can be `null`, and so can its entries: what a source has nothing to say of.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<Option<T>>>::deserialize(from)?.into_iter().flatten().flatten().collect())
}

/// The same, where no list is not an empty one.
pub fn some_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Vec<T>>, D::Error> {
    Ok(Option::<Vec<Option<T>>>::deserialize(from)?.map(|list| list.into_iter().flatten().collect()))
}

/// A value that can be `null`, which is the default.
pub fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Where a value is wrong, and what was expected there.
pub struct JsonProblem {
    /// Such as `commits[3].timestamp`; `.` is the whole.
    pub path: String,
    /// Such as ``missing field `timestamp` ``.
    pub problem: String,
}

impl std::fmt::Display for JsonProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&located(&self.path, &self.problem))
    }
}

/// A problem after its path, if it is not that of the whole.
pub(crate) fn located(path: &str, problem: &str) -> String {
    if path == "." { problem.to_owned() } else { format!("{path}: {problem}") }
}

/// Where an error is, and what it says.
pub(crate) fn problem(error: &serde_path_to_error::Error<serde_json::Error>) -> JsonProblem {
    JsonProblem { path: path_of(error), problem: describe(error.inner()) }
}

fn reject(error: &serde_path_to_error::Error<serde_json::Error>) -> Rejection {
    let reason = if error.inner().is_data() { RejectReason::Schema } else { RejectReason::Malformed };
    Rejection::new(reason, problem(error).to_string())
}

fn path_of(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    cut(error.path().to_string())
}

/// What an error says, without the text that was found: that can be personal data or a secret.
#[must_use]
pub fn describe(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => return "not a JSON object: it ends in the middle".to_owned(),
        Category::Syntax => {
            let line = if error.line() > 1 { format!("line {}, ", error.line()) } else { String::new() };
            return format!("not a JSON object: unexpected text at {line}column {}", error.column());
        }
        Category::Data | Category::Io => {}
    }
    let message = error.to_string();
    let hidden = match message.split_once(" string \"") {
        Some((before, rest)) => match rest.rsplit_once("\", expected") {
            Some((_, after)) => format!("{before} a string, expected{after}"),
            None => format!("{before} a string"),
        },
        None => message,
    };
    cut(without_our_types(&hidden))
}

/// `expected struct Project with 3 elements` in the words of JSON: names of our types help no one who sent it.
fn without_our_types(text: &str) -> String {
    let Some((before, name)) = text.split_once("expected struct ") else { return text.to_owned() };
    let after = name.find(" at line ").and_then(|at| name.get(at..)).unwrap_or_default();
    format!("{before}expected an object{after}")
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_DETAIL {
        text.truncate(text.floor_char_boundary(MAX_DETAIL));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "read, to see what reading says")]
        inner: Vec<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "read, to see what reading says")]
        number: i64,
    }

    fn reason_and_detail(bytes: &[u8]) -> (RejectReason, String) {
        let rejection = read::<Outer>(bytes).unwrap_err();
        (rejection.reason, rejection.detail)
    }

    #[test]
    fn a_reject_names_the_place_and_what_was_expected_but_not_what_was_found() {
        let (reason, detail) = reason_and_detail(br#"{"inner":[{"number":1},{"number":"s3cret, \", expected"}]}"#);
        assert_eq!(reason, RejectReason::Schema);
        assert!(detail.starts_with("inner[1].number: invalid type: a string, expected i64"), "{detail}");
        let (reason, detail) = reason_and_detail(br#"{"inner":[{}]}"#);
        assert_eq!(reason, RejectReason::Schema);
        assert!(detail.starts_with("inner[0]: missing field `number`"), "{detail}");
    }

    #[test]
    fn a_document_that_nests_in_its_texts_is_malformed() {
        let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let mut document = nested.clone();
        for _ in 0..100 {
            let text = document.replace('\\', r"\u005c").replace('"', r"\u0022");
            document = nested.replace("[]", &format!(r#"[{{"$serde_json::private::RawValue":"{text}"}}]"#));
        }
        // 10,000 levels in less than what a webhook may have
        assert!(document.len() < 1 << 18, "{}", document.len());
        assert_eq!(read::<serde_json::Value>(document.as_bytes()).unwrap_err().detail, NOT_PLAIN);
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
        let deep_inside = [br#"{"inner":"#.as_slice(), &deep].concat();
        for bytes in
            [b"".as_slice(), b"{", br#"{"inner":[]"#, br#"{"inner":[]} x"#, b"{\"inner\":\"\xff\"}", &deep_inside]
        {
            let (reason, detail) = reason_and_detail(bytes);
            let schema = reason == RejectReason::Schema && bytes.len() > 100;
            assert!(reason == RejectReason::Malformed || schema, "{reason:?} {detail}");
        }
        assert_eq!(reason_and_detail(&vec![b' '; MAX_BYTES + 1]).0, RejectReason::TooLarge);
    }
}
