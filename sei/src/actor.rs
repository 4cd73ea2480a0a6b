//! Who uses the command line: the user of the operating system, as the audit log names them.

use nix::unistd::{User, getuid};
use store::audit::{Actor, ActorKind};

/// The user that this process runs as.
pub(crate) fn actor() -> Actor {
    let uid = getuid();
    let name = User::from_uid(uid).ok().flatten().map(|user| user.name);
    Actor { kind: ActorKind::CommandLine, id: format!("uid {uid}"), name }
}
