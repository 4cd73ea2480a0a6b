//! `sei user`, and `sei admin link`.

use std::time::Duration;

use anyhow::{Result, ensure};
use api::identity::{manage, user_link};
use api::views::UserView;
use clap::Subcommand;
use serde_json::json;
use store::Store;
use store::identity::users::{self, User};

use super::identity::{ROWS, user};
use crate::actor::actor;
use crate::cli::{ForTenant, Global};
use crate::machine::{Machine, with};
use crate::output;
use crate::settings::Settings;

/// How long a link is good.
const LINK_LIFETIME: Duration = Duration::from_hours(1);

/// List users who may log in, disable them, say which person each is, and have them set a new password
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List all users
    List,
    /// Let a user log in no more: its sessions and tokens end within a second
    Disable {
        /// Its id or login name
        user: String,
    },
    /// Let a user log in again
    Enable {
        /// Its id or login name
        user: String,
    },
    /// State which person a user is: the one who has an account, as `sei people` lists them
    Link {
        /// Its id or login name
        user: String,

        /// An account of the person: host/login or email/address
        account: String,

        #[command(flatten)]
        tenant: ForTenant,
    },
    /// Take back which person a user is
    Unlink {
        /// Its id or login name
        user: String,

        #[command(flatten)]
        tenant: ForTenant,
    },
    /// Print a link, good for one hour and one login, by which a user sets its password
    Password {
        /// Its id or login name
        user: String,
    },
}

/// Make the first administrator
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Print a link, good for one hour and one login, by which an administrator sets a name and a password
    Link,
}

impl UserCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let store = &machine.store;
            match self {
                Self::List => list(store, global).await,
                Self::Disable { user: name } => set_disabled(machine, name, true).await,
                Self::Enable { user: name } => set_disabled(machine, name, false).await,
                Self::Link { user: name, account, tenant } => {
                    let (store, _) = machine.tenant(&tenant.tenant).await?;
                    let user = user(&store, name).await?;
                    user_link::link(&store, &actor(), &user, account).await?;
                    output::print(&format!("user `{}` is the person who has `{account}`", user.name))
                }
                Self::Unlink { user: name, tenant } => {
                    let (store, _) = machine.tenant(&tenant.tenant).await?;
                    let user = user(&store, name).await?;
                    user_link::unlink(&store, &actor(), &user).await?;
                    output::print(&format!("user `{}` is linked with no person", user.name))
                }
                Self::Password { user: name } => {
                    let user = user(store, name).await?;
                    link(store, &machine.settings, Some(&user), global).await
                }
            }
        })
        .await
    }
}

impl AdminCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let Self::Link = self;
        with(settings, async |machine| link(&machine.store, &machine.settings, None, global).await).await
    }
}

async fn set_disabled(machine: &Machine, name: &str, disabled: bool) -> Result<()> {
    let (store, providers) = (&machine.store, machine.settings.login.provider_names());
    let user = user(store, name).await?;
    manage::set_disabled(store, &actor(), &user, disabled, &providers).await?;
    let state = if disabled { "may not log in" } else { "may log in" };
    output::print(&format!("user `{}` {state}", user.name))
}

/// Makes a link and prints it.
async fn link(store: &Store, settings: &Settings, user: Option<&User>, global: &Global) -> Result<()> {
    ensure!(settings.login.enabled, "this server asks for no login: set `login.enabled = true` first");
    let secret = manage::create_link(store, &actor(), user, LINK_LIFETIME).await?;
    let base = match &settings.server.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", settings.server.listen),
    };
    let url = format!("{base}/login/link/{secret}");
    if global.json {
        return output::print_json(&json!({ "url": url, "good_for_seconds": LINK_LIFETIME.as_secs() }));
    }
    output::print(&format!("{url}\nIt is good for one hour and one login."))
}

async fn list(store: &Store, global: &Global) -> Result<()> {
    let mut all: Vec<UserView> = Vec::new();
    loop {
        let after = all.last().map(|user| user.id.clone());
        let rows = users::list(store, after.as_deref(), ROWS).await?;
        if rows.is_empty() {
            break;
        }
        all.extend(rows.into_iter().map(UserView::from));
    }
    if global.json {
        return output::print_json(&all);
    }
    let mut table = output::table(&["id", "name", "login name", "email", "groups", "state"]);
    for user in all {
        let state = if user.disabled_at.is_some() { "disabled" } else { "may log in" };
        let (login_name, email) = (user.login_name.unwrap_or_default(), user.email.unwrap_or_default());
        table.add_row([user.id, user.name, login_name, email, user.groups.join(", "), state.to_owned()]);
    }
    output::print(&table.to_string())
}
