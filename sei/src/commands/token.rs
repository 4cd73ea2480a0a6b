//! `sei token`.

use std::time::Duration;

use anyhow::{Result, bail};
use api::identity::manage;
use api::views::{CreatedTokenView, TokenView};
use chrono::Utc;
use clap::Subcommand;
use kernel::TokenScope;
use store::Store;
use store::identity::tokens;

use super::identity::{ROWS, ReachFlags, teams, tenant, user, warn_of_unknown_teams};
use crate::actor::actor;
use crate::cli::Global;
use crate::machine::with;
use crate::output;
use crate::settings::Settings;

const EXAMPLES: &str = "\
Examples:
  sei token create ci --role analyst --days 90      for a pipeline that exports
  sei token create grafana --tenant main --team web --read-only
  curl -H 'Authorization: Bearer sei_…' https://sei.example.org/api/v1/dora";

/// Create, list and revoke API tokens, which programs send as `Authorization: Bearer sei_…`
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum TokenCommand {
    /// Create a token and print it; it can't be shown again
    Create {
        /// What it is for
        name: String,

        #[command(flatten)]
        reach: ReachFlags,

        /// The user whose grants limit it, an id or a login name; without it nothing else does
        #[arg(long, value_name = "USER")]
        owner: Option<String>,

        /// It only reads, whatever its role
        #[arg(long)]
        read_only: bool,

        /// After how many days it ends
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
    },
    /// List all tokens, without their secrets
    List,
    /// Revoke a token: it is refused within a second
    Revoke {
        /// Its id
        id: String,
    },
}

impl TokenCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let store = &machine.store;
            match self {
                Self::Create { name, reach, owner, read_only, days } => {
                    let owner = match owner {
                        Some(owner) => Some(user(store, owner).await?.id),
                        None => None,
                    };
                    let lifetime = Duration::from_hours(24 * u64::from(*days));
                    let named = (name.as_str(), owner.as_deref());
                    let scope = if *read_only { TokenScope::Read } else { TokenScope::Write };
                    let created = manage::create_token(store, &actor(), named, &reach.reach(), scope, lifetime).await?;
                    warn_of_unknown_teams(store, reach).await?;
                    if global.json {
                        let view = CreatedTokenView { token: created.token.into(), secret: created.secret };
                        return output::print_json(&view);
                    }
                    output::print(&created.secret)
                }
                Self::List => list(store, global).await,
                Self::Revoke { id } => {
                    let Some(token) = tokens::get(store, id).await? else {
                        bail!("there is no token `{id}`; `sei token list` shows all")
                    };
                    if token.revoked_at.is_none() {
                        manage::revoke_token(store, &actor(), &token).await?;
                    }
                    output::print(&format!("token `{}` is revoked", token.name))
                }
            }
        })
        .await
    }
}

async fn list(store: &Store, global: &Global) -> Result<()> {
    let mut all: Vec<TokenView> = Vec::new();
    loop {
        let after = all.last().map(|token| token.id.clone());
        let rows = tokens::list(store, None, after.as_deref(), ROWS).await?;
        if rows.is_empty() {
            break;
        }
        all.extend(rows.into_iter().map(TokenView::from));
    }
    if global.json {
        return output::print_json(&all);
    }
    let mut table = output::table(&["id", "name", "role", "scope", "tenant", "teams", "state", "last used"]);
    for token in all {
        let is_over = token.expires_at.is_some_and(|at| at <= Utc::now());
        let state = match (token.revoked_at, token.expires_at) {
            (Some(_), _) => "revoked".to_owned(),
            (None, _) if is_over => "expired".to_owned(),
            (None, Some(at)) => format!("until {}", at.format("%Y-%m-%d")),
            (None, None) => "good".to_owned(),
        };
        let used = token.last_used_at.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string());
        let (tenant, teams) = (tenant(token.tenant.as_ref()), teams(&token.teams));
        let (role, scope) = (token.role.to_owned(), token.scope.to_owned());
        table.add_row([token.id, token.name, role, scope, tenant, teams, state, used]);
    }
    output::print(&table.to_string())
}
