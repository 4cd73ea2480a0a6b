//! The fields of Jira's payloads that we use. Cloud and Data Center differ in how they name people and
//! sprints; one form reads both. The fields of an issue stay raw until one of them is asked for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use connector::json;
use connector::lenient::{self, Word};
use kernel::{RejectReason, Rejection};
use serde::de::{DeserializeOwned, Error, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// An instant: `2013-05-23T11:04:49.965-0400`, `2020-06-26T00:38:00.000Z`.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct When(pub(super) DateTime<Utc>);

impl When {
    fn parse(text: &str) -> Option<DateTime<Utc>> {
        let standard = DateTime::parse_from_rfc3339(text);
        let instant = standard.or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
        instant.ok().map(|instant| instant.to_utc())
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let expected = "expected an instant, such as 2013-05-23T11:04:49.965-0400";
        Self::parse(&text).map(Self).ok_or_else(|| D::Error::custom(expected))
    }
}

/// What every webhook says of itself. Those that a workflow sends do not name their event.
#[derive(Default, Deserialize)]
pub(super) struct About {
    #[serde(rename = "webhookEvent")]
    pub(super) event: Option<String>,
    pub(super) issue: Option<Named>,
    pub(super) sprint: Option<Named>,
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(rename = "self")]
    pub(super) url: Option<String>,
    pub(super) key: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct IssueHook {
    pub(super) user: Option<User>,
    pub(super) issue: Issue,
    pub(super) changelog: Option<Entry>,
}

#[derive(Deserialize)]
pub(super) struct SprintHook {
    /// Milliseconds since 1970.
    pub(super) timestamp: Option<i64>,
    pub(super) sprint: Sprint,
}

#[derive(Deserialize)]
pub(super) struct Issue {
    #[serde(rename = "self")]
    pub(super) url: Option<String>,
    pub(super) key: String,
    fields: BTreeMap<String, Box<RawValue>>,
    pub(super) changelog: Option<Changelog>,
}

impl Issue {
    /// A field; `None` where there is none.
    pub(super) fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Rejection> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        lenient::read(raw.as_bytes())
            .map(Some)
            .map_err(|rejection| Rejection { detail: format!("fields.{name}: {}", rejection.detail), ..rejection })
    }

    /// A field that every issue has.
    pub(super) fn needed<T: DeserializeOwned>(&self, name: &str) -> Result<T, Rejection> {
        let missing = || Rejection::new(RejectReason::Schema, format!("fields: missing field `{name}`"));
        self.field(name)?.ok_or_else(missing)
    }

    /// A field, where it can be read.
    pub(super) fn lenient<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.field(name).unwrap_or_else(|rejection| {
            lenient::skip_part(format!("fields.{name}"), rejection.detail);
            None
        })
    }

    /// The entries of a list that are of the expected form.
    pub(super) fn entries<T: DeserializeOwned>(&self, name: &str) -> Vec<T> {
        let entries: Vec<Value> = self.lenient(name).unwrap_or_default();
        let read = |(index, entry)| {
            serde_json::from_value(entry)
                .inspect_err(|error| lenient::skip_part(format!("fields.{name}[{index}]"), json::describe(error)))
                .ok()
        };
        entries.into_iter().enumerate().filter_map(read).collect()
    }

    fn raw(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|raw| raw.get()).filter(|raw| *raw != "null")
    }

    /// Whether the payload says something of a field, be it that it is not set.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The custom fields that are set.
    pub(super) fn custom(&self) -> impl Iterator<Item = &str> {
        let custom = self.fields.iter().filter(|(name, _)| name.starts_with("customfield_"));
        custom.map(|(_, raw)| raw.get()).filter(|raw| *raw != "null")
    }
}

#[derive(Clone, Deserialize)]
pub(super) struct User {
    /// Cloud.
    #[serde(rename = "accountId")]
    pub(super) account_id: Option<String>,
    /// Data Center.
    pub(super) name: Option<String>,
    pub(super) key: Option<String>,
    #[serde(rename = "displayName")]
    pub(super) display_name: Option<String>,
    /// Only where the person shows it.
    #[serde(rename = "emailAddress")]
    pub(super) email: Option<String>,
    #[serde(rename = "accountType")]
    pub(super) account_type: Option<Word>,
}

