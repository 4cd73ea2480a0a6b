//! `sei tenant`.

use anyhow::{Result, bail};
use api::views::TenantView;
use clap::Subcommand;
use kernel::Tenant;
use store::audit::{Action, Entry};

use crate::actor::actor;
use crate::cli::Global;
use crate::machine::with;
use crate::output;
use crate::settings::Settings;

/// Create, list and drop tenants: separate parts of the database
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Create a tenant
    Create {
        /// Its name: a lower-case letter, then letters, digits or `_`
        name: Tenant,
    },
    /// List all tenants
    List,
    /// Drop a tenant and all of its data
    Drop {
        /// Its name
        name: Tenant,

        /// Confirm: the data can't be restored
        #[arg(long)]
        yes: bool,
    },
}

impl TenantCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| match self {
            Self::Create { name } => {
                machine.store.create_tenant_by(name, false, &entry(Action::TenantCreated, name)).await?;
                output::print(&format!("tenant `{name}` is there"))
            }
            Self::Drop { name, .. } if *name == Tenant::default() => {
                bail!("`{name}` is the tenant that is always there")
            }
            Self::Drop { name, yes: false } => {
                bail!("this deletes all data of the tenant `{name}`; say --yes if you mean it")
            }
            Self::Drop { name, yes: true } => {
                machine.tenant(name).await?;
                machine.store.drop_tenant_by(name, &entry(Action::TenantDropped, name)).await?;
                output::print(&format!("tenant `{name}` is gone"))
            }
            Self::List => {
                let tenants = machine.store.tenants().await?;
                if global.json {
                    return output::print_json(&tenants.into_iter().map(TenantView::from).collect::<Vec<_>>());
                }
                let mut table = output::table(&["tenant", "data"]);
                for info in tenants {
                    table.add_row([info.tenant.to_string(), if info.demo { "demo" } else { "real" }.to_owned()]);
                }
                output::print(&table.to_string())
            }
        })
        .await
    }
}

/// What the audit log says of it.
fn entry(action: Action, name: &Tenant) -> Entry {
    Entry::new(actor(), action, name.as_str()).of(name)
}
