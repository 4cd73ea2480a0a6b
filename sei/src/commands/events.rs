//! `sei events`: what could not be read, and reading again.

use std::sync::Arc;

use anyhow::Result;
use clap::{Args, Subcommand};
use dora::Scope;
use runtime::settings::Settings;

use crate::cli::{ForTenant, Global};
use crate::machine::with;
use crate::{output, settle};

/// Look after events: those that could not be read, and reading them again
#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// List the events that could not be read, newest first, with the reason
    Rejects(Rejects),
    /// Read events again with the normalisers of this version; rows change only where these learned something
    Replay(Replay),
}

#[derive(Args, Debug)]
pub(crate) struct Rejects {
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: i64,

    #[command(flatten)]
    tenant: ForTenant,
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// Only events that could not be read; otherwise all that the log still holds, of all tenants
    #[arg(long)]
    rejects: bool,

    #[command(flatten)]
    tenant: ForTenant,
}

impl Events {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        match self {
            Self::Rejects(command) => command.run(settings, global).await,
            Self::Replay(command) => command.run(settings, global).await,
        }
    }
}

impl Rejects {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let (store, _) = machine.tenant(&self.tenant.tenant).await?;
            let rejects = store::rejects::list(&store, self.limit.max(0)).await?;
            if global.json {
                let list = rejects.iter().map(|reject| {
                    serde_json::json!({
                        "source": reject.source, "event_id": reject.event_id, "kind": reject.kind,
                        "reason": reject.reason, "detail": reject.detail, "bytes": reject.bytes,
                        "received_at": reject.received_at, "rejected_at": reject.rejected_at,
                    })
                });
                return output::print_json(&list.collect::<Vec<_>>());
            }
            if rejects.is_empty() {
                return output::print("no event was rejected");
            }
            let mut table = output::table(&["received", "source", "kind", "reason", "detail", "event"]);
            for reject in rejects {
                let received = reject.received_at.format("%Y-%m-%d %H:%M:%S").to_string();
                table.add_row([received, reject.source, reject.kind, reject.reason, reject.detail, reject.event_id]);
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
            if self.rejects {
                processors::replay_rejects(&store, log.as_ref()).await?;
            } else {
                processors::replay(&store, log.as_ref()).await?;
            }
            let processed = settle::settle(&store, &Arc::clone(&log), &machine.settings.dora, Scope::Stale).await?;
            if global.json {
                return output::print_json(&processed);
            }
            output::print(&format!(
                "{} events read again: {} stored, {} ignored, {} rejected; {} rows changed",
                processed.events(),
                processed.stored,
                processed.ignored,
                processed.rejected,
                processed.rows_changed
            ))
        })
        .await
    }
}
