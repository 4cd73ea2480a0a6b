//! `sei superset`: the dashboards as files that Apache Superset imports.

use std::path::PathBuf;

use ::superset::{DIRECTORIES, METADATA, Target, archive, files};
use anyhow::Result;
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
    /// The directory; it is made if it is not there, and files of an earlier export are replaced, or deleted
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

#[cfg(test)]
mod tests {
    use super::*;

    fn export(directory: Option<PathBuf>, zip: Option<PathBuf>) -> Export {
        let database_url = "postgresql+psycopg2://superset@127.0.0.1:5433/sei".to_owned();
        Export { directory, zip, database_url, name: "sei".to_owned() }
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
