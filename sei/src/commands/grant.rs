//! `sei grant`.

use anyhow::{Result, bail};
use api::identity::manage;
use api::views::GrantView;
use clap::{Args, Subcommand};
use store::Store;
use store::identity::grants::{self, Grantee};

use super::identity::{ROWS, ReachFlags, teams, tenant, user, warn_of_unknown_teams};
use crate::actor::actor;
use crate::cli::Global;
use crate::machine::with;
use crate::output;
use crate::settings::Settings;

const EXAMPLES: &str = "\
Examples:
  sei grant add --user ann --role manager --team web
  sei grant add --group sso:engineering --role viewer  all in a group of the identity provider `sso`
  sei grant list
  sei grant remove 7HkX0bTqPzR3mVnWc2Yd";

/// Grant roles to users and to groups of identity providers, and take them back
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum GrantCommand {
    /// Grant a role
    Add {
        #[command(flatten)]
        to: To,

        #[command(flatten)]
        reach: ReachFlags,
    },
    /// List all grants
    List,
    /// Take a grant back: it gives nothing within a second
    Remove {
        /// Its id
        id: String,
    },
}

/// Who gets a grant.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct To {
    /// To this user: its id or login name
    #[arg(long, value_name = "USER")]
    user: Option<String>,

    /// To all in this group of an identity provider of the settings, by `provider:group`
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

impl GrantCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let (store, providers) = (&machine.store, &machine.settings.login.provider_names());
            match self {
                Self::Add { to, reach } => {
                    let grantee = match (&to.user, &to.group) {
                        (Some(name), _) => Grantee::User(user(store, name).await?.id),
                        (None, group) => Grantee::Group(group.clone().unwrap_or_default()),
                    };
                    let grant = manage::add_grant(store, &actor(), &grantee, &reach.reach(), providers).await?;
                    warn_of_unknown_teams(store, reach).await?;
                    if global.json {
                        return output::print_json(&GrantView::from(grant));
                    }
                    output::print(&format!("granted `{}`, as {}", grant.role.as_str(), grant.id))
                }
                Self::List => list(store, global).await,
                Self::Remove { id } => {
                    let Some(grant) = grants::get(store, id).await? else {
                        bail!("there is no grant `{id}`; `sei grant list` shows all")
                    };
                    manage::remove_grant(store, &actor(), &grant, providers).await?;
                    output::print(&format!("grant `{id}` is taken back"))
                }
            }
        })
        .await
    }
}

async fn list(store: &Store, global: &Global) -> Result<()> {
    let mut all: Vec<GrantView> = Vec::new();
    loop {
        let after = all.last().map(|grant| grant.id.clone());
        let rows = grants::list(store, None, after.as_deref(), ROWS).await?;
        if rows.is_empty() {
            break;
        }
        all.extend(rows.into_iter().map(GrantView::from));
    }
    if global.json {
        return output::print_json(&all);
    }
    let mut table = output::table(&["id", "to", "role", "tenant", "teams"]);
    for grant in all {
        let to = match (grant.group, grant.user_name) {
            (Some(group), _) => format!("group {group}"),
            (None, name) => name.unwrap_or_default(),
        };
        let (tenant, teams) = (tenant(grant.tenant.as_ref()), teams(&grant.teams));
        table.add_row([grant.id, to, grant.role.to_owned(), tenant, teams]);
    }
    output::print(&table.to_string())
}
