//! A release as `scripts/release` makes it, with a small program in place of sei, and `deploy/install.sh`, which installs
//! it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::architecture::root;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// It answers what a release asks of it.
const PROGRAM: &str = r#"
#include <stdio.h>
#include <string.h>
int main(int count, char **arguments) {
    if (count < 2) return 2;
    if (!strcmp(arguments[1], "man")) {
        char path[4096];
        snprintf(path, sizeof path, "%s/sei.1", arguments[2]);
        FILE *page = fopen(path, "w");
        return page && fputs(".TH sei 1\n", page) >= 0 ? fclose(page) : 1;
    }
    return puts(strcmp(arguments[1], "version") ? arguments[1] : VERSION) < 0;
}
"#;

/// A release for this machine.
static RELEASE: LazyLock<TempDir> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    let (source, program) = (directory.path().join("sei.c"), directory.path().join("sei"));
    std::fs::write(&source, PROGRAM).unwrap();
    let mut compile = Command::new("cc");
    good(compile.arg(format!("-DVERSION=\"{VERSION}\"")).arg("-o").arg(&program).arg(&source));
    let mut release = Command::new(root().join("scripts/release"));
    good(release.arg("--binary").arg(&program).arg("--output").arg(directory.path().join("release")));
    directory
});

fn release() -> PathBuf {
    RELEASE.path().join("release")
}

/// Runs a command that must work.
fn good(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the installer of a release.
fn install(release: &Path, prefix: &Path, more: &[&str]) -> Output {
    Command::new("sh").arg(release.join("install.sh")).arg("--prefix").arg(prefix).args(more).output().unwrap()
}

/// What the installer says when it refuses; it has installed nothing then.
fn refused(output: &Output, prefix: &Path) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(!prefix.exists(), "something was installed");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The release in a directory of its own, which a test may change.
fn copied(directory: &TempDir) -> PathBuf {
    let copy = directory.path().join("release");
    good(Command::new("cp").arg("-r").arg(release()).arg(&copy));
    copy
}

fn archive(release: &Path) -> PathBuf {
    let files = std::fs::read_dir(release).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|ending| ending == "gz")).max().unwrap()
}

#[test]
fn a_release_is_installed_below_a_prefix_and_over_itself() {
    let directory = tempfile::tempdir().unwrap();
    let prefix = directory.path().join("prefix");
    for _ in 0..2 {
        let output = install(&release(), &prefix, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.contains(&format!("sei {VERSION} is installed")) && printed.contains("Next: "), "{printed}");
    }
    assert_eq!(good(Command::new(prefix.join("bin/sei")).arg("version")).trim(), VERSION);
    for file in ["man/man1/sei.1.gz", "bash-completion/completions/sei", "zsh/site-functions/_sei", "doc/sei/copyright"]
    {
        assert!(prefix.join("share").join(file).is_file(), "{file}");
    }
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (copy, prefix) = (copied(&directory), directory.path().join("prefix"));
    let mut bytes = std::fs::read(archive(&copy)).unwrap();
    bytes.push(0);
    std::fs::write(archive(&copy), bytes).unwrap();
    let printed = refused(&install(&copy, &prefix, &[]), &prefix);
    assert!(printed.contains("is not what was released"), "{printed}");
    std::fs::remove_file(copy.join("SHA256SUMS")).unwrap();
    let printed = refused(&install(&copy, &prefix, &[]), &prefix);
    assert!(printed.contains("has no SHA256SUMS"), "{printed}");
}

#[test]
fn a_release_is_fetched_over_https_only() {
    let directory = tempfile::tempdir().unwrap();
    let prefix = directory.path().join("prefix");
    for url in ["http://example.org/sei", "ftp://example.org/sei"] {
        let printed = refused(&install(&release(), &prefix, &["--from", url]), &prefix);
        assert!(printed.contains("https only"), "{printed}");
    }
}

#[test]
fn a_machine_that_has_no_release_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let prefix = directory.path().join("prefix");
    let uname = directory.path().join("uname");
    let path = format!("{}:{}", directory.path().display(), "/usr/bin:/bin");
    let other = if cfg!(target_arch = "aarch64") { "x86_64" } else { "aarch64" };
    for (machine, expected) in [("riscv64", "this machine is riscv64"), (other, "has nothing for ")] {
        std::fs::write(&uname, format!("#!/bin/sh\n[ \"$1\" = -m ] && echo {machine} || echo Linux\n")).unwrap();
        std::fs::set_permissions(&uname, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new("sh");
        command.arg(release().join("install.sh")).arg("--prefix").arg(&prefix).env("PATH", &path);
        let printed = refused(&command.output().unwrap(), &prefix);
        assert!(printed.contains(expected), "{printed}");
    }
}

#[test]
fn a_release_states_what_it_has_and_what_that_is_made_of() {
    let release = release();
    good(Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&release));
    let sums = std::fs::read_to_string(release.join("SHA256SUMS")).unwrap();
    let files = std::fs::read_dir(&release).unwrap().count();
    assert_eq!(sums.lines().count() + 1, files, "a file is not among the sums:\n{sums}");

    let named = |ending: &str| sums.split_whitespace().find(|name| name.ends_with(ending)).unwrap().to_owned();
    let bill: Value = serde_json::from_slice(&std::fs::read(release.join(named(".cdx.json"))).unwrap()).unwrap();
    let components = bill["components"].as_array().unwrap();
    let has = |name: &str| components.iter().any(|component| component["name"] == name);
    assert!(has("rdkafka-sys") && has("openssl-src") && has("react"), "what is linked in");
    assert!(!has("proptest") && !has("vite"), "what only tests or builds");
    assert!(components.iter().all(|component| component["version"].is_string()));

    let package = release.join(named(".deb"));
    let field = |name: &str| good(Command::new("dpkg-deb").arg("--field").arg(&package).arg(name));
    assert_eq!((field("Package").trim(), field("Version").trim()), ("sei", VERSION));
    assert!(field("Depends").contains("git") && field("Depends").contains("libc6 (>= "), "{}", field("Depends"));
    let contents = good(Command::new("dpkg-deb").arg("--contents").arg(&package));
    for file in [
        "./usr/bin/sei",
        "system/sei.service",
        "system/sei@.service",
        "system/sei-backup.service",
        "sysusers.d/sei.conf",
        "etc/sei/sei.toml",
    ] {
        assert!(contents.lines().any(|line| line.ends_with(file)), "{file}:\n{contents}");
    }
}

#[test]
fn the_settings_of_the_package_can_be_used() {
    let checked = runtime::check::<sei::settings::Settings>(Some(&root().join("deploy/linux/sei.toml")), &[]);
    let settings = checked.settings.unwrap();
    assert_eq!(settings.data.directory, Path::new("/var/lib/sei"));
}

#[test]
fn the_image_is_built_by_the_rust_that_the_workspace_names() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let wanted = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
    assert!(read("deploy/Containerfile").contains(&format!("docker.io/library/rust:{wanted}-")), "{wanted}");
}
