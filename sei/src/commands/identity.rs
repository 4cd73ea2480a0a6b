//! What the commands for tokens, grants and users have in common.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use api::identity::manage::Reach;
use clap::Args;
use kernel::near::UnknownName;
use kernel::{Role, Tenant};
use store::identity::users::{self, User};
use store::{Store, mapping};

/// Rows that are read at once.
pub(super) const ROWS: u32 = 200;

/// What a token or a grant is for.
#[derive(Args, Debug)]
pub(crate) struct ReachFlags {
    /// The role: viewer, analyst, manager or admin
    #[arg(long, value_name = "ROLE", default_value = "viewer")]
    role: Role,

    /// Only for this tenant; without it for all
    #[arg(long, value_name = "NAME")]
    tenant: Option<Tenant>,

    /// Only for the services of this team and of the teams that are part of it; can be repeated
    #[arg(long = "team", value_name = "NAME")]
    teams: Vec<String>,
}

impl ReachFlags {
    pub(super) fn reach(&self) -> Reach {
        Reach { tenant: self.tenant.clone(), role: self.role, teams: self.teams.clone() }
    }
}

/// Warns of teams that their tenant does not have: a name that is misspelled gives nothing. One may be declared later.
pub(super) async fn warn_of_unknown_teams(store: &Store, reach: &ReachFlags) -> Result<()> {
    let Some(tenant) = reach.tenant.as_ref().filter(|_| !reach.teams.is_empty()) else { return Ok(()) };
    let store = store.for_tenant(tenant);
    let (teams, services) = (mapping::teams(&store).await?, mapping::services(&store).await?);
    let of_services = services.iter().filter_map(|service| service.team.as_deref());
    let known: BTreeSet<&str> = teams.iter().map(|team| team.name.as_str()).chain(of_services).collect();
    for team in reach.teams.iter().filter(|team| !known.contains(team.as_str())) {
        let unknown = UnknownName::new(team, known.iter().copied());
        eprintln!("warning: the tenant `{tenant}` has no team {unknown}. It gives nothing until there is one.");
    }
    Ok(())
}

/// The user of this id or login name.
pub(super) async fn user(store: &Store, id_or_name: &str) -> Result<User> {
    match users::find(store, id_or_name).await? {
        Some(user) => Ok(user),
        None => bail!("there is no user `{id_or_name}`; `sei user list` shows all"),
    }
}

/// A tenant for people.
pub(super) fn tenant(name: Option<&String>) -> String {
    name.cloned().unwrap_or_else(|| "(all)".to_owned())
}

/// Teams for people.
pub(super) fn teams(names: &[String]) -> String {
    if names.is_empty() { "(all)".to_owned() } else { names.join(", ") }
}
