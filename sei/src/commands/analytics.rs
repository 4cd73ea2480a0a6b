//! `sei analytics`: the roles that BI tools log in as, and what they read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::dora::MetricSettings;
use ::dora::settings::People;
use anyhow::{Context, Result, bail};
use api::identity::secrets::secret;
use clap::{Args, Subcommand};
use kernel::{Secret, Tenant};
use serde_json::json;
use store::Store;
use store::analytics::{self, Granted, NewRole};
use store::audit::{Action, Entry};

use super::identity::{teams, tenant};
use crate::actor::actor;
use crate::cli::Global;
use crate::machine::{Machine, with};
use crate::output;
use crate::settings::Settings;

/// The least length of a password of one's own.
const PASSWORD_CHARS_MIN: usize = 12;

const EXAMPLES: &str = "\
Examples:
  sei analytics grant metabase                       reads all tenants; prints its password
  sei analytics grant web_team --tenant main --team web
  sei up --analytics-port 5433                       the private database lets these roles log in
  psql 'host=127.0.0.1 port=5433 dbname=sei user=metabase'
  sei analytics dbt > models/sources/sei.yml";

/// Grant BI tools a login to read the documented views by SQL, and take it back
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum AnalyticsCommand {
    /// Make a role that reads the views, or grant one something else, and print its new password
    Grant(Box<Grant>),
    /// List the roles
    List,
    /// Take a role back: it can log in no more, and its sessions end
    Revoke {
        /// Its name
        name: String,
    },
    /// Bring up to date what the roles read, which a running `sei` does every half minute
    Refresh {
        /// Only of this tenant
        #[arg(long, value_name = "NAME")]
        tenant: Option<Tenant>,
    },
    /// Print the sources of a dbt project: the views with their descriptions and tests
    Dbt {
        /// The tenant whose views they are; without it those over all tenants
        #[arg(long, value_name = "NAME")]
        tenant: Option<Tenant>,
    },
}

/// Make a role, or grant one something else
#[derive(Args, Debug)]
pub(crate) struct Grant {
    /// Its name: a lower-case letter, then letters, digits or `_`
    name: String,

    /// Only the views of this tenant; without it those over all tenants
    #[arg(long, value_name = "NAME")]
    tenant: Option<Tenant>,

    /// Only rows of the services of this team and of the teams that are part of it; can be repeated
    #[arg(long = "team", value_name = "NAME")]
    teams: Vec<String>,

    /// Show the names of accounts; only where `dora.people` is `managers`
    #[arg(long)]
    people: bool,

    /// A file that holds the password; without it one is made up
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// How long a statement may take, in seconds, unless the tool sets another limit
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    statement_timeout: u32,

    /// How many connections it may have
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
}

impl AnalyticsCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        if let Self::Dbt { tenant } = self {
            return output::print(analytics::dbt(tenant.as_ref()).trim_end());
        }
        with(settings, async |machine| match self {
            Self::Grant(grant) => grant.run(machine, global).await,
            Self::List => list(&machine.store, global).await,
            Self::Revoke { name } => {
                let entry = Entry::new(actor(), Action::AnalyticsRevoked, name.as_str());
                if !analytics::revoke(&machine.store, name, &entry).await? {
                    bail!("there is no role `{name}` of a BI tool; `sei analytics list` shows all")
                }
                output::print(&format!("the role `{name}` is taken back"))
            }
            Self::Refresh { tenant } => refresh(machine, tenant.as_ref()).await,
            Self::Dbt { .. } => Ok(()),
        })
        .await
    }
}

impl Grant {
    async fn run(&self, machine: &Machine, global: &Global) -> Result<()> {
        let Self { name, teams, people, .. } = self;
        self.check(machine).await?;
        let password = match &self.password_file {
            Some(path) => read_password(path)?,
            None => secret()?,
        };
        let secret_password = Secret::new(password.clone().into_bytes()).context("the password is empty")?;
        let salt = secret()?;
        let role = NewRole {
            name,
            tenant: self.tenant.as_ref(),
            teams,
            people: *people,
            password: &secret_password,
            salt: salt.as_bytes(),
            statement_timeout: Duration::from_secs(self.statement_timeout.into()),
            connections: self.connections,
        };
        let detail = json!({ "tenant": self.tenant, "teams": teams, "people": people });
        let entry =
            Entry { tenant: self.tenant.clone(), ..Entry::new(actor(), Action::AnalyticsGranted, name.as_str()) };
        if analytics::grant(&machine.store, &role, &entry.with(detail)).await? == Granted::Taken {
            bail!("PostgreSQL has a role `{name}` that is not one of a BI tool: choose another name")
        }
        refresh(machine, self.tenant.as_ref()).await?;
        let made_up = self.password_file.is_none().then_some(password);
        if global.json {
            let schema = analytics::schema_of(self.tenant.as_ref());
            return output::print_json(&json!({ "name": name, "schema": schema, "password": made_up }));
        }
        output::print(&made_up.unwrap_or_else(|| format!("the role `{name}` is granted")))
    }

    /// Fails if what is asked for can't be granted.
    async fn check(&self, machine: &Machine) -> Result<()> {
        if !analytics::is_role_name(&self.name) {
            bail!(
                "`{}` can't name a role: use a lower-case letter, then letters, digits or `_`, 60 characters at most",
                self.name
            )
        }
        if self.people && machine.settings.dora.people != People::Managers {
            bail!("names of accounts are shown to no role here: `dora.people` is not `managers`")
        }
        let tenants =
            machine.store.tenants().await.context("the database has no schema yet: run `sei migrate` first")?;
        if let Some(tenant) = self.tenant.as_ref().filter(|name| tenants.iter().all(|info| info.tenant != **name)) {
            bail!("there is no tenant `{tenant}`; `sei tenant list` shows all")
        }
        Ok(())
    }
}

/// Reads a password: one line of printable ASCII, which every tool sends as it is.
fn read_password(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.len() < PASSWORD_CHARS_MIN || !password.chars().all(|character| character.is_ascii_graphic()) {
        bail!(
            "{} holds no password: expected {PASSWORD_CHARS_MIN} letters, digits and signs of ASCII at least, in one line",
            path.display()
        )
    }
    Ok(password.to_owned())
}

/// Brings up to date what roles read of a tenant, or of all.
async fn refresh(machine: &Machine, only: Option<&Tenant>) -> Result<()> {
    for info in machine.store.tenants().await? {
        if only.is_none_or(|only| *only == info.tenant) {
            let settings = MetricSettings { dora: &machine.settings.dora, custom: &machine.settings.metric };
            ::dora::analytics::refresh(&machine.store.for_tenant(&info.tenant), settings).await?;
        }
    }
    Ok(())
}

async fn list(store: &Store, global: &Global) -> Result<()> {
    let roles = analytics::list(store).await?;
    if global.json {
        let shown = roles.iter().map(|role| {
            json!({
                "name": role.name, "tenant": role.tenant, "teams": role.teams, "people": role.people,
                "created_at": role.created_at,
            })
        });
        return output::print_json(&shown.collect::<Vec<_>>());
    }
    let mut table = output::table(&["name", "tenant", "teams", "names of accounts", "since"]);
    for role in roles {
        let of = tenant(role.tenant.map(|tenant| tenant.to_string()).as_ref());
        let shown = if role.people { "shown" } else { "hidden" };
        let since = role.created_at.format("%Y-%m-%d").to_string();
        table.add_row([role.name, of, teams(&role.teams), shown.to_owned(), since]);
    }
    output::print(&table.to_string())
}
