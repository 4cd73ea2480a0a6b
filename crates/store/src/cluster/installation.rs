//! Which PostgreSQL is installed: Debian's packages put each major version into a directory of its own;
//! elsewhere the programs are on the path.

use super::error::ClusterError;
use super::user::clean;
use std::path::{Path, PathBuf};

/// Where Debian and Ubuntu have PostgreSQL.
const DEBIAN: &str = "/usr/lib/postgresql";

/// An installed major version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Installation {
    pub(super) major: u32,
    pub(super) programs: PathBuf,
}

/// The installed versions, newest first; at least one.
#[expect(clippy::disallowed_methods, reason = "where programs are is no setting of ours")]
pub(super) fn installed() -> Result<Vec<Installation>, ClusterError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = find(Path::new(DEBIAN), std::env::split_paths(&path));
    if found.is_empty() { Err(ClusterError::NotInstalled) } else { Ok(found) }
}

fn find(debian: &Path, path: impl Iterator<Item = PathBuf>) -> Vec<Installation> {
    let directories = std::fs::read_dir(debian).into_iter().flatten().flatten();
    let mut found: Vec<Installation> = directories
        .filter_map(|directory| {
            let major = directory.file_name().to_str()?.parse().ok()?;
            Some(Installation { major, programs: directory.path().join("bin") })
        })
        .filter(|installation| complete(&installation.programs))
        .collect();
    if found.is_empty() {
        // the programs find their parts relative to where they really are
        let directories =
            path.filter_map(|directory| Some(directory.join("postgres").canonicalize().ok()?.parent()?.to_owned()));
        found.extend(
            directories
                .filter(|directory| complete(directory))
                .find_map(|programs| Some(Installation { major: version(&programs)?, programs })),
        );
    }
    found.sort_by(|a, b| b.cmp(a));
    found
}

fn complete(programs: &Path) -> bool {
    ["postgres", "initdb"].iter().all(|program| programs.join(program).is_file())
}

/// The major version, as `postgres (PostgreSQL) 15.18 (Debian …)` says it.
fn version(programs: &Path) -> Option<u32> {
    let output = clean(programs.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(programs: &Path) {
        std::fs::create_dir_all(programs).unwrap();
        for program in ["postgres", "initdb"] {
            std::fs::write(programs.join(program), "").unwrap();
        }
    }

    #[test]
    fn the_newest_complete_version_comes_first_and_none_is_an_error_for_people() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(find(root.path(), std::iter::empty()), []);
        install(&root.path().join("9/bin"));
        install(&root.path().join("16/bin"));
        install(&root.path().join("15/bin"));
        std::fs::create_dir_all(root.path().join("17/bin")).unwrap();
        std::fs::create_dir_all(root.path().join("not-a-version/bin")).unwrap();
        let majors: Vec<u32> = find(root.path(), std::iter::empty()).iter().map(|found| found.major).collect();
        assert_eq!(majors, [16, 15, 9]);
        assert!(ClusterError::NotInstalled.to_string().contains("apt-get install postgresql"));
    }
}
