//! Where the measurements take place: a directory for temporary files, the program beside this one, and data
//! directories whose private PostgreSQL runs already, as it does beside `sei up`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use kernel::{Fact, Tenant};
use store::{PrivateCluster, Store, facts};

use crate::process;

/// Facts of one transaction.
const BATCH: usize = 20_000;

/// The directory and the program.
pub(crate) struct Machine {
    directory: tempfile::TempDir,
    sei: PathBuf,
}

impl Machine {
    /// A new directory, which goes away with this.
    pub(crate) fn new() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("sei-bench").tempdir()?;
        // as root, PostgreSQL runs as a user who has to get through
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755))?;
        let sei = beside("sei")?;
        Ok(Self { directory, sei })
    }

    /// A path in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `sei` on a data directory, in a directory that is no repository.
    pub(crate) fn sei(&self, data: &Path) -> Command {
        let mut command = Command::new(&self.sei);
        command.current_dir(self.directory.path()).arg("--data").arg(data);
        command
    }

    /// A new data directory.
    pub(crate) fn data(&self, name: &str) -> Result<PathBuf> {
        let data = self.path(name);
        process::run(self.sei(&data).arg("migrate"), false)?;
        Ok(data)
    }
}

/// A program of the same build.
fn beside(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    ensure!(program.is_file(), "{} is missing: `make bench` builds it", program.display());
    Ok(program)
}

/// The PostgreSQL of a data directory, running until it is stopped.
pub(crate) struct Running {
    cluster: PrivateCluster,
    pub(crate) store: Store,
}

impl Running {
    /// Starts it.
    pub(crate) async fn start(data: &Path) -> Result<Self> {
        let cluster = PrivateCluster::start(&data.join("postgres")).await.context("the private PostgreSQL")?;
        let store = Store::connect(cluster.options(), 4).await?;
        Ok(Self { cluster, store })
    }

    /// Writes facts for the tenant `main`.
    pub(crate) async fn fill(&self, facts: impl Iterator<Item = Fact>) -> Result<()> {
        let store = self.store.for_tenant(&Tenant::default());
        let mut facts = facts;
        loop {
            let batch: Vec<Fact> = facts.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let mut transaction = store.begin().await?;
            facts::write(&mut transaction, &batch).await?;
            transaction.commit().await?;
        }
    }

    /// Runs SQL with PostgreSQL's own client.
    pub(crate) fn sql(&self, statement: &str) -> Result<String> {
        let mut command = Command::new("psql");
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
        command.args(["--dbname", &self.url()?, "--command", "set search_path = main", "--command", statement]);
        let needed = process::run(&mut command, true)?;
        Ok(String::from_utf8(needed.output)?)
    }

    /// Brings it to where autovacuum brings it by itself soon after many rows were written, so that what is
    /// left over from writing them is not measured.
    pub(crate) fn rest(&self) -> Result<()> {
        self.sql("vacuum analyze")?;
        self.sql("checkpoint")?;
        Ok(())
    }

    /// The same as a URL.
    pub(crate) fn url(&self) -> Result<String> {
        let options = self.cluster.options();
        let socket = options.get_socket().context("the private PostgreSQL listens on a socket only")?;
        let (user, database) = (options.get_username(), options.get_database().unwrap_or_default());
        let port = options.get_port();
        Ok(format!("postgres://{user}@localhost:{port}/{database}?host={}&sslmode=disable", socket.display()))
    }

    /// Stops it.
    pub(crate) async fn stop(self) -> Result<()> {
        self.store.close().await;
        Ok(self.cluster.stop().await?)
    }
}
