//! What `scripts/manifests` answers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::Result;
use serde_json::Value;

/// The directory of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The directory of the definitions of the kinds that operators bring, or why they can't be had.
pub(crate) fn operators() -> &'static Result<String, String> {
    static FETCHED: OnceLock<Result<String, String>> = OnceLock::new();
    FETCHED.get_or_init(|| match Command::new(root().join("scripts/schemas")).arg("operators").output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    })
}

/// Runs `scripts/manifests`, and returns what it prints or, if it fails, what it reports.
pub(crate) fn manifests(command: &str, files: &[PathBuf]) -> Result<Result<String, String>> {
    let mut script = Command::new(root().join("scripts/manifests"));
    if let Ok(directory) = operators() {
        script.env("OPERATOR_SCHEMAS", directory);
    }
    let output = script.arg(command).args(files).output()?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(Ok(String::from_utf8(output.stdout)?))
}

/// The objects of manifests, or what the schemas have against them.
pub(crate) fn read(files: &[PathBuf]) -> Result<Result<Vec<Value>, String>> {
    let text = match manifests("validate", files)? {
        Ok(text) => text,
        Err(problems) => return Ok(Err(problems)),
    };
    let all: Vec<Value> = serde_json::from_str(&text)?;
    Ok(Ok(all.into_iter().map(|one| one["object"].clone()).collect()))
}

/// The settings that a ConfigMap holds.
pub(crate) fn settings(objects: &[Value]) -> Option<&str> {
    objects.iter().find_map(|object| object["data"]["sei.toml"].as_str())
}

/// The names of the objects of a kind.
pub(crate) fn named(objects: &[Value], kind: &str) -> Vec<String> {
    let of_kind = objects.iter().filter(|object| object["kind"] == kind);
    let mut names: Vec<_> =
        of_kind.filter_map(|object| object["metadata"]["name"].as_str()).map(str::to_owned).collect();
    names.sort();
    names
}
