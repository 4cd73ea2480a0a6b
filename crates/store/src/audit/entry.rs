//! An entry of the audit log: who did what, and the hash that makes it part of the chain.

use chrono::{DateTime, SecondsFormat, Utc};
use kernel::Tenant;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::error::word;
use crate::text::clean;

kernel::closed_list! {
    /// What was done.
    pub enum Action: "audited action" {
        /// A user logged in.
        Login,
        /// A login failed.
        LoginRefused,
        /// A user logged out, or was logged out.
        Logout,
        /// A request was refused for want of a permission, or of a login.
        Refused,
        /// An API token was created.
        TokenCreated,
        /// An API token was revoked.
        TokenRevoked,
        /// A role was granted.
        GrantAdded,
        /// A grant was taken back.
        GrantRemoved,
        /// A role of a BI tool was granted, or granted something else.
        AnalyticsGranted,
        /// The role of a BI tool was taken back.
        AnalyticsRevoked,
        /// A one-time link for a login was made.
        LinkCreated,
        /// A user was disabled.
        UserDisabled,
        /// A user was enabled again.
        UserEnabled,
        /// It was stated who a user is among the people.
        UserLinked,
        /// A process started with other settings than the last one of its role.
        SettingsChanged,
        /// Rows left as a file.
        Export,
        /// Data about a person was shown.
        PersonViewed,
        /// All data about a person was exported.
        PersonExported,
        /// A person's data was erased.
        PersonErased,
        /// A person's data was pseudonymized.
        PersonPseudonymized,
        /// It was stated which accounts are one person's.
        PeopleChanged,
        /// Data about a repository, source, service, team or person was deleted.
        Forgotten,
        /// A tenant was created.
        TenantCreated,
        /// A tenant was dropped.
        TenantDropped,
        /// Data was deleted because it was older than the settings keep it.
        RetentionApplied,
        /// Events were read again.
        EventsReplayed,
        /// Events were shown as their sources sent them.
        RawEventViewed,
        /// It was stated what belongs to a service or a team.
        MappingChanged,
        /// A source that is being set up was asked what a token is good for.
        SourceChecked,
        /// Webhooks were registered at a source.
        WebhookRegistered,
        /// A board was made.
        BoardCreated,
        /// A board was replaced.
        BoardReplaced,
        /// A board was deleted.
        BoardDeleted,
        /// A target was set.
        TargetSet,
        /// A target was removed.
        TargetRemoved,
        /// A backup of all data was made.
        BackupCreated,
        /// A backup was deleted.
        BackupDeleted,
        /// The database was restored from a backup.
        BackupRestored,
    }
}

kernel::closed_list! {
    /// Who can do something.
    pub enum ActorKind: "kind of actor" {
        /// A user who logged in.
        User,
        /// A program with an API token.
        Token,
        /// A program that an identity provider's token names.
        Service,
        /// A client without a login, or where none is set up.
        Anonymous,
        /// A program of the server's own user, over its UNIX socket.
        Local,
        /// A user of the operating system, at the command line.
        CommandLine,
        /// `sei` itself.
        Sei,
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// What identifies it among those of its kind.
    pub id: String,
    /// What it is called.
    pub name: Option<String>,
}

impl Actor {
    /// One of a kind.
    pub fn new(kind: ActorKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into(), name: None }
    }

    /// `sei` itself: what it does by its settings.
    #[must_use]
    pub fn sei() -> Self {
        Self::new(ActorKind::Sei, "sei")
    }
}

/// An entry to add.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The tenant that it is about, if it is about one.
    pub tenant: Option<Tenant>,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// What it was done to.
    pub subject: String,
    /// More about it, as an object. Never a secret.
    pub detail: Value,
    /// The address of the client.
    pub address: Option<String>,
}

impl Entry {
    /// One without details, about no tenant.
    pub fn new(actor: Actor, action: Action, subject: impl Into<String>) -> Self {
        Self { tenant: None, actor, action, subject: subject.into(), detail: json!({}), address: None }
    }

    /// The same about a tenant.
    #[must_use]
    pub fn of(self, tenant: &Tenant) -> Self {
        Self { tenant: Some(tenant.clone()), ..self }
    }

    /// The same with details.
    #[must_use]
    pub fn with(self, detail: Value) -> Self {
        Self { detail, ..self }
    }

    /// The same from a client's address.
    #[must_use]
    pub fn from_address(self, address: Option<String>) -> Self {
        Self { address, ..self }
    }
}

/// An entry that was added.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// Its number: no two have the same, and none is missing.
    pub id: i64,
    /// When it was added.
    pub at: DateTime<Utc>,
    /// The tenant that it is about.
    pub tenant: Option<String>,
    /// Who did it.
    pub actor_kind: ActorKind,
    /// What identifies the actor.
    pub actor_id: String,
    /// What the actor is called.
    pub actor_name: Option<String>,
    /// What was done.
    pub action: Action,
    /// What it was done to.
    pub subject: String,
    /// More about it.
    pub detail: Value,
    /// The address of the client.
    pub address: Option<String>,
    /// The hash of the entry before it, in hex.
    pub previous: String,
    /// Its own hash, in hex.
    pub hash: String,
}

