//! The shell of a role that is a process of its own: settings, signals, health, server, and the order in which all
//! that ends. `sei up` runs the same roles beside each other.

use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, Error, Result, bail};
use clap::{CommandFactory, FromArgMatches, Parser};
use tokio_util::sync::CancellationToken;

use crate::health::{Check, Health, Readiness};
use crate::http::{self, Listeners, Routes};
use crate::reload::Next;
use crate::settings::{Database, Settings};

/// How long readiness waits between two checks of what a role depends on, while all of it is well …
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// … and while something is not, so that a fault that has passed is not shown for long.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How long the checks of a role may take together, longer than any of them by itself.
const CHECK_TIMEOUT: Duration = Duration::from_secs(30);

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

    /// Opens what it needs.
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

    /// Closes what it opened.
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
    let settings = crate::start::<R::Settings>(config.as_deref(), &overrides)?;
    let reread = || Ok(crate::load(config.as_deref(), &overrides)?);
    tokio::runtime::Runtime::new()?.block_on(run::<R>(&crate::shutdown(), settings, reread))
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
    let role = R::open(settings).await?;
    let usable = || {
        let settings = reread()?;
        role.usable(&settings)?;
        Ok(crate::changed_keys(&before, &settings))
    };
    let listeners = Listeners::open(&server)?;
    let serve = async |end: CancellationToken| {
        let readiness = Readiness::waiting_for(R::CHECKS);
        let routes = Health::new(readiness.clone(), &server).and(role.routes());
        let (receiving, working) = (CancellationToken::new(), CancellationToken::new());
        let mut server = tokio::spawn(http::serve(listeners, routes, server.clone(), receiving.clone()));
        let mut work = pin!(role.work(working.clone()));
        let watch = async {
            check_in_time(role.check(&readiness), &readiness, R::CHECKS).await;
            keep_checking(|| role.check(&readiness), &readiness, R::CHECKS).await;
        };
        tokio::select! {
            ended = &mut work => {
                ended?;
                bail!("{} ended although it was not asked to", R::NAME);
            }
            ended = &mut server => ended??,
            () = watch => {}
            () = end.cancelled() => {}
        }
        // not ready any more, nothing is received, what was received is worked on
        readiness.stop();
        receiving.cancel();
        let drain = async {
            let drained = if server.is_finished() { Ok(Ok(())) } else { server.await };
            working.cancel();
            Ok::<(), Error>(drained??)
        };
        let (drained, worked) = tokio::join!(drain, work);
        drained.and(worked)
    };
    let ended = crate::reload::run(shutdown, usable, serve).await;
    role.close().await;
    ended
}

/// Keeps readiness up to date for ever, after a first check: checks every 5 s while all of it is well, every second
/// while something is not.
pub async fn keep_checking<F: Future<Output = ()>>(look: impl Fn() -> F, readiness: &Readiness, checks: &[Check]) {
    loop {
        let pause = if readiness.is_ready() { CHECK_INTERVAL } else { RECHECK_INTERVAL };
        tokio::time::sleep(pause).await;
        check_in_time(look(), readiness, checks).await;
    }
}

/// Waits for checks for a bounded time: those that have not ended by then do not hold, since what they wait for does not
/// answer.
pub async fn check_in_time(look: impl Future<Output = ()>, readiness: &Readiness, checks: &[Check]) {
    if tokio::time::timeout(CHECK_TIMEOUT, look).await.is_err() {
        for check in checks {
            readiness.failed(*check, format!("no answer within {} s", CHECK_TIMEOUT.as_secs()));
        }
    }
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
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use tokio::time::Instant;

    use super::*;
    use crate::settings::{Findings, Server, Telemetry};

    #[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
    struct Sections {
        database: Database,
        server: Server,
        telemetry: Telemetry,
    }

    impl Settings for Sections {
        fn database(&self) -> &Database {
            &self.database
        }
        fn server(&self) -> &Server {
            &self.server
        }
        fn telemetry(&self) -> &Telemetry {
            &self.telemetry
        }
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
            ask();
            let next = until_closed::<Idle>(&shutdown, settings.clone(), || Ok(settings.clone())).await.unwrap();
            assert_eq!((next, CLOSED.load(Ordering::SeqCst)), (expected, true));
        }
        assert!(Next::Restart.act(&shutdown).is_ok(), "the end that was asked for meanwhile counts");
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_hold_is_checked_again_within_a_second() {
        let readiness = Readiness::default();
        readiness.passed(Check::Database);
        let (begun, checked) = (Instant::now(), Mutex::new(Vec::new()));
        let look = async || {
            let mut checked = checked.lock().unwrap();
            checked.push(begun.elapsed().as_secs());
            let away = checked.len() < 4;
            readiness.set_from(Check::Database, if away { Err("away") } else { Ok(()) });
        };
        let checking = keep_checking(look, &readiness, &[Check::Database]);
        assert!(tokio::time::timeout(Duration::from_secs(14), checking).await.is_err());
        assert_eq!(*checked.lock().unwrap(), [5, 6, 7, 8, 13]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_never_ends_does_not_hold() {
        let readiness = Readiness::default();
        readiness.passed(Check::Database);
        check_in_time(std::future::pending(), &readiness, &[Check::Database]).await;
        assert!(!readiness.is_ready());
        check_in_time(async { readiness.passed(Check::Database) }, &readiness, &[Check::Database]).await;
        assert!(readiness.is_ready());
    }
}
