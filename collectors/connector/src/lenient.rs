//! Reads the payload of an event so that an invalid part costs only that part. What can't be read is set to null; where
//! null is not accepted either, it is left out, then the object that needs it, and so on outwards. The subject of an
//! event is never skipped: without it the event is rejected with the first problem found.
//!
//! The caller of the normalizer gets the path of each skipped part ([`naming`]).

use std::cell::RefCell;
use std::ops::Deref;

use kernel::{IgnoreReason, NotStored, RejectReason, Rejection};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::json;

/// The most attempts to read one payload: up to three for each odd part.
const MAX_ATTEMPTS: usize = 300;
/// A large payload is read fewer times, so that all attempts together read no more than this.
const MAX_BYTES: usize = 64 << 20;
/// Of a larger payload no odd part is skipped: as a document in memory it takes many times its size.
const LARGEST: usize = 4 << 20;

/// A part of an event that could not be read and was skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SkippedPart {
    /// Such as `commits[3].timestamp`.
    pub path: String,
    /// What is wrong there, and what was expected.
    pub problem: String,
}

thread_local! {
    /// What was skipped on this thread, while it is asked for.
    static NAMED: RefCell<Option<Vec<SkippedPart>>> = const { RefCell::new(None) };
}

/// Does some work, and names what was skipped in it.
pub fn naming<R>(work: impl FnOnce() -> R) -> (R, Vec<SkippedPart>) {
    /// Also ends the naming where the work panics.
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            NAMED.set(None);
        }
    }
    NAMED.set(Some(Vec::new()));
    let _end = End;
    let result = work();
    (result, NAMED.take().unwrap_or_default())
}

/// Names a part that a connector skipped itself.
pub fn skip_part(path: String, problem: String) {
    name(std::iter::once(SkippedPart { path, problem }));
}

/// What a part of an event states. One that is rejected is named and skipped, one that is ignored is only skipped.
#[must_use]
pub fn part<T>(path: String, result: Result<T, NotStored>) -> Option<T> {
    match result {
        Ok(part) => Some(part),
        Err(NotStored::Ignored(_)) => None,
        Err(NotStored::Rejected(rejection)) => {
            skip_part(path, rejection.detail);
            None
        }
    }
}

/// Why a word that decides what an event says is not understood: an empty one is missing, another is new to us.
#[must_use]
pub fn not_understood(path: &str, word: &str) -> NotStored {
    match word {
        "" => Rejection::new(RejectReason::Schema, format!("{path}: missing, null or empty, expected a word")).into(),
        _ => NotStored::Ignored(IgnoreReason::UnknownValue),
    }
}

fn name(skipped: impl Iterator<Item = SkippedPart>) {
    NAMED.with_borrow_mut(|named| {
        if let Some(named) = named {
            named.extend(skipped);
        }
    });
}

/// Reads a payload, passing by what can't be read.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Rejection> {
    read_keeping(bytes, &[])
}

/// The same, where these parts are never skipped, as they decide what the event states. Each is named by the keys that
/// lead to it, such as `subject.content.environment`.
pub fn read_keeping<T: DeserializeOwned>(bytes: &[u8], decisive: &[&str]) -> Result<T, Rejection> {
    let strict = json::read(bytes);
    let Err(Rejection { reason: RejectReason::Schema, .. }) = &strict else { return strict };
    if bytes.len() > LARGEST {
        return strict;
    }
    let Ok(mut payload) = serde_json::from_slice::<Value>(bytes) else { return strict };
    let attempts = (MAX_BYTES / bytes.len().max(1)).min(MAX_ATTEMPTS);
    let mut skipped: Vec<Gap> = Vec::new();
    for _ in 0..attempts {
        let error = match serde_path_to_error::deserialize(&payload) {
            // what was wrong is no part of a document in memory, such as a key that is there twice
            Ok(_) if skipped.is_empty() => return strict,
            Ok(value) => {
                name(skipped.into_iter().map(|gap| gap.part));
                return Ok(value);
            }
            Err(error) => error,
        };
        let Some(place) = place(error.path()) else { return strict };
        let json::JsonProblem { path, problem } = json::problem(&error);
        // what needed a part that is gone now is no further problem
        let known = skipped.iter().position(|gap| gap.causes(&place, &problem));
        let mut gap = known.map_or_else(
            || Gap { place: place.clone(), part: SkippedPart { path, problem } },
            |known| skipped.swap_remove(known),
        );
        let Some(left_out) = leave_out(&mut payload, place, decisive) else {
            return Err(Rejection::new(RejectReason::Schema, json::located(&gap.part.path, &gap.part.problem)));
        };
        gap.place = left_out;
        skipped.push(gap);
    }
    let detail = match skipped.first() {
        Some(Gap { part, .. }) => {
            format!("{}; too many other parts can't be read either", json::located(&part.path, &part.problem))
        }
        None => return strict,
    };
    Err(Rejection::new(RejectReason::Schema, detail))
}

