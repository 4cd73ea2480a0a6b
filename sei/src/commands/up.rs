//! `sei up`: all roles in one process.
//!
//! Order at the start: the data directory is ours alone, the address is free, the database runs, its schema
//! is right, roles run, it is ready, sources are collected, the report is printed. Order at the end: not
//! ready any more, nothing is received, what was received is written, connections are closed, the private
//! database is stopped.

mod database;
mod first;
mod roles;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use chrono::Utc;
use clap::Args;
use collectors::CollectorRole;
use collectors::gateway::GatewayState;
use collectors::sources::{ConfiguredRepository, repositories, with_repositories};
use eventlog::EventLog;
use runtime::http::Listeners;
use runtime::reload::Next;
use runtime::role::Role;
use tokio_util::sync::CancellationToken;

use super::collect::GitOptions;
use crate::cli::Global;
use crate::declare::declare;
use crate::directory::DataDirectory;
use crate::machine::Machine;
use crate::settings::Settings;
use roles::Roles;

const EXAMPLES: &str = "\
Examples:
  sei up                                  the git repository of the current directory
  sei up --repo ~/src/shop --deployment-branch main
  sei up --repo https://github.com/octocat/hello-world.git --listen 127.0.0.1:9000
  sei up --config sei.toml                the sources of a settings file (see `sei config default`)

Ctrl-C ends it in order; a second Ctrl-C ends it at once, and nothing is lost. SIGHUP, or `sei reload`,
starts it again with the settings as they are then, if they are right. The next start continues
with the same data.";

/// Start everything in one process: collecting, processing, metrics, API and page
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Up {
    /// A git repository to collect, a path or a URL; can be repeated. Without it those of the settings,
    /// else that of the current directory
    #[arg(long, value_name = "PATH|URL")]
    repo: Vec<String>,

    /// Where to serve the page and the API (server.listen)
    #[arg(long, value_name = "ADDRESS", value_parser = listen_address)]
    listen: Option<SocketAddr>,

    /// A port of 127.0.0.1 on which the private database lets BI tools log in (see `sei analytics`)
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    analytics_port: Option<u16>,

    #[command(flatten)]
    options: GitOptions,
}

/// Reads an address to listen on.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an IP address and a port up to 65535, such as 127.0.0.1:8080".to_owned())
}

impl Up {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let mut settings = self.with_flags(settings)?;
        let before = settings.clone();
        // before anything is started: from here on a signal ends it in order
        let shutdown = runtime::shutdown();
        let directory = DataDirectory::open(&settings.data.directory)?;
        // held until the end
        let only_one = directory.only_one()?;
        settings.server.socket = settings.server.socket.or_else(|| directory.socket());
        let listeners = Listeners::open(&settings.server)?;
        settings.server.listen = listeners.address()?;
        let opened = Machine::open(settings, directory, self.analytics_port, &shutdown).await?;
        let Some(machine) = opened else { return Ok(()) };
        let started = async {
            machine.migrate().await?;
            let sections = serde_json::to_value(&machine.settings)?;
            store::audit::note_settings(&machine.store, "sei up", &sections).await;
            declare(&machine.store, &machine.settings, Utc::now()).await?;
            Roles::start(&machine, listeners, runtime::settings_file(global.config.as_deref())).await
        };
        let mut next = Next::Exit;
        let result = match shutdown.run_until_cancelled(started).await {
            // nothing runs yet that would have to end in order
            None => Ok(()),
            Some(Err(error)) => Err(error),
            Some(Ok(mut roles)) => {
                let log = Arc::clone(&roles.log);
                let work = async {
                    let sources = machine.settings.source.clone();
                    let role = CollectorRole::new(sources, false, machine.collector(&log))?;
                    let collect = || first::collect_and_report(&machine, role.collector(), global.json);
                    while let Err(error) = Box::pin(collect()).await {
                        first::wait_for_database(error).await?;
                    }
                    role.work(shutdown.clone()).await
                };
                let ended = tokio::select! {
                    result = work => result,
                    error = roles.failed() => Err(error),
                    () = shutdown.cancelled() => Ok(()),
                    () = runtime::reload::asked(|| self.usable(global, &before, &machine, &log)) => {
                        next = Next::Restart;
                        Ok(())
                    }
                };
                ended.and(roles.stop().await)
            }
        };
        result.and(machine.close().await)?;
        drop(only_one);
        Ok(next.act(&shutdown)?)
    }

    /// Flags that stand for a setting, as `--set` takes it: so they are checked as the setting is.
    pub(crate) fn overrides(&self) -> Option<String> {
        self.listen.map(|address| format!("server.listen={address}"))
    }

    /// The settings with the repositories of the flags instead.
    fn with_flags(&self, mut settings: Settings) -> Result<Settings> {
        if let Some(repositories) = self.repositories(&settings)? {
            settings.source = with_repositories(&settings.source, &repositories);
        }
        Ok(settings)
    }

    /// Which settings are others now, if these can be started with. The answer is left for `sei reload`.
    fn usable(
        &self,
        global: &Global,
        before: &Settings,
        machine: &Machine,
        log: &Arc<dyn EventLog>,
    ) -> Result<Vec<String>> {
        let changed = global.settings().and_then(|(settings, _)| {
            let settings = self.with_flags(settings)?;
            can_start(&settings, machine, log)?;
            Ok(runtime::changed_keys(before, &settings))
        });
        machine.directory.answer_reload(&changed);
        changed
    }

    /// What is collected instead of the git repositories of the settings: the repositories that were named, else, if the
    /// settings name nothing to collect, that of the current directory, else those of the settings with the flags.
    fn repositories(&self, settings: &Settings) -> Result<Option<Vec<ConfiguredRepository>>> {
        let mut named = self.repo.clone();
        if named.is_empty() && settings.source.iter().all(|source| source.pull.is_none()) {
            let here = std::env::current_dir().ok().and_then(|directory| repository_around(&directory));
            named.extend(here.map(|directory| directory.display().to_string()));
        }
        if named.is_empty() && self.options.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.options.repositories(&named, &repositories(&settings.source)?)))
    }
}

/// Fails if settings can't be started with.
fn can_start(settings: &Settings, machine: &Machine, log: &Arc<dyn EventLog>) -> Result<()> {
    settings.login.require(&settings.server)?;
    Listeners::check(&settings.server)?;
    machine.collector(log).jobs(&settings.source, false, &CancellationToken::new())?;
    GatewayState::new(&settings.into(), Arc::clone(log))?;
    Ok(())
}

/// The git repository that a directory is in, if it is in one.
fn repository_around(directory: &Path) -> Option<PathBuf> {
    let is_bare = |directory: &Path| directory.join("HEAD").is_file() && directory.join("objects").is_dir();
    directory.ancestors().find(|directory| directory.join(".git").exists() || is_bare(directory)).map(Path::to_owned)
}
