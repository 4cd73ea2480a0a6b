//! `sei audit`: who did what.

use std::str::FromStr;

use anyhow::{Result, bail};
use chrono::SecondsFormat;
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use kernel::{Tenant, TimeOrDay};
use serde_json::json;
use store::Store;
use store::audit::{self, Action, AuditFilter, ChainEnd, Entry, Order, Recorded, VerifiedChain};

use crate::actor::actor;
use crate::cli::Global;
use crate::machine::with;
use crate::output;
use crate::settings::Settings;

/// Entries that are held in memory at once.
const PAGE: u32 = 1_000;
/// Characters of a text in a list for people.
const SHOWN: usize = 60;

const EXAMPLES: &str = "\
Examples:
  sei audit list --action export --from 2026-01-01
  sei audit verify                                  walks the chain of hashes; prints the last entry and its hash
  sei audit verify --known 4711:5e1f…               fails if that entry is not there any more as it was
  sei audit export --from 2026-01-01 > audit.ndjson

docs/compliance.md says which controls of SOC 2 and ISO 27001 the entries are evidence for.";

/// List, verify and export the audit log
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Audit {
    /// List entries, newest first; long texts are shortened, and with `--json` whole
    List(List),
    /// Verify the chain of hashes, and fail at the first entry that is not as it was added
    Verify(Verify),
    /// Print entries as NDJSON, oldest first, with their hashes
    Export(Filter),
}

/// Which entries.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// Only those about this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<Tenant>,

    /// Only those of this action, such as `export`, `login`, `refused` or `person_erased`
    #[arg(long, value_parser = Action::from_str)]
    action: Option<Action>,

    /// Only those of the actor with this id
    #[arg(long, value_name = "ID")]
    actor: Option<String>,

    /// Only those about this subject
    #[arg(long)]
    subject: Option<String>,

    /// Only those from this time (RFC 3339) or day of `dora.time_zone` on
    #[arg(long, value_name = "TIME")]
    from: Option<TimeOrDay>,

    /// Only those before this time or day
    #[arg(long, value_name = "TIME")]
    to: Option<TimeOrDay>,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    filter: Filter,

    /// The maximum number
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// An entry that was noted earlier, as `verify` prints it: it must still be there
    #[arg(long, value_name = "ID:HASH", value_parser = chain_end)]
    known: Option<ChainEnd>,
}

fn chain_end(text: &str) -> Result<ChainEnd, String> {
    let parts = text.split_once(':').and_then(|(id, hash)| Some((id.parse().ok()?, hash)));
    match parts {
        Some((id, hash)) if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(ChainEnd { id, hash: hash.to_lowercase() })
        }
        _ => Err("expected the number of an entry, a colon and its hash of 64 hexadecimal digits".to_owned()),
    }
}

impl Audit {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let zone = settings.dora.time_zone;
        with(settings, async |machine| match self {
            Self::List(list) => list.run(&machine.store, zone, global).await,
            Self::Verify(verify) => verify.run(&machine.store, global).await,
            Self::Export(filter) => filter.export(&machine.store, zone).await,
        })
        .await
    }
}

impl Filter {
    /// Days begin in `zone`.
    fn filter(&self, zone: Tz) -> AuditFilter {
        let instant = |time: &TimeOrDay| time.within(zone);
        AuditFilter {
            tenant: self.tenant.clone(),
            of_no_tenant: false,
            actor: self.actor.clone(),
            action: self.action,
            subject: self.subject.clone(),
            from: self.from.as_ref().map(instant),
            to: self.to.as_ref().map(instant),
        }
    }

    async fn export(&self, store: &Store, zone: Tz) -> Result<()> {
        let filter = self.filter(zone);
        let detail = json!({ "from": filter.from, "to": filter.to, "action": filter.action, "actor": filter.actor });
        let entry = Entry::new(actor(), Action::Export, "audit").with(detail);
        audit::record_alone(store, &entry).await?;
        let mut after = None;
        loop {
            let page = audit::list(store, &filter, Order::Oldest, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            let mut lines = Vec::new();
            for entry in &page {
                serde_json::to_writer(&mut lines, entry)?;
                lines.push(b'\n');
            }
            output::print_bytes(&lines)?;
        }
    }
}

impl List {
    async fn run(&self, store: &Store, zone: Tz, global: &Global) -> Result<()> {
        let entries = audit::list(store, &self.filter.filter(zone), Order::Newest, None, self.limit).await?;
        if global.json {
            return output::print_json(&entries);
        }
        let mut table = output::table(&["id", "at", "tenant", "actor", "action", "subject", "detail"]);
        for entry in &entries {
            table.add_row(cells(entry));
        }
        if table.is_empty() {
            return output::print("no entry");
        }
        output::print(&table.to_string())
    }
}

fn cells(entry: &Recorded) -> [String; 7] {
    let actor = match &entry.actor_name {
        Some(name) if *name != entry.actor_id => format!("{name} ({})", entry.actor_id),
        _ => entry.actor_id.clone(),
    };
    let address = entry.address.as_deref().map(|address| format!(" from {address}")).unwrap_or_default();
    let detail = if entry.detail == json!({}) { String::new() } else { entry.detail.to_string() };
    [
        entry.id.to_string(),
        entry.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        entry.tenant.clone().unwrap_or_default(),
        shown(&format!("{actor}{address}")),
        entry.action.as_str().to_owned(),
        shown(&entry.subject),
        shown(&detail),
    ]
}

/// A text, without its end if it is long.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Verify {
    async fn run(&self, store: &Store, global: &Global) -> Result<()> {
        let verified = audit::verify(store, self.known.as_ref()).await?;
        if global.json {
            output::print_json(&verified)?;
        }
        let VerifiedChain { entries, first, last, broken } = verified;
        if let Some(broken) = broken {
            bail!("the audit log was changed: entry {}: {}", broken.id, broken.reason);
        }
        if global.json {
            return Ok(());
        }
        let Some(last) = last else { return output::print("the audit log has no entries") };
        output::print(&format!(
            "{} from {} on, all as they were added; the last is {}:{}",
            output::count(entries, "audit entry"),
            first.unwrap_or_default(),
            last.id,
            last.hash
        ))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use store::audit::ActorKind;

    use super::*;

    #[test]
    fn a_line_of_the_list_is_of_a_readable_width_however_much_an_entry_holds() {
        let long = "ä".repeat(1_000);
        let mut table = output::table(&["id", "at", "tenant", "actor", "action", "subject", "detail"]);
        table.add_row(cells(&Recorded {
            id: 4_711,
            at: DateTime::UNIX_EPOCH,
            tenant: Some("main".to_owned()),
            actor_kind: ActorKind::User,
            actor_id: "0123".to_owned(),
            actor_name: Some(long.clone()),
            action: Action::PersonPseudonymized,
            subject: long.clone(),
            detail: json!({ "query": long }),
            address: Some("192.0.2.1".to_owned()),
            previous: String::new(),
            hash: String::new(),
        }));
        let width = table.to_string().lines().map(|line| line.chars().count()).max();
        assert!(width.is_some_and(|columns| columns < 260), "{width:?}: {table}");
        assert_eq!(shown("short"), "short");
    }
}
