//! Files that an export writes into a directory, in place of those of an earlier one.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::cli::Global;
use crate::output;

/// Where an earlier export may have left files.
pub(crate) struct Earlier<'e> {
    /// A file that every export writes: where it is not there, nothing is of an earlier one.
    pub sign: String,
    /// The directories that hold YAML of exports only.
    pub directories: &'e [String],
}

/// Writes files, by their paths with `/` between directories, and deletes what an earlier export wrote and this one doesn't.
/// Fails where that could be of something else, before anything is written.
pub(crate) fn write_all(
    directory: &Path,
    files: &BTreeMap<String, String>,
    earlier: Option<&Earlier<'_>>,
) -> Result<()> {
    if let Some(earlier) = earlier {
        let mut others = Vec::new();
        for part in earlier.directories {
            find_others(&directory.join(part), (directory, files), &mut others)?;
        }
        let is_earlier = directory.join(&earlier.sign).exists();
        if let Some(other) = others.first().filter(|_| !is_earlier) {
            bail!(
                "found {}, but no {} of an earlier export; expected an empty directory: give another one",
                other.display(),
                earlier.sign
            );
        }
        for other in others {
            std::fs::remove_file(&other).with_context(|| format!("can't delete {}", other.display()))?;
        }
    }
    files.iter().try_for_each(|(path, text)| write(&directory.join(path), text.as_bytes()))
}

/// Writes a file, and makes its directory.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).with_context(|| format!("can't make {}", directory.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("can't write {}", path.display()))
}

/// Prints what was written, and where.
pub(crate) fn report(global: &Global, to: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    if global.json {
        return output::print_json(&json!({ "to": to, "files": files.keys().collect::<Vec<_>>() }));
    }
    output::print(&format!("wrote {} to {}", output::count(files.len(), "file"), to.display()))
}

/// Finds YAML in a part of the directory that is not among the files.
fn find_others(
    part: &Path,
    (directory, files): (&Path, &BTreeMap<String, String>),
    others: &mut Vec<PathBuf>,
) -> Result<()> {
    let failed = || format!("can't read {}", part.display());
    let entries = match std::fs::read_dir(part) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(failed)?,
    };
    for entry in entries {
        let entry = entry.with_context(failed)?;
        let path = entry.path();
        if entry.file_type().with_context(failed)?.is_dir() {
            find_others(&path, (directory, files), others)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let relative = path.strip_prefix(directory).unwrap_or(&path).to_string_lossy();
            if !files.contains_key(relative.as_ref()) {
                others.push(path);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> BTreeMap<String, String> {
        paths.iter().map(|path| ((*path).to_owned(), "name: x\n".to_owned())).collect()
    }

    #[test]
    fn an_export_deletes_what_an_earlier_one_wrote_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        let directories = ["charts".to_owned()];
        let earlier = Earlier { sign: "metadata.yaml".to_owned(), directories: &directories };
        let export = |paths: &[&str]| write_all(directory.path(), &files(paths), Some(&earlier));
        export(&["metadata.yaml", "charts/a.yaml", "charts/parts/b.yaml"]).unwrap();
        for path in ["charts/README.md", "other.yaml"] {
            std::fs::write(at(path), "x\n").unwrap();
        }
        export(&["metadata.yaml", "charts/a.yaml"]).unwrap();
        assert!(!at("charts/parts/b.yaml").exists(), "the export does not have it any more");
        assert!(at("charts/a.yaml").exists() && at("charts/README.md").exists() && at("other.yaml").exists());
    }

    #[test]
    fn a_directory_of_something_else_is_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let (theirs, directories) = (directory.path().join("charts/theirs.yaml"), ["charts".to_owned()]);
        std::fs::create_dir(directory.path().join("charts")).unwrap();
        std::fs::write(&theirs, "x\n").unwrap();
        let earlier = Earlier { sign: "metadata.yaml".to_owned(), directories: &directories };
        let error =
            write_all(directory.path(), &files(&["metadata.yaml", "charts/a.yaml"]), Some(&earlier)).unwrap_err();
        assert!(error.to_string().contains("theirs.yaml"), "{error}");
        assert!(theirs.exists() && !directory.path().join("metadata.yaml").exists());
    }

    #[test]
    fn without_an_earlier_export_nothing_is_deleted() {
        let directory = tempfile::tempdir().unwrap();
        write_all(directory.path(), &files(&["dashboards/a.json", "b.yaml"]), None).unwrap();
        write_all(directory.path(), &files(&["dashboards/c.json"]), None).unwrap();
        assert!(directory.path().join("dashboards/a.json").exists() && directory.path().join("b.yaml").exists());
    }
}
