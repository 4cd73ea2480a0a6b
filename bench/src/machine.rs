//! Where the measurements take place: a folder for temporary files, the program beside this one, and data
//! folders whose private PostgreSQL runs already, as it does beside `sei up`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use store::{PgConnectOptions, PrivateCluster, Store};

use crate::process;

/// The folder and the program.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
    sei: PathBuf,
}

impl Machine {
    /// A new folder, which goes away with this.
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("sei-bench").tempdir()?;
        // as root, PostgreSQL runs as a user who has to get through
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let sei = std::env::current_exe()?.with_file_name("sei");
        ensure!(sei.is_file(), "{} is missing: `make bench` builds it", sei.display());
        Ok(Self { folder, sei })
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `sei` on a data folder, in a folder that is no repository.
    pub(crate) fn sei(&self, data: &Path) -> Command {
        let mut command = Command::new(&self.sei);
        command.current_dir(self.folder.path()).arg("--data").arg(data);
        command
    }

    /// A new data folder.
    pub(crate) fn data(&self, name: &str) -> Result<PathBuf> {
        let data = self.path(name);
        process::run(self.sei(&data).arg("migrate"), false)?;
        Ok(data)
    }
}

/// The PostgreSQL of a data folder, running until it is stopped.
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

    /// How others reach it.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.cluster.options()
    }

    /// Stops it.
    pub(crate) async fn stop(self) -> Result<()> {
        self.store.close().await;
        Ok(self.cluster.stop().await?)
    }
}
