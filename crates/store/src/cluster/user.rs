//! Whom the server runs as. PostgreSQL refuses to run as root, so root starts it as `postgres`, whom
//! Debian's package makes, or as `nobody`.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use super::error::ClusterError;

/// What a program of PostgreSQL gets of our environment, in which secrets stand that no other user may read:
/// where programs and libraries are, and where temporary files go.
const ENVIRONMENT: [&str; 3] = ["PATH", "LD_LIBRARY_PATH", "TMPDIR"];

/// A program that sees nothing of our environment that it does not need.
#[expect(clippy::disallowed_methods, reason = "these are the system's, no settings of ours")]
pub(super) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C");
    command.envs(ENVIRONMENT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
}

/// Lets no other user into the data directory: not even to look, but for the user whom PostgreSQL runs as when we
/// are root, who may pass through to what is theirs.
pub fn keep_private(directory: &Path) -> std::io::Result<()> {
    let mode = match RunAs::choose() {
        Ok(RunAs::Other(user)) => {
            std::os::unix::fs::chown(directory, None, Some(user.gid.as_raw()))?;
            0o710
        }
        Ok(RunAs::Ourselves) | Err(_) => 0o700,
    };
    let allowed = std::fs::metadata(directory)?.permissions().mode() & 0o777;
    if allowed == mode {
        return Ok(());
    }
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(mode))
}

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

    /// A program as this user, outside of any directory that the user may not see.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = clean(program);
        command.current_dir("/");
        if let Self::Other(user) = self {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// Gives a directory to the user.
    pub(super) fn own(&self, directory: &Path) -> std::io::Result<()> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other(user) => std::os::unix::fs::chown(directory, Some(user.uid.as_raw()), Some(user.gid.as_raw())),
        }
    }

    /// Fails when the user can't get to a directory, by asking the system as that user.
    pub(super) fn reach(&self, directory: &Path) -> Result<(), ClusterError> {
        let Self::Other(user) = self else { return Ok(()) };
        let enters = |directory: &Path| {
            self.command("test").arg("-x").arg(directory).status().is_ok_and(|status| status.success())
        };
        if enters(directory) {
            return Ok(());
        }
        let mut way: Vec<&Path> = directory.ancestors().collect();
        way.reverse();
        let at = way.into_iter().find(|step| !enters(step)).unwrap_or(directory);
        Err(ClusterError::NotReachable { user: user.name.clone(), at: at.to_owned() })
    }
}
