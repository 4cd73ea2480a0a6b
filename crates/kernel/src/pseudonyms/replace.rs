//! Replaces identifiers by pseudonyms, in texts, payloads, facts and rows.

use bytes::Bytes;
use serde_json::Value;

use super::known::Known;
use super::tombstone::{PseudonymKey, Tombstone};
use super::{branch, payload, scan};
use crate::catalog::Declared;
use crate::{Account, Envelope, Fact, Person};

/// Finds identifiers, and replaces them by their pseudonyms.
#[derive(Clone)]
pub struct Pseudonyms(Known);

impl Pseudonyms {
    /// Those of these tombstones.
    #[must_use]
    pub fn new(key: &PseudonymKey, tombstones: impl IntoIterator<Item = Tombstone>) -> Self {
        Self(Known::new(key, tombstones))
    }

    /// Whether nothing is replaced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an account or an address was erased.
    #[must_use]
    pub fn is_erased(&self, text: &str) -> bool {
        self.0.is_erased(text)
    }

    /// A text with the identifiers in it replaced; `None` if it has none.
    #[must_use]
    pub fn in_text(&self, text: &str) -> Option<String> {
        if self.is_empty() { None } else { scan::replaced(&self.0, text) }
    }

    /// The payload of an event, byte for byte but for the identifiers in it; `None` if it has none. `about` are other
    /// texts of the event, which say what host it is of.
    pub(super) fn in_payload(&self, data: &[u8], about: &[&str]) -> Option<Vec<u8>> {
        if self.is_empty() { None } else { payload::replaced(&self.0, data, about) }
    }

    /// The event with the identifiers in it replaced, its payload byte for byte but for them; `None` if it has none.
    #[must_use]
    pub fn in_envelope(&self, event: &Envelope) -> Option<Envelope> {
        let data = self.in_payload(&event.data, &[&event.key, event.subject.as_deref().unwrap_or_default()]);
        let (id, key) = (self.in_text(&event.id), self.in_text(&event.key));
        let subject = event.subject.as_deref().and_then(|subject| self.in_text(subject));
        if data.is_none() && id.is_none() && key.is_none() && subject.is_none() {
            return None;
        }
        Some(Envelope {
            id: id.unwrap_or_else(|| event.id.clone()),
            key: key.unwrap_or_else(|| event.key.clone()),
            subject: subject.or_else(|| event.subject.clone()),
            data: data.map_or_else(|| event.data.clone(), Bytes::from),
            ..event.clone()
        })
    }

    /// Replaces the identifiers in all texts of a value. Returns whether there were any.
    pub fn in_json(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => self.in_text(text).map(|replaced| *text = replaced).is_some(),
            Value::Array(values) => values.iter_mut().fold(false, |any, value| self.in_json(value) | any),
            Value::Object(fields) => {
                let mut any = false;
                for (name, value) in fields.iter_mut() {
                    any |= self.in_branch(name, value) | self.in_json(value);
                }
                let named: Vec<_> = fields.keys().filter_map(|key| Some((key.clone(), self.in_text(key)?))).collect();
                for (key, replaced) in named {
                    any = true;
                    if let Some(value) = fields.remove(&key) {
                        fields.insert(replaced, value);
                    }
                }
                any
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// Replaces the login that a branch is called after. Returns whether there was one.
    fn in_branch(&self, field: &str, value: &mut Value) -> bool {
        let Value::String(text) = value else { return false };
        if self.is_empty() || !payload::holds_branch(field) {
            return false;
        }
        branch::replaced(&self.0, text).map(|replaced| *text = replaced).is_some()
    }

    /// The fact with the identifiers in it replaced; `None` if it has none. Its version stays.
    pub fn in_fact(&self, fact: &Fact) -> Result<Option<Fact>, serde_json::Error> {
        if self.is_empty() {
            return Ok(None);
        }
        let mut value = serde_json::to_value(fact)?;
        let replaced = self.in_row(fact.kind(), &mut value);
        replaced.then(|| serde_json::from_value(value)).transpose()
    }

    /// Replaces the identifiers in a row of a table, given as an object. Returns whether there were any.
    pub fn in_row(&self, table: &str, row: &mut Value) -> bool {
        let (is_account, is_person) = (table == Account::NAME, table == Person::NAME);
        let id = row.get("id").cloned();
        let separated = is_person && self.separate(row);
        let mut any = self.in_json(row) | separated;
        if (is_account || is_person)
            && let Some(Value::String(name)) = row.get_mut("name")
            && let Some(pseudonym) = self.0.name(name)
        {
            *name = pseudonym;
            any = true;
        }
        if is_account && row.get("id") != id.as_ref() {
            anonymize(row);
        }
        any
    }

    /// Takes out of a statement about a person the accounts and addresses that were erased.
    fn separate(&self, person: &mut Value) -> bool {
        let mut any = false;
        for field in ["accounts", "emails"] {
            let Some(Value::Array(values)) = person.get_mut(field) else { continue };
            let before = values.len();
            values.retain(|value| !value.as_str().is_some_and(|text| self.0.is_erased(text)));
            any |= values.len() < before;
        }
        any
    }
}

/// Replaces what a known account says of itself by a name or an address that is not known.
fn anonymize(account: &mut Value) {
    let Some(id) = account.get("id").and_then(Value::as_str) else { return };
    let login = id.rsplit('/').next().unwrap_or_default();
    let own = login.strip_prefix("person-").map(|rest| rest.split('@').next().unwrap_or_default());
    let own = format!("Person {}", own.unwrap_or_default());
    let is_own =
        |value: &Value, word: &str| value.as_str().is_none_or(|text| text.is_empty() || text.starts_with(word));
    if let Some(name) = account.get_mut("name").filter(|name| !is_own(name, "Person ")) {
        *name = Value::String(own);
    }
    if let Some(email) = account.get_mut("email").filter(|email| !is_own(email, "person-")) {
        *email = Value::Null;
    }
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pseudonyms").field("known", &self.0.len()).finish_non_exhaustive()
    }
}