/// What was made less of so far because of one part.
struct Gap {
    place: Vec<Step>,
    part: SkippedPart,
}

impl Gap {
    /// Whether an error at this place is there because of the gap: it is the gap, or misses it.
    fn causes(&self, place: &[Step], problem: &str) -> bool {
        match self.place.split_last() {
            Some((Step::Key(key), outside)) if outside == place => problem.contains(&format!("`{key}`")),
            _ => self.place == place,
        }
    }
}

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Where an error is; `None` where that is no place in the document.
fn place(path: &serde_path_to_error::Path) -> Option<Vec<Step>> {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Makes less of the value at a place, or of what it is in, and says where that was; `None` where nothing can be left
/// out.
fn leave_out(payload: &mut Value, mut place: Vec<Step>, decisive: &[&str]) -> Option<Vec<Step>> {
    loop {
        let keys: Vec<&str> = place.iter().filter_map(Step::key).collect();
        if keys.is_empty() || decisive.contains(&keys.join(".").as_str()) {
            return None;
        }
        let (last, outside) = place.split_last()?;
        match (find(payload, outside)?, last) {
            (Value::Object(fields), Step::Key(key)) => {
                let value = fields.get_mut(key)?;
                if value.is_null() {
                    fields.remove(key);
                } else {
                    *value = Value::Null;
                }
                return Some(place);
            }
            (Value::Array(items), Step::Index(index)) => {
                let item = items.get_mut(*index)?;
                if !item.is_null() {
                    *item = Value::Null;
                    return Some(place);
                }
            }
            _ => return None,
        }
        place.pop();
    }
}

impl Step {
    fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Index(_) => None,
        }
    }
}

fn find<'a>(payload: &'a mut Value, place: &[Step]) -> Option<&'a mut Value> {
    place.iter().try_fold(payload, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    })
}

/// A word out of a list that the source has, read in any letter case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(String);

impl Word {
    /// Returns a text as a word.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.trim().to_ascii_lowercase())
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::of(&std::borrow::Cow::<str>::deserialize(from)?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Outer {
        id: i64,
        title: Option<String>,
        author: Option<Named>,
        run: Option<Named>,
        #[serde(default, deserialize_with = "json::list")]
        rows: Vec<Named>,
        #[serde(default)]
        labels: std::collections::BTreeMap<String, String>,
    }

    #[derive(Debug, Deserialize)]
    struct Named {
        name: String,
    }

    fn outer(payload: &Value) -> (Result<Outer, Rejection>, Vec<String>) {
        let (read, skipped) = naming(|| read_keeping::<Outer>(payload.to_string().as_bytes(), &["run"]));
        (read, skipped.into_iter().map(|one| one.path).collect())
    }

    #[test]
    fn an_odd_part_costs_no_more_than_itself_and_is_named() {
        let (read, skipped) = outer(&json!({
            "id": 1, "title": 7, "author": {"name": null}, "run": {"name": "r"},
            "rows": [{"name": "a"}, {"name": [1]}, null, {}, {"name": "b"}], "labels": {"x": null, "y": "z"},
        }));
        let read = read.unwrap();
        assert_eq!((read.id, read.title.is_none(), read.author.is_none()), (1, true, true));
        assert_eq!(read.run.map(|run| run.name).as_deref(), Some("r"));
        assert_eq!(read.rows.into_iter().map(|row| row.name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(read.labels.into_keys().collect::<Vec<_>>(), ["y"]);
        let mut named = skipped;
        named.sort();
        assert_eq!(named, ["author.name", "labels.x", "rows[1].name", "rows[3]", "title"]);
    }

    #[test]
    fn what_an_event_is_about_is_never_skipped() {
        for (payload, expected_detail) in [
            (json!({"id": null, "title": 7}), "id: invalid type: null, expected i64"),
            (json!({"title": 7}), "missing field `id`"),
            (json!({"id": 1, "title": 7, "run": {"name": null}}), "run.name: invalid type: null, expected a string"),
            (json!({"id": 1, "run": 7}), "run: invalid type: integer `7`, expected an object"),
        ] {
            let rejection = outer(&payload).0.unwrap_err();
            assert_eq!(
                (rejection.reason, rejection.detail.as_str()),
                (RejectReason::Schema, expected_detail),
                "{payload}"
            );
        }
    }

    #[test]
    fn a_payload_of_nothing_but_odd_parts_is_not_read_for_ever() {
        let rows: Vec<Value> = (0..MAX_ATTEMPTS).map(|_| json!({"name": 1})).collect();
        let rejection = outer(&json!({"id": 1, "rows": rows})).0.unwrap_err();
        let expected_detail =
            "rows[0].name: invalid type: integer `1`, expected a string; too many other parts can't be read either";
        assert_eq!(rejection.detail, expected_detail);
    }
}
