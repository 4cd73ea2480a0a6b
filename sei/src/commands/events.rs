//! `sei events`: what was received, what of it could not be read, and reading again.

use std::sync::Arc;

use anyhow::{Result, bail};
use api::views::RawEvent;
use clap::{Args, Subcommand};
use dora::Scope;
use store::audit::{self, Action, Entry};

use crate::actor::actor;
use crate::cli::{ForTenant, Global};
use crate::machine::with;
use crate::settings::Settings;
use crate::{output, settle};

/// Show raw events and dead letters, and replay them
#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Show the raw events that reported a deployment, an incident, a change …
    Of(Of),
    /// List dead letters (rejected events), newest first, with the reason
    DeadLetters(DeadLetters),
    /// Normalize events again with this version; rows change only where its result differs
    Replay(Replay),
}

#[derive(Args, Debug)]
pub(crate) struct Of {
    /// The id of the deployment, incident, change, review, CI run or work item, as `sei dora explain` shows it
    fact: String,

    /// The maximum number, the latest first
    #[arg(long, default_value_t = 20)]
    limit: i64,

    /// Print only the raw payload of the latest one
    #[arg(long, conflicts_with = "limit")]
    raw: bool,

    #[command(flatten)]
    tenant: ForTenant,
}

#[derive(Args, Debug)]
pub(crate) struct DeadLetters {
    /// The maximum number
    #[arg(long, default_value_t = 50)]
    limit: i64,

    #[command(flatten)]
    tenant: ForTenant,
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// Only dead letters; otherwise all events that the log still holds, of all tenants
    #[arg(long)]
    dead_letters: bool,

    #[command(flatten)]
    tenant: ForTenant,
}

impl Events {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        match self {
            Self::Of(command) => command.run(settings, global).await,
            Self::DeadLetters(command) => command.run(settings, global).await,
            Self::Replay(command) => command.run(settings, global).await,
        }
    }
}

impl Of {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let (store, _) = machine.tenant(&self.tenant.tenant).await?;
            let log = &machine.settings.log;
            let limit = if self.raw { 1 } else { self.limit.max(0) };
            let entry = Entry::new(actor(), Action::RawEventViewed, &self.fact).of(store.tenant());
            audit::record_alone(&store, &entry).await?;
            let mut events = Vec::new();
            let take = |origin, event| events.push((origin, event));
            let found = eventlog::events_of(log, &store, &self.fact, limit, take).await?;
            let Some((_, newest)) = events.first() else { bail!(self.nothing(found)) };
            if self.raw {
                return output::print_bytes(&newest.data);
            }
            if global.json {
                let list = events.into_iter().map(|(origin, event)| RawEvent::whole(origin, event));
                return output::print_json(&list.collect::<Vec<_>>());
            }
            let mut table = output::table(&["received", "source", "kind", "event", "log position", "bytes"]);
            for (origin, event) in events {
                let received = event.time.format("%Y-%m-%d %H:%M:%S").to_string();
                let bytes = event.data.len().to_string();
                let position = format!("{}/{}", origin.partition, origin.position);
                table.add_row([received, event.source, event.kind, event.id, position, bytes]);
            }
            output::print(&table.to_string())
        })
        .await
    }

    /// Why there is nothing to show.
    fn nothing(&self, positions: usize) -> String {
        let fact = &self.fact;
        if positions > 0 {
            let (events, were) = (output::count(positions, "event"), if positions == 1 { "was" } else { "were" });
            return format!("{events} {were} about `{fact}`, which the log no longer holds (log.retention)");
        }
        format!(
            "no event that the log holds is about `{fact}`; ids are as `sei dora explain` has them, and the raw form \
             of a commit is in git itself"
        )
    }
}

impl DeadLetters {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let (store, _) = machine.tenant(&self.tenant.tenant).await?;
            let dead_letters = store::dead_letters::list(&store, self.limit.max(0)).await?;
            if global.json {
                let list = dead_letters.iter().map(|letter| {
                    serde_json::json!({
                        "source": letter.source, "event_id": letter.event_id, "kind": letter.kind,
                        "reason": letter.reason, "detail": letter.detail, "bytes": letter.bytes,
                        "received_at": letter.received_at, "rejected_at": letter.rejected_at,
                    })
                });
                return output::print_json(&list.collect::<Vec<_>>());
            }
            if dead_letters.is_empty() {
                return output::print("no event was rejected");
            }
            let mut table = output::table(&["received", "source", "kind", "reason", "detail", "event"]);
            for letter in dead_letters {
                let received = letter.received_at.format("%Y-%m-%d %H:%M:%S").to_string();
                table.add_row([received, letter.source, letter.kind, letter.reason, letter.detail, letter.event_id]);
            }
            output::print(&table.to_string())
        })
        .await
    }
}

impl Replay {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let (store, _) = machine.tenant(&self.tenant.tenant).await?;
            let log = machine.log().await?;
            let subject = if self.dead_letters { "dead letters" } else { "all events" };
            let entry = Entry::new(actor(), Action::EventsReplayed, subject);
            // the log is replayed for all tenants
            let entry = if self.dead_letters { entry.of(store.tenant()) } else { entry };
            audit::record_alone(&store, &entry).await?;
            if self.dead_letters {
                processors::replay_dead_letters(&store, log.as_ref()).await?;
            } else {
                processors::replay(&store, log.as_ref()).await?;
            }
            let processed = settle::settle(&store, &Arc::clone(&log), &machine.settings.dora, Scope::Stale).await?;
            if global.json {
                return output::print_json(&processed);
            }
            output::print(&format!(
                "{} read again: {} stored, {} ignored, {} rejected; {} changed",
                output::count(processed.events(), "event"),
                processed.stored,
                processed.ignored,
                processed.rejected,
                output::count(processed.rows_changed, "row")
            ))
        })
        .await
    }
}