#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) name: String,
    #[serde(rename = "statusCategory")]
    pub(super) category: Option<Category>,
}

#[derive(Deserialize)]
pub(super) struct Category {
    pub(super) key: Option<Word>,
}

#[derive(Deserialize)]
pub(super) struct Name {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Key {
    pub(super) key: String,
}

/// The history of an issue, or the part of it that fits into an answer.
#[derive(Deserialize)]
pub(super) struct Changelog {
    pub(super) total: Option<usize>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) histories: Vec<Entry>,
}

/// What a user changed at a time.
#[derive(Clone, Deserialize)]
pub(super) struct Entry {
    pub(super) id: Option<Id>,
    pub(super) author: Option<User>,
    pub(super) created: Option<When>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) items: Vec<Item>,
}

/// An id, which is a text in most places and a number in some.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    Text(String),
    Number(i64),
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// A field that was changed: by its values' ids (`from`, `to`) and names.
#[derive(Clone, Deserialize)]
pub(super) struct Item {
    pub(super) field: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) from: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) to: Option<String>,
    #[serde(default, rename = "fromString", deserialize_with = "text")]
    pub(super) from_name: Option<String>,
    #[serde(default, rename = "toString", deserialize_with = "text")]
    pub(super) to_name: Option<String>,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Text(String),
        Number(i64),
        Other(IgnoredAny),
    }
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Text(text) => Some(text),
        Loose::Number(number) => Some(number.to_string()),
        Loose::Other(_) => None,
    })
}

/// A sprint of a hook, of the Agile API (`originBoardId`) or of an issue's field (`boardId`).
#[derive(Clone, Deserialize)]
pub(super) struct Sprint {
    pub(super) id: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) state: Word,
    pub(super) goal: Option<String>,
    #[serde(rename = "self")]
    pub(super) url: Option<String>,
    #[serde(rename = "originBoardId", alias = "boardId")]
    pub(super) board: Option<i64>,
    #[serde(rename = "startDate")]
    pub(super) start: Option<When>,
    #[serde(rename = "activatedDate")]
    pub(super) activated: Option<When>,
    #[serde(rename = "endDate")]
    pub(super) end: Option<When>,
    #[serde(rename = "completeDate")]
    pub(super) complete: Option<When>,
}

/// What Data Center writes into an issue's field: `….Sprint@6f2[id=7,rapidViewId=8,state=CLOSED,name=…]`.
const PRINTED: &str = ".greenhopper.service.sprint.Sprint@";

/// What it writes of a sprint.
const KEYS: [&str; 12] = [
    "id",
    "rapidViewId",
    "state",
    "name",
    "goal",
    "startDate",
    "endDate",
    "completeDate",
    "activatedDate",
    "sequence",
    "synced",
    "autoStartStop",
];

impl Sprint {
    /// The sprints of a custom field, if that is what it holds.
    pub(super) fn all_of(raw: &str) -> Option<Vec<Self>> {
        if raw.contains(PRINTED) {
            let printed: Vec<Value> = serde_json::from_str(raw).ok()?;
            return Some(printed.iter().filter_map(|text| Self::printed(text.as_str()?)).collect());
        }
        if !raw.starts_with('[') || !raw.contains("\"state\"") {
            return None;
        }
        let values: Vec<Value> = serde_json::from_str(raw).ok()?;
        let sprints: Vec<Self> = values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect();
        let known = |sprint: &Self| matches!(&*sprint.state, "future" | "active" | "closed");
        // a missing state: one of several sprints
        let all = sprints.iter().any(known) && sprints.iter().all(|one| known(one) || one.state.is_empty());
        all.then_some(sprints)
    }

