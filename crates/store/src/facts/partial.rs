//! Completes facts that state only a part of a thing with what the other events of that thing stated, in any order of
//! arrival. Promises that a completed fact is a better version than each one before it, so that the tables of facts
//! need no rule of their own.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use kernel::{Fact, Partial, Version};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use xxhash_rust::xxh3::xxh3_64;

use super::row::{Row, StorableFact, unstorable};
use crate::StoreError;

/// Fields in which the newest event is right even when it leaves them out: an incident that is detected again is open.
const OF_THE_NEWEST: [&str; 4] = ["resolved_at", "merged_at", "closed_at", "deleted"];

/// Times of which the earliest that any event stated stays.
const EARLIEST: [&str; 3] = ["detected_at", "acknowledged_at", "opened_at"];

/// Bits of a digest that the hash of a completed fact has; those above count the events that it was made from.
const HASH_BITS: u32 = 48;

/// Fields that follow from how a thing ended, and so from the greatest version. All others are as the newest event that
/// has them states them.
const OF_THE_END: [&str; 2] = ["state", "version"];

/// Events of one thing that are known again, so that a row stays small. Of more it is only known that there are more.
const MAX_EVENTS: usize = 256;

/// The digest of what was completed from more events than are known again: their number does not show which of two
/// completed facts is the later one, so the one that is written later replaces the other. It is the later one, as both
/// were made while the row of the thing's parts was locked.
pub(super) const OF_MANY: i64 = i64::MAX;

/// What the events of one thing stated of it. It follows from the set of these events alone.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stated {
    /// The digests of these events; none where they are many.
    events: BTreeSet<i64>,
    /// Whether there are more than are known again.
    #[serde(default)]
    many: bool,
    fields: BTreeMap<String, Field>,
}

/// A field, as one event stated it.
#[derive(Debug, Serialize, Deserialize)]
struct Field {
    version: Version,
    /// When its event happened.
    at: DateTime<Utc>,
    digest: i64,
    value: Value,
}

/// Kind and id of a thing, in the order of locks.
type Key = (String, String);

/// Replaces partial facts by facts that hold all that was stated of their things so far, one a thing.
pub(super) async fn complete(
    connection: &mut PgConnection,
    facts: &mut Vec<StorableFact<'_>>,
) -> Result<(), StoreError> {
    let mut parts: BTreeMap<Key, Vec<(Partial, i64)>> = BTreeMap::new();
    for storable in facts.iter() {
        if let Fact::Partial(partial) = storable.fact.as_ref() {
            let record = partial.of.record();
            let key = (record.kind().name.to_owned(), Row::new(storable).id().to_owned());
            parts.entry(key).or_default().push((partial.clone(), storable.digest));
        }
    }
    if parts.is_empty() {
        return Ok(());
    }
    facts.retain(|storable| !matches!(storable.fact.as_ref(), Fact::Partial(_)));
    let (kinds, ids): (Vec<String>, Vec<String>) = parts.keys().cloned().unzip();
    // also locks them, so that two writers never complete one thing at once
    let known = sqlx::query!(
        r#"insert into partial_fact as t (kind, id, stated)
           select kind, id, '{"events": [], "fields": {}}' from unnest($1::text[], $2::text[]) as n (kind, id)
           on conflict (kind, id) do update set stated = t.stated
           returning kind, id, stated"#,
        &kinds,
        &ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    let (mut kinds, mut ids, mut stated) = (Vec::new(), Vec::new(), Vec::new());
    for row in known {
        let mut whole: Stated = serde_json::from_value(row.stated).map_err(unstorable)?;
        let key = (row.kind, row.id);
        let mut says_more = !whole.many;
        for (part, digest) in parts.remove(&key).into_iter().flatten() {
            says_more |= whole.add(&part, digest)?;
        }
        // what many events stated, and these state again, is in its row
        if says_more {
            facts.push(whole.fact()?);
        }
        kinds.push(key.0);
        ids.push(key.1);
        stated.push(serde_json::to_value(&whole).map_err(unstorable)?);
    }
    sqlx::query!(
        "update partial_fact as t set stated = n.stated
         from unnest($1::text[], $2::text[], $3::jsonb[]) as n (kind, id, stated)
         where t.kind = n.kind and t.id = n.id",
        &kinds,
        &ids,
        &stated,
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Stated {
    /// Adds what an event states. Returns whether a field has a new statement.
    fn add(&mut self, Partial { of, at }: &Partial, digest: i64) -> Result<bool, StoreError> {
        let Value::Object(mut fields) = serde_json::to_value(of).map_err(unstorable)? else { return Ok(false) };
        let version = fields.get("version").cloned().unwrap_or_default();
        let version: Version = serde_json::from_value(version).map_err(unstorable)?;
        for name in OF_THE_NEWEST {
            fields.entry(name).or_insert(Value::Null);
        }
        let mut is_news = false;
        for (name, value) in fields {
            if !OF_THE_NEWEST.contains(&name.as_str()) && states_nothing(&value) {
                continue;
            }
            let new = Field { version, at: *at, digest, value };
            if self.fields.get(&name).is_none_or(|known| new.replaces(known, &name)) {
                self.fields.insert(name, new);
                is_news = true;
            }
        }
        if !self.many {
            self.events.insert(digest);
            self.many = self.events.len() > MAX_EVENTS;
        }
        if self.many {
            self.events.clear();
        }
        Ok(is_news)
    }

    /// The fact of all that was stated. Its digest grows with each further event, up to that of many.
    fn fact(&self) -> Result<StorableFact<'static>, StoreError> {
        let fields = self.fields.iter().filter(|(_, field)| !field.value.is_null());
        let value: Value = fields.map(|(name, field)| (name.clone(), field.value.clone())).collect();
        let hash = xxh3_64(value.to_string().as_bytes()).cast_signed() & ((1 << HASH_BITS) - 1);
        let events = i64::try_from(self.events.len()).unwrap_or_default();
        let fact = serde_json::from_value(value).map_err(unstorable)?;
        let digest = if self.many { OF_MANY } else { (events << HASH_BITS) | hash };
        Ok(StorableFact { fact: Cow::Owned(fact), digest })
    }
}

impl Field {
    /// Whether this is what counts beside what is known, whichever came first.
    fn replaces(&self, known: &Self, name: &str) -> bool {
        let instant = |field: &Self| field.value.as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        match (instant(self), instant(known)) {
            // of events that state the same time the first in an order of their own, so that it is the same one always
            (Some(new), Some(earliest)) if EARLIEST.contains(&name) => {
                (new, self.at, self.version, self.digest) < (earliest, known.at, known.version, known.digest)
            }
            _ if OF_THE_NEWEST.contains(&name) || OF_THE_END.contains(&name) => {
                (self.version, self.at, self.digest) > (known.version, known.at, known.digest)
            }
            _ => (self.at, self.version, self.digest) > (known.at, known.version, known.digest),
        }
    }
}

/// Whether a field has the value that it has in facts that leave it out.
fn states_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::Object(_) => false,
    }
}
