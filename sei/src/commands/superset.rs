//! `sei superset`: the dashboards as files that Apache Superset imports.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ::superset::{DIRECTORIES, METADATA, Target, archive, files};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use crate::cli::Global;
use crate::exported::{self, Earlier};

const EXAMPLES: &str = "\
Examples:
  sei analytics grant superset --tenant main     the role that Superset logs in as; prints its password
  sei superset export --zip sei.zip --database-url postgresql+psycopg2://superset@db.example.org:5433/sei
  sei superset export dashboards/superset        the same as a directory, to review

docs/superset.md says how Superset imports them.";

/// Write dashboards as files that Apache Superset imports
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum SupersetCommand {
    /// Write database, datasets, charts and dashboards into a directory, or into an archive
    Export(Export),
}

/// Write the files
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The directory; it is made if it is not there, and files of an earlier export are replaced, or deleted. Each name
    /// needs one of its own
    #[arg(value_name = "DIR", required_unless_present = "zip")]
    directory: Option<PathBuf>,

    /// Write a zip archive in place of a directory, which Superset's page takes
    #[arg(long, value_name = "FILE", conflicts_with = "directory")]
    zip: Option<PathBuf>,

    /// The database as Superset reaches it, without a password: it is entered on import
    #[arg(long, value_name = "URL", default_value = "postgresql+psycopg2://superset@127.0.0.1:5433/sei")]
    database_url: String,

    /// The name of the database in Superset, and the beginning of what belongs to it; a name of its own for each tenant
    #[arg(long, value_name = "NAME", default_value = "sei")]
    name: String,
}

impl SupersetCommand {
    pub(crate) fn run(&self, global: &Global) -> Result<()> {
        let Self::Export(export) = self;
        export.run(global)
    }
}

impl Export {
    fn run(&self, global: &Global) -> Result<()> {
        let files = files(&Target::new(&self.name, &self.database_url)?)?;
        let to = match (&self.directory, &self.zip) {
            (Some(directory), _) => {
                let directories = DIRECTORIES.map(str::to_owned);
                let earlier = Earlier { sign: METADATA.to_owned(), directories: &directories };
                check_name(directory, &self.name)?;
                exported::write_all(directory, &files, Some(&earlier))?;
                directory
            }
            (None, Some(file)) => {
                exported::write(file, &archive(&files)?)?;
                file
            }
            // the command line asks for one of them
            (None, None) => return Ok(()),
        };
        exported::report(global, to, &files)
    }
}

/// Fails where the directory holds an export of another name: files of both have the same paths.
fn check_name(directory: &Path, name: &str) -> Result<()> {
    let databases = directory.join("databases");
    let failed = || format!("can't read {}", databases.display());
    let entries = match std::fs::read_dir(&databases) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(failed)?,
    };
    for entry in entries {
        let path = entry.with_context(failed)?.path();
        let other = path.file_stem().filter(|stem| *stem != name).map(|stem| stem.to_string_lossy());
        if let Some(other) = other.filter(|_| path.extension().is_some_and(|extension| extension == "yaml")) {
            bail!(
                "found {} of an export with `--name {other}`; expected one with `--name {name}`: give another directory",
                path.display()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(directory: Option<PathBuf>, zip: Option<PathBuf>) -> Export {
        let database_url = "postgresql+psycopg2://superset@127.0.0.1:5433/sei".to_owned();
        Export { directory, zip, database_url, name: "sei".to_owned() }
    }

    #[test]
    fn an_export_of_another_name_is_refused_and_the_earlier_one_is_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let first = export(Some(directory.path().to_owned()), None);
        first.run(&global()).unwrap();
        let chart = directory.path().join("charts/lead_time.yaml");
        let before = std::fs::read(&chart).unwrap();
        let second = Export { name: "shop".to_owned(), ..export(Some(directory.path().to_owned()), None) };
        let error = second.run(&global()).unwrap_err().to_string();
        assert!(error.contains("`--name sei`") && error.contains("give another directory"), "{error}");
        assert_eq!(std::fs::read(&chart).unwrap(), before);
        assert!(directory.path().join("databases/sei.yaml").exists());
        first.run(&global()).unwrap();
    }

    fn global() -> Global {
        Global { config: None, set: Vec::new(), data: None, json: true }
    }

    #[test]
    fn an_export_replaces_the_files_of_an_earlier_one_and_no_others() {
        let directory = tempfile::tempdir().unwrap();
        let export = export(Some(directory.path().to_owned()), None);
        export.run(&global()).unwrap();
        let old = directory.path().join("charts/old.yaml");
        let others = directory.path().join("README.md");
        for path in [&old, &others] {
            std::fs::write(path, "x\n").unwrap();
        }
        export.run(&global()).unwrap();
        assert!(!old.exists() && others.exists() && directory.path().join("charts/lead_time.yaml").exists());
    }

    #[test]
    fn an_archive_is_written_in_place_of_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("sei.zip");
        export(None, Some(file.clone())).run(&global()).unwrap();
        assert!(std::fs::read(file).unwrap().starts_with(b"PK"));
    }
}
