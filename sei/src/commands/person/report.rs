//! What was replaced of a person, and what remains where and until when.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use eventlog::personal::{ErasedLog, KeptTopic};
use kernel::pseudonyms::{IdentifierKind, Pseudonyms};
use serde_json::json;
use store::Store;
use store::personal::ChangedRows;

use super::audited::each_entry;
use super::found::Found;
use crate::cli::Global;
use crate::machine::Machine;
use crate::output::{self, count};

/// What was done.
pub(super) struct Report {
    pub action: &'static str,
    pub dry_run: bool,
    /// What the audit log calls the person.
    pub pseudonym: Option<String>,
    pub tables: Vec<ChangedRows>,
    pub log: ErasedLog,
    pub remains: Vec<Remains>,
}

/// Something that names the person, or may, and stays.
pub(super) struct Remains {
    pub text: String,
    /// Until when; `None` where nothing ends it by itself.
    pub until: Option<DateTime<Utc>>,
    /// An export of the person does not have it.
    pub exported_elsewhere: bool,
}

impl Remains {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), until: None, exported_elsewhere: false }
    }

    /// The events that a topic of Kafka holds now.
    fn in_kafka(topic: &str, kept: &KeptTopic, now: DateTime<Utc>) -> Self {
        let until = kept.longest().and_then(|age| now.checked_add_signed(TimeDelta::from_std(age).ok()?));
        let words = match kept.retention {
            None => "for ever, by retention.ms=-1".to_owned(),
            Some(_) if !kept.is_deleted_by_age() => {
                format!("for longer than retention.ms, by cleanup.policy={}", kept.cleanup_policy)
            }
            Some(_) if until.is_some() => {
                "until their segment is older than retention.ms: for retention.ms and segment.ms at most".to_owned()
            }
            Some(_) => "until their segment is older than retention.ms; the brokers state no segment.ms".to_owned(),
        };
        let text = format!("raw events in the Kafka topic `{topic}`, which can't be written again, {words}");
        Self { until, ..Self::new(text) }
    }
}

/// What stays of a person where it is.
pub(super) async fn remains(
    machine: &Machine,
    store: &Store,
    found: &Found,
    known: &Pseudonyms,
) -> Result<Vec<Remains>> {
    let mut all = Vec::new();
    let mut owned = Vec::new();
    for identifier in found.identifiers.iter().filter(|identifier| identifier.kind == IdentifierKind::Account) {
        owned.extend(store::personal::owned_repositories(store, &identifier.text).await?);
    }
    if !owned.is_empty() {
        let text = format!(
            "repositories are called after the login: {}; `sei forget repository` deletes what is known of them",
            owned.join(", ")
        );
        all.push(Remains::new(text));
    }
    let mirrors = machine.directory.mirrors();
    let clones = std::fs::read_dir(&mirrors).map_or(0, Iterator::count);
    if clones > 0 {
        let text = format!(
            "{} in {}, as the repositories have them: names and addresses are part of each commit",
            count(clones, "clone"),
            mirrors.display()
        );
        all.push(Remains { exported_elsewhere: true, ..Remains::new(text) });
    }
    let mut entries = 0_u64;
    each_entry(store, found, known, |_| {
        entries += 1;
        Ok(())
    })
    .await?;
    if entries > 0 {
        let text = format!(
            "{} of what the person did, or that name them, kept as evidence (`retention.audit`)",
            count(entries, "audit entry")
        );
        all.push(Remains::new(text));
    }
    let users = store::people::linked_users(store, &found.accounts()).await?;
    if !users.is_empty() {
        let text = format!(
            "logins of users who were linked with the person: {}; `sei user disable` ends their sessions and tokens",
            users.join(", ")
        );
        all.push(Remains::new(text));
    }
    Ok(all)
}

impl Report {
    /// What stays in the log and in the database's files.
    fn all_remains(&mut self) {
        if let Some(kept) = &self.log.kept {
            self.remains.push(Remains::in_kafka(&self.log.topic, kept, Utc::now()));
        } else {
            self.remains.push(Remains::new("numeric ids and addresses of avatars in raw events (`log.retention`)"));
        }
        self.remains.push(Remains::new(
            "old versions of rows in the files of the database until VACUUM, in its WAL, and in backups until they expire",
        ));
    }

    pub(super) fn print(mut self, global: &Global) -> Result<()> {
        self.all_remains();
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        if global.json {
            let tables = self.tables.iter().map(|one| json!({ "table": one.table, "rows": one.rows }));
            let remains = self.remains.iter().map(|one| json!({ "what": one.text, "until": one.until.map(time) }));
            let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            let kept = self.log.kept.as_ref().map(|kept| {
                json!({ "retention_ms": kept.retention.map(millis), "segment_ms": kept.segment.map(millis),
                        "cleanup_policy": kept.cleanup_policy })
            });
            return output::print_json(&json!({
                "action": self.action,
                "dry_run": self.dry_run,
                "pseudonym": self.pseudonym,
                "tables": tables.collect::<Vec<_>>(),
                "log": { "topic": self.log.topic, "events": self.log.events, "rewritten": self.log.rewritten,
                         "kept": kept },
                "remains": remains.collect::<Vec<_>>(),
            }));
        }
        let mut table = output::table(&["table", "rows"]);
        for one in &self.tables {
            table.add_row([one.table.clone(), one.rows.to_string()]);
        }
        let rows: u64 = self.tables.iter().map(|one| one.rows).sum();
        let words = if self.dry_run { "would be replaced" } else { "replaced" };
        let mut lines = if table.is_empty() { Vec::new() } else { vec![table.to_string()] };
        lines.push(format!(
            "{} and {} of {} in the log {words}",
            count(rows, "row"),
            self.log.rewritten,
            count(self.log.events, "event")
        ));
        if let Some(pseudonym) = &self.pseudonym {
            lines.push(format!("The audit log calls the person {pseudonym}."));
        }
        lines.push("What remains:".to_owned());
        lines.extend(self.remains.iter().map(|one| {
            let until = one.until.map(|at| format!(" ({})", time(at))).unwrap_or_default();
            format!("- {}{until}", one.text)
        }));
        output::print(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_in_kafka_ends_by_the_settings_of_the_topic() {
        let (now, day) = (DateTime::<Utc>::UNIX_EPOCH, Duration::from_hours(24));
        let remains = |retention: Option<Duration>, segment: Option<Duration>, policy: &str| {
            Remains::in_kafka("raw", &KeptTopic { retention, segment, cleanup_policy: policy.to_owned() }, now)
        };
        let deleted = remains(Some(90 * day), Some(day), "delete");
        assert_eq!(deleted.until, Some(now + TimeDelta::days(91)));
        for (found, words) in [
            (deleted, "retention.ms and segment.ms at most"),
            (remains(Some(day), None, "delete"), "no segment.ms"),
            (remains(Some(day), Some(day), "compact"), "cleanup.policy=compact"),
            (remains(None, Some(day), "delete"), "for ever"),
        ] {
            assert!(found.text.contains("`raw`") && found.text.contains(words), "{}", found.text);
        }
    }
}