    fn printed(text: &str) -> Option<Self> {
        let (_, inside) = text.split_once(PRINTED)?.1.split_once('[')?;
        let inside = inside.strip_suffix(']')?;
        // A name or a goal may hold commas: a value goes up to the next key that there is.
        let mut values: BTreeMap<&str, String> = BTreeMap::new();
        let mut last = None;
        for part in inside.split(',') {
            if let Some((key, value)) = part.split_once('=').filter(|(key, _)| KEYS.contains(key)) {
                values.insert(key, value.to_owned());
                last = Some(key);
            } else {
                let value = values.get_mut(last?)?;
                value.push(',');
                value.push_str(part);
            }
        }
        let value = |key| values.get(key).filter(|value| *value != "<null>" && !value.is_empty());
        let when = |key| value(key).and_then(|text| When::parse(text)).map(When);
        Some(Self {
            id: value("id")?.parse().ok()?,
            name: value("name").cloned().unwrap_or_default(),
            state: value("state").map(|state| Word::of(state)).unwrap_or_default(),
            goal: value("goal").cloned(),
            url: None,
            board: value("rapidViewId").and_then(|id| id.parse().ok()),
            start: when("startDate"),
            activated: when("activatedDate"),
            end: when("endDate"),
            complete: when("completeDate"),
        })
    }
}

/// What a Jira calls things: the ids of the custom fields that have no form of their own, and names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, serde::Serialize)]
pub(super) struct FieldIds {
    /// Story points: the first that is set counts.
    #[serde(default)]
    pub(super) points: Vec<String>,
    /// The epic, by its key.
    #[serde(default)]
    pub(super) epic: Vec<String>,
    /// Resolutions and statuses that mean that an item was given up, beside the usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) canceled: Vec<String>,
}

/// An issue as our own pull put it together.
#[derive(Deserialize)]
pub(super) struct PulledIssue {
    /// Where it is: `https://host`.
    pub(super) site: String,
    #[serde(default)]
    pub(super) fields: FieldIds,
    pub(super) row: Issue,
    /// The whole history, where it did not fit into the row.
    #[serde(default, deserialize_with = "json::some_list")]
    pub(super) histories: Option<Vec<Entry>>,
}

/// A status or a sprint as our own pull put it together.
#[derive(Deserialize)]
pub(super) struct Pulled<T> {
    pub(super) site: String,
    pub(super) row: T,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_an_instant_are_read() {
        for text in ["2013-05-23T11:04:49.965-0400", "2013-05-23T15:04:49.965Z", "2013-05-23T17:04:49.965+02:00"] {
            let When(instant) = serde_json::from_value(text.into()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(instant.to_rfc3339(), "2013-05-23T15:04:49.965+00:00", "{text}");
        }
        assert!(serde_json::from_value::<When>("2013-05-23".into()).is_err());
    }

    #[test]
    fn sprints_are_known_by_their_form_in_cloud_and_data_center() {
        let cloud = r#"[{"id":7,"name":"S 7","state":"closed","boardId":8,"completeDate":"2020-06-22T05:59:58.980Z"}]"#;
        let printed = r#"["com.atlassian.greenhopper.service.sprint.Sprint@1f[id=7,rapidViewId=8,state=CLOSED,name=S, 7,startDate=<null>,completeDate=2020-06-22T05:59:58.980Z,goal=faster, better]"]"#;
        for (raw, name, goal) in [(cloud, "S 7", None), (printed, "S, 7", Some("faster, better"))] {
            let sprints = Sprint::all_of(raw).unwrap_or_default();
            let sprint = sprints.first().unwrap_or_else(|| panic!("no sprint in {raw}"));
            assert_eq!((sprint.id, sprint.board, &*sprint.state), (7, Some(8), "closed"));
            assert_eq!((sprint.name.as_str(), sprint.goal.as_deref()), (name, goal));
            assert_eq!(sprint.complete.map(|when| when.0.timestamp()), Some(1_592_805_598));
        }
        for no in ["[]", "3", r#"["a"]"#, r#"[{"id":"1","value":"x"}]"#, r#"[{"id":1,"name":"x","state":"odd"}]"#] {
            assert!(Sprint::all_of(no).is_none(), "{no}");
        }
    }
}
