//! The shell of a role that is a process of its own: settings, signals, health, server, and the order in which all
//! that ends. `sei up` runs the same roles beside each other ([`Running`]).

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{CommandFactory, FromArgMatches, Parser};
use tokio_util::sync::CancellationToken;

use crate::health::{Check, Readiness};
use crate::http::{Listeners, Routes};
use crate::reload::Next;
pub use crate::running::{Running, check_in_time};
use crate::settings::{Database, Settings};

/// A role: what it opens, serves, watches and works on.
pub trait Role: Send + Sync + Sized + 'static {
    /// The sections of the settings that it reads.
    type Settings: Settings;

    /// What it serves beside its health: [`Routes`] if that is nothing.
    type Routes: Into<Routes> + Default;

    /// The name of its own program.
    const NAME: &'static str;
    /// What it does, for `--help`.
    const ABOUT: &'static str;
    /// What has to hold before it is ready.
    const CHECKS: &'static [Check];

    /// Opens what it needs. Dropped on the way, it leaves nothing open.
    fn open(settings: Self::Settings) -> impl Future<Output = Result<Self>> + Send;

    /// Fails if it could not go on with these settings.
    fn usable(&self, settings: &Self::Settings) -> Result<()> {
        database_url(settings.database()).map(drop)
    }

    /// What it serves beside its health.
    fn routes(&self) -> Self::Routes {
        Self::Routes::default()
    }

    /// Says how its checks stand.
    fn check(&self, readiness: &Readiness) -> impl Future<Output = ()> + Send;

    /// Works until it is asked to end.
    fn work(&self, end: CancellationToken) -> impl Future<Output = Result<()>> + Send {
        async move {
            end.cancelled().await;
            Ok(())
        }
    }

    /// Closes what it opened, in a bounded time.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// The arguments of a role of its own.
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    /// The settings file; without it `./sei.toml`, else `/etc/sei/sei.toml`, if it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Sets one key over all else, such as `log.kind=kafka`. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// The `main` of a role's own program.
pub fn main<R: Role>() -> Result<()> {
    crate::catch_signals();
    let command = CommandLine::command().name(R::NAME).about(R::ABOUT);
    let CommandLine { config, overrides } = CommandLine::from_arg_matches(&command.get_matches())?;
    let settings = crate::start::<R::Settings>(R::NAME, config.as_deref(), &overrides)?;
    let reread = || Ok(crate::load(config.as_deref(), &overrides)?);
    let ended = crate::block_on(run::<R>(&crate::shutdown(), settings, reread))?;
    crate::telemetry::end();
    ended
}

/// Runs a role until the shutdown ([`crate::shutdown`]). After SIGHUP, if the settings as they are then can be used, it
/// ends in order, as by the shutdown, and the program starts again.
pub async fn run<R: Role>(
    shutdown: &CancellationToken,
    settings: R::Settings,
    reread: impl Fn() -> Result<R::Settings>,
) -> Result<()> {
    Ok(until_closed::<R>(shutdown, settings, reread).await?.act(shutdown)?)
}

/// Runs a role until it has ended and closed what it opened.
async fn until_closed<R: Role>(
    shutdown: &CancellationToken,
    settings: R::Settings,
    reread: impl Fn() -> Result<R::Settings>,
) -> Result<Next> {
    let before = settings.clone();
    let server = settings.server().clone();
    // a port that is taken is found before anything is opened that has to be closed
    let listeners = Listeners::open(&server)?;
    let Some(opened) = shutdown.run_until_cancelled(R::open(settings)).await else { return Ok(Next::Exit) };
    let role = Arc::new(opened?);
    let usable = || {
        let settings = reread()?;
        role.usable(&settings)?;
        Listeners::check(settings.server())?;
        Ok(crate::changed_keys(&before, &settings))
    };
    let serve = async |end: CancellationToken| {
        let readiness = Readiness::waiting_for(R::CHECKS);
        let mut running = Running::serve(listeners, role.routes(), &server, readiness.clone());
        let worker = Arc::clone(&role);
        running.start(R::NAME, |end| async move { worker.work(end).await });
        let watched = Arc::clone(&role);
        running.watch(R::CHECKS, move || {
            let (role, readiness) = (Arc::clone(&watched), readiness.clone());
            async move { role.check(&readiness).await }
        });
        let ended = tokio::select! {
            error = running.failed() => Err(error),
            () = end.cancelled() => Ok(()),
        };
        ended.and(running.stop().await)
    };
    let ended = crate::reload::run(shutdown, usable, serve).await;
    // what has used it has ended
    if let Some(role) = Arc::into_inner(role) {
        role.close().await;
    }
    ended
}

/// Where the database of several processes is.
pub fn database_url(settings: &Database) -> Result<String> {
    let url = settings.url.as_ref().context(
        "`database.url` is not set: a role of its own needs the database of the others; `sei up` runs all roles on \
         one machine with a database of its own",
    )?;
    let url = crate::secret::read(url).context("`database.url` can't be read")?;
    Ok(url.expose_str().context("`database.url` is no URL of a PostgreSQL database")?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::settings::{Findings, Server, Telemetry};

    #[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
    struct Sections {
        database: Database,
        server: Server,
        telemetry: Telemetry,
    }

    impl Settings for Sections {
        crate::process_sections!();

        fn check(&self, _: &mut Findings) {}
    }

    static CLOSED: AtomicBool = AtomicBool::new(false);

    struct Idle;

    impl Role for Idle {
        type Settings = Sections;
        type Routes = Routes;
        const NAME: &'static str = "idle";
        const ABOUT: &'static str = "Does nothing";
        const CHECKS: &'static [Check] = &[Check::Database];

        async fn open(_: Sections) -> Result<Self> {
            Ok(Self)
        }
        fn usable(&self, _: &Sections) -> Result<()> {
            Ok(())
        }
        async fn check(&self, readiness: &Readiness) {
            readiness.passed(Check::Database);
        }
        async fn close(self) {
            CLOSED.store(true, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn a_reload_closes_what_a_shutdown_closes() {
        let server = Server { listen: "127.0.0.1:0".parse().unwrap(), ..Server::default() };
        let settings = Sections { server, ..Sections::default() };
        let shutdown = CancellationToken::new();
        let stop = || shutdown.cancel();
        let ways: [(&dyn Fn(), Next); 2] = [(&crate::shutdown::hang_up, Next::Restart), (&stop, Next::Exit)];
        for (ask, expected) in ways {
            CLOSED.store(false, Ordering::SeqCst);
            let running = until_closed::<Idle>(&shutdown, settings.clone(), || Ok(settings.clone()));
            let (next, ()) = tokio::join!(running, async { ask() });
            assert_eq!((next.unwrap(), CLOSED.load(Ordering::SeqCst)), (expected, true));
        }
        assert!(Next::Restart.act(&shutdown).is_ok(), "the end that was asked for meanwhile counts");
    }
}
