//! Whom the server runs as. PostgreSQL refuses to run as root, so root starts it as `postgres`, whom
//! Debian's package makes, or as `nobody`.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use super::ClusterError;

/// The user whom PostgreSQL's programs run as.
#[derive(Clone, Debug)]
pub(super) enum RunAs {
    /// Whom we run as.
    Ourselves,
    /// Another, since we are root.
    Other(Box<User>),
}

impl RunAs {
    pub(super) fn choose() -> Result<Self, ClusterError> {
        if !Uid::effective().is_root() {
            return Ok(Self::Ourselves);
        }
        let known = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
        Ok(Self::Other(Box::new(known.ok_or(ClusterError::NoUser)?)))
    }

    /// The user's number.
    pub(super) fn uid(&self) -> u32 {
        match self {
            Self::Ourselves => Uid::effective().as_raw(),
            Self::Other(user) => user.uid.as_raw(),
        }
    }

    /// A program as this user, outside of any folder that the user may not see, deaf to settings for
    /// PostgreSQL in our environment.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env("LC_ALL", "C");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("PG")) {
                command.env_remove(name);
            }
        }
        if let Self::Other(user) = self {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// Gives a folder to the user.
    pub(super) fn own(&self, folder: &Path) -> std::io::Result<()> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other(user) => std::os::unix::fs::chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())),
        }
    }

    /// Fails when the user can't get to a folder, by asking the system as that user.
    pub(super) fn reach(&self, folder: &Path) -> Result<(), ClusterError> {
        let Self::Other(user) = self else { return Ok(()) };
        let enters =
            |folder: &Path| self.command("test").arg("-x").arg(folder).status().is_ok_and(|status| status.success());
        if enters(folder) {
            return Ok(());
        }
        let mut way: Vec<&Path> = folder.ancestors().collect();
        way.reverse();
        let at = way.into_iter().find(|step| !enters(step)).unwrap_or(folder);
        Err(ClusterError::NotReachable { user: user.name.clone(), at: at.to_owned() })
    }
}
