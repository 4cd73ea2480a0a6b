//! The machine that the command runs on: programs, and room on the disk.

use std::path::Path;

use tokio::process::Command;

use super::diagnosis::Diagnosis;
use crate::output::bytes;
use crate::room::Room;

/// Less room is a warning: a large repository, or a day of events, may not fit.
const FREE_BYTES: u64 = 5_000_000_000;
/// So is less than this share, in percent.
const FREE_PERCENT: u64 = 10;
/// Less room is a failure: the database stops when there is none.
const FULL_BYTES: u64 = 500_000_000;

/// The version of this program.
pub(super) fn program() -> Diagnosis {
    Diagnosis::ok("sei", format!("version {}", env!("CARGO_PKG_VERSION")))
}

/// The program that repositories are cloned with.
pub(super) async fn git_program() -> Vec<Diagnosis> {
    let output = Command::new("git").arg("--version").kill_on_drop(true).output().await;
    vec![match output {
        Ok(output) if output.status.success() => {
            Diagnosis::ok("git", String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("git "))
        }
        Ok(output) => {
            let found = format!("`git --version` ended with {}", output.status);
            Diagnosis::warning("git", found, "install git again: repositories can't be cloned")
        }
        Err(error) => {
            let found = format!("the program `git` can't be run: {error}");
            Diagnosis::warning("git", found, "install it (`apt-get install git`): repositories can't be cloned")
        }
    }]
}

/// Room on the disk of the data directory.
pub(super) fn disk(directory: &Path) -> Diagnosis {
    match Room::of(directory) {
        Ok(Room { free_bytes, all_bytes }) => room(&directory.display().to_string(), free_bytes, all_bytes),
        Err(error) => Diagnosis::warning(
            "disk",
            format!("the room of `{}` can't be read: {error}", directory.display()),
            "see that the user of sei may enter the directory",
        ),
    }
}

fn room(directory: &str, free: u64, all: u64) -> Diagnosis {
    let found = format!("{} of {} free at `{directory}`", bytes(free), bytes(all));
    let advice = "make room, or keep less (`sei data status` shows what takes it)";
    if free < FULL_BYTES {
        Diagnosis::failure("disk", found, advice)
    } else if free < FREE_BYTES || free.saturating_mul(100) < all.saturating_mul(FREE_PERCENT) {
        Diagnosis::warning("disk", found, advice)
    } else {
        Diagnosis::ok("disk", found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnosis::DiagnosisState;
    use super::*;

    #[test]
    fn a_disk_that_fills_up_is_a_warning_and_then_a_failure() {
        const GB: u64 = 1_000_000_000;
        for (free, all, expected) in [
            (60 * GB, 100 * GB, DiagnosisState::Ok),
            (10 * GB, 100 * GB, DiagnosisState::Ok),
            (9 * GB, 100 * GB, DiagnosisState::Warning),
            (200 * GB, 4_000 * GB, DiagnosisState::Warning),
            (4 * GB, 10 * GB, DiagnosisState::Warning),
            (GB / 10, 100 * GB, DiagnosisState::Failure),
            (0, 0, DiagnosisState::Failure),
        ] {
            let found = room("/var/lib/sei", free, all);
            assert_eq!(found.state, expected, "{found:?}");
            assert_eq!(found.advice.is_none(), expected == DiagnosisState::Ok);
        }
    }

    #[test]
    fn the_disk_of_a_directory_that_is_not_there_yet_is_that_of_the_one_above_it() {
        let directory = tempfile::tempdir().unwrap();
        let found = disk(&directory.path().join("a/b"));
        assert!(found.found.contains("free at"), "{found:?}");
    }
}
