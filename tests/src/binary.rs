//! The project's own programs, for tests that start them as processes.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The path of a program of the workspace, built from the sources as they are now.
///
/// # Panics
/// When it can't be built: a test can't go on without.
#[must_use]
#[expect(clippy::expect_used, reason = "a test can't go on without")]
pub fn binary(name: &str) -> PathBuf {
    // target/<profile>/deps/<this test>
    let test = std::env::current_exe().expect("a test knows its own path");
    let directory = test.parent().and_then(|deps| deps.parent()).expect("a test is in the target directory");
    // Under cargo it is brought up to date; a test that runs by itself takes what is there.
    if let Ok(cargo) = std::env::var("CARGO") {
        static BUILT: OnceLock<()> = OnceLock::new();
        BUILT.get_or_init(|| build(&cargo, directory.ends_with("release")));
    }
    let path = directory.join(name);
    assert!(path.exists(), "{} is missing: build it first", path.display());
    path
}

/// A command of a program, with nothing of the tests' own settings in its environment.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SEI_")) {
        command.env_remove(name);
    }
    // .cargo/config.toml has it for tests; programs have stacks of their own
    command.env_remove("RUST_MIN_STACK");
    command
}

/// Brings all programs up to date, as scripts/test does: a program alone would be built with other features of
/// what it shares with tests.
fn build(cargo: &str, release: bool) {
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--workspace", "--bins", "--tests"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // cargo's variables about this test's package: build scripts that depend on them would run again, and all that
    // hangs on them be built again
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_")) {
            build.env_remove(name);
        }
    }
    if release {
        build.arg("--release");
    }
    assert!(build.status().is_ok_and(|status| status.success()), "the programs can't be built");
}
