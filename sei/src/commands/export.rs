//! `sei export`: all facts and metric facts as files, for whatever reads tables.

mod parquet_file;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, SecondsFormat};
use clap::{Args, ValueEnum};
use serde::Serialize;
use store::audit::{self, Action, Entry};
use store::tables::{self, CellValue, Table, Which};
use store::{StoreError, StoreTx};

use crate::actor::actor;
use crate::cli::{ForTenant, Global};
use crate::machine::with;
use crate::output;
use crate::settings::Settings;
use parquet_file::ParquetFile;

/// The form of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Apache Parquet, compressed with Snappy
    Parquet,
    /// Comma-separated values with a header line
    Csv,
}

const EXPORT: &str = "\
Examples:
  sei export parquet out          one file per table: out/change.parquet, out/deployment_metric.parquet …
  sei export csv out --tenant demo

docs/export.md lists the columns. All tables are read at one point in time.";

/// Write all facts and metric facts into files, one per table
#[derive(Args, Debug)]
#[command(after_help = EXPORT)]
pub(crate) struct Export {
    /// The file format
    #[arg(value_enum)]
    form: Form,

    /// The directory to write to; files of an earlier export are replaced
    directory: PathBuf,

    #[command(flatten)]
    tenant: ForTenant,
}

#[derive(Serialize)]
struct Written {
    table: &'static str,
    file: PathBuf,
    rows: u64,
}

impl Export {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        std::fs::create_dir_all(&self.directory)
            .with_context(|| format!("the directory {} can't be created", self.directory.display()))?;
        with(settings, async |machine| {
            let (store, demo) = machine.tenant(&self.tenant.tenant).await?;
            // what can't be audited is not exported
            let detail = serde_json::json!({ "form": self.form.extension(), "directory": self.directory });
            let entry = Entry::new(actor(), Action::Export, "all tables").of(store.tenant()).with(detail);
            audit::record_alone(&store, &entry).await?;
            let mut tx = store::changes::begin_reading(&store).await?;
            let names: Vec<&'static str> = tables::exported().collect();
            let mut written = Vec::new();
            for table in tables::tables(&mut tx, &names).await? {
                let file = self.directory.join(format!("{}.{}", table.name, self.form.extension()));
                let rows = self.form.write(&mut tx, &table, &file).await;
                let rows = rows.with_context(|| format!("{} can't be written", file.display()))?;
                written.push(Written { table: table.name, file, rows });
            }
            tx.rollback().await?;
            if global.json {
                return output::print_json(&written);
            }
            let mut table = output::table(&["table", "rows", "file"]);
            for one in &written {
                table.add_row([one.table.to_owned(), one.rows.to_string(), one.file.display().to_string()]);
            }
            let heading = if demo { format!("{}\n", output::DEMO) } else { String::new() };
            output::print(&format!("{heading}{table}"))
        })
        .await
    }
}

impl Form {
    const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }

    /// Writes a table next to its place, and moves it there when it is whole.
    async fn write(self, tx: &mut StoreTx, table: &Table, file: &Path) -> Result<u64> {
        let beside = file.with_extension("new");
        let out = BufWriter::new(File::create(&beside)?);
        let rows = match self {
            Self::Csv => csv(tx, table, out).await?,
            Self::Parquet => parquet(tx, table, out).await?,
        };
        std::fs::rename(&beside, file)?;
        Ok(rows)
    }
}

async fn csv(tx: &mut StoreTx, table: &Table, out: BufWriter<File>) -> Result<u64> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(table.columns.iter().map(|column| column.name.as_str()))?;
    let rows = tables::read(tx, table, &Which::default(), |row| {
        writer.write_record(row.iter().map(cell)).map_err(|error| unwritable(&error))
    })
    .await?;
    writer.flush()?;
    Ok(rows)
}

async fn parquet(tx: &mut StoreTx, table: &Table, out: BufWriter<File>) -> Result<u64> {
    let mut file = ParquetFile::new(table, out)?;
    let rows =
        tables::read(tx, table, &Which::default(), |row| file.push(row).map_err(|error| unwritable(&error))).await?;
    let held = file.finish()?;
    ensure!(held == rows, "{held} of {rows} rows were written");
    Ok(rows)
}

fn unwritable(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unreadable(format!("a row that was read can't be written: {error}"))
}

/// A value as CSV has it: nothing for null, RFC 3339 in UTC for times, JSON for lists.
fn cell(value: &CellValue) -> String {
    match value {
        CellValue::Text(value) => value.as_deref().map(api::csv_text).unwrap_or_default().into_owned(),
        CellValue::Int(value) => value.map(|value| value.to_string()).unwrap_or_default(),
        CellValue::Float(value) => value.map(|value| value.to_string()).unwrap_or_default(),
        CellValue::Bool(value) => value.map(|value| value.to_string()).unwrap_or_default(),
        CellValue::Time(value) => value
            .and_then(DateTime::from_timestamp_micros)
            .map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
            .unwrap_or_default(),
        CellValue::Texts(value) => value.as_ref().and_then(|all| serde_json::to_string(all).ok()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_distinct_and_none_is_a_formula() {
        for (value, text) in [
            (CellValue::Text(None), ""),
            (CellValue::Text(Some("a,\"b\"".into())), "a,\"b\""),
            (
                CellValue::Text(Some("=HYPERLINK(\"https://evil.example\")".into())),
                "'=HYPERLINK(\"https://evil.example\")",
            ),
            (CellValue::Text(Some("+1".into())), "'+1"),
            (CellValue::Text(Some("-1".into())), "'-1"),
            (CellValue::Text(Some("@SUM(A1)".into())), "'@SUM(A1)"),
            (CellValue::Text(Some("\t=1".into())), "'\t=1"),
            (CellValue::Text(Some("1-2=@".into())), "1-2=@"),
            (CellValue::Int(Some(-7)), "-7"),
            (CellValue::Float(Some(-0.5)), "-0.5"),
            (CellValue::Float(Some(0.5)), "0.5"),
            (CellValue::Bool(Some(true)), "true"),
            (CellValue::Time(Some(1_767_571_200_000_001)), "2026-01-05T00:00:00.000001Z"),
            (CellValue::Texts(None), ""),
            (CellValue::Texts(Some(vec!["a".into(), "b\"".into()])), r#"["a","b\""]"#),
        ] {
            assert_eq!(cell(&value), text);
        }
    }
}
