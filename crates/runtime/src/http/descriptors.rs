//! How many files this process may hold open. Connections must leave room for all other files, since a process
//! that has none left accepts nothing and says nothing.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors kept for all that is not a client's connection: the database, the log, files, children's pipes.
const RESERVED: u64 = 256;
/// As many as are asked of the system, if it allows more than it gives by itself.
const WANTED: u64 = 65_536;

/// Raises the soft limit of open files as far as the system allows, and returns how many of the `wanted`
/// connections fit into it.
pub(super) fn room_for(wanted: usize) -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return wanted };
    let asked = hard.min(WANTED).max(soft);
    let limit = if setrlimit(Resource::RLIMIT_NOFILE, asked, hard).is_ok() { asked } else { soft };
    let room = usize::try_from(limit.saturating_sub(RESERVED).max(limit / 4)).unwrap_or(usize::MAX);
    if room < wanted {
        tracing::warn!(
            limit.open_files = limit,
            "server.connections is {wanted}, but the limit of open files leaves room for {room}; raise it (ulimit -n)"
        );
    }
    wanted.min(room)
}