impl Recorded {
    /// The entry with its place in the chain.
    pub(super) fn new(id: i64, at: DateTime<Utc>, entry: &Entry, previous: &[u8]) -> Self {
        let text = |text: &str| clean(text).into_owned();
        let mut recorded = Self {
            id,
            at,
            tenant: entry.tenant.as_ref().map(Tenant::to_string),
            actor_kind: entry.actor.kind,
            actor_id: text(&entry.actor.id),
            actor_name: entry.actor.name.as_deref().map(text),
            action: entry.action,
            subject: text(&entry.subject),
            detail: canonical(&entry.detail),
            address: entry.address.as_deref().map(text),
            previous: hex::encode(previous),
            hash: String::new(),
        };
        recorded.hash = hex::encode(recorded.computed_hash());
        recorded
    }

    /// The hash that it must have: SHA-256 of [`Self::canonical_text`].
    pub(super) fn computed_hash(&self) -> [u8; 32] {
        Sha256::digest(self.canonical_text().as_bytes()).into()
    }

    /// The text that is hashed: all fields but the hash as a JSON array without spaces, the time in UTC with six digits
    /// of a second, the fields of `detail` in the order of their names.
    fn canonical_text(&self) -> String {
        json!([
            self.id,
            self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            self.tenant,
            self.actor_kind,
            self.actor_id,
            self.actor_name,
            self.action,
            self.subject,
            canonical(&self.detail),
            self.address,
            self.previous,
        ])
        .to_string()
    }
}

/// A value with the fields of its objects in the order of their names, without the character that the database has not.
pub(super) fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> =
                fields.iter().map(|(name, value)| (clean(name).into_owned(), canonical(value))).collect();
            sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(sorted.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(values) => values.iter().map(canonical).collect(),
        Value::String(text) => Value::String(clean(text).into_owned()),
        other => other.clone(),
    }
}

/// The columns of a [`Row`].
pub(super) const COLUMNS: &str =
    "id, at, tenant, actor_kind, actor_id, actor_name, action, subject, detail, address, previous, hash";

/// An entry as the database has it.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    at: DateTime<Utc>,
    tenant: Option<String>,
    actor_kind: String,
    actor_id: String,
    actor_name: Option<String>,
    action: String,
    subject: String,
    detail: Value,
    address: Option<String>,
    previous: Vec<u8>,
    hash: Vec<u8>,
}

impl Row {
    pub(super) const fn id(&self) -> i64 {
        self.id
    }
}

impl TryFrom<Row> for Recorded {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            at: row.at,
            tenant: row.tenant,
            actor_kind: word("audit.actor_kind", &row.actor_kind)?,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            action: word("audit.action", &row.action)?,
            subject: row.subject,
            detail: row.detail,
            address: row.address,
            previous: hex::encode(row.previous),
            hash: hex::encode(row.hash),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry::new(Actor::sei(), Action::Export, "changes\0")
            .with(json!({ "z": 1, "a": { "y": [1, "\0"], "b": null } }))
    }

    #[test]
    fn the_hash_covers_every_field_and_the_hash_before() {
        let at = DateTime::from_timestamp_micros(1_767_571_200_000_001).unwrap();
        let recorded = Recorded::new(7, at, &entry(), &[1; 32]);
        assert_eq!(
            recorded.canonical_text(),
            format!(
                "[7,\"2026-01-05T00:00:00.000001Z\",null,\"sei\",\"sei\",null,\"export\",\"changes\u{FFFD}\",\
                 {{\"a\":{{\"b\":null,\"y\":[1,\"\u{FFFD}\"]}},\"z\":1}},null,\"{}\"]",
                "01".repeat(32)
            )
        );
        let changed: [fn(&mut Recorded); 11] = [
            |entry| entry.id += 1,
            |entry| entry.at += chrono::TimeDelta::microseconds(1),
            |entry| entry.tenant = Some("main".to_owned()),
            |entry| entry.actor_kind = ActorKind::User,
            |entry| entry.actor_id.push('x'),
            |entry| entry.actor_name = Some(String::new()),
            |entry| entry.action = Action::Login,
            |entry| entry.subject.clear(),
            |entry| entry.detail = json!({ "z": 2 }),
            |entry| entry.address = Some("192.0.2.1".to_owned()),
            |entry| entry.previous = "02".repeat(32),
        ];
        for (number, change) in changed.iter().enumerate() {
            let mut other = recorded.clone();
            change(&mut other);
            assert_ne!(other.computed_hash(), recorded.computed_hash(), "{number}");
        }
    }

    #[test]
    fn details_are_hashed_the_same_in_any_order_of_their_fields() {
        let (one, other) = (r#"{"b":1,"a":{"d":2,"c":3}}"#, r#"{"a":{"c":3,"d":2},"b":1}"#);
        let of = |text: &str| canonical(&serde_json::from_str(text).unwrap()).to_string();
        assert_eq!(of(one), of(other));
    }
}
