//! Migrating a large database of an earlier version while others use it: how long any table is locked against reads or
//! writes. It begins with the newest of `tests/fixtures/schemas`, whose rows are multiplied.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::figures::Figures;
use crate::machine::{Machine, Running};
use crate::process;

/// Changes of the full size.
const CHANGES: u64 = 1_000_000;
/// The longest time for which a table may be locked, in seconds.
const LIMIT_SECONDS: f64 = 1.0;
/// What is multiplied: a table, and the column that makes its rows unique.
const MULTIPLIED: [(&str, &str); 6] = [
    ("change", "id"),
    ("change_metric", "change"),
    ("deployment", "id"),
    ("deployment_metric", "deployment"),
    ("review", "id"),
    ("work_item", "id"),
];
const WATCH: &str = include_str!("locks.sql");
/// What was seen, the longest first, in milliseconds.
const SEEN: &str =
    "select relname, extract(epoch from longest) * 1000 from held join known using (oid) order by longest desc";

/// Measures at a percentage of the full size.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures, percent: u32) -> Result<()> {
    Figures::heading("migrate: from the newest earlier schema, rows multiplied");
    let data = machine.path("migrate-data");
    std::fs::create_dir_all(&data)?;
    let running = Running::start(&data).await?;
    let fixture = newest()?;
    restore(&running, &fixture)?;
    let rows = multiply(&running, CHANGES * u64::from(percent) / 100)?;
    running.rest()?;
    Figures::note(&format!("{rows} changes, schema {}", fixture.display()));
    let watcher = watch(&running)?;
    let started = std::time::Instant::now();
    let migrated = running.store.migrate().await;
    Figures::note(&format!("{:.1} s from the first to the last statement", started.elapsed().as_secs_f64()));
    running.sql("create table public.sei_bench_done ()")?;
    let output = watcher.wait_with_output()?;
    migrated?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let longest = report(&String::from_utf8(output.stdout)?)?;
    figures.at_most("longest lock of a table against reads or writes", longest, LIMIT_SECONDS, "s");
    running.stop().await
}

/// The newest fixture.
fn newest() -> Result<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/schemas");
    let entries = std::fs::read_dir(&directory).with_context(|| format!("{} can't be read", directory.display()))?;
    let paths: Result<Vec<PathBuf>, std::io::Error> = entries.map(|entry| Ok(entry?.path())).collect();
    paths?.into_iter().max().context("there is no fixture; scripts/schema-fixture writes one")
}

/// Loads a fixture into the database.
fn restore(running: &Running, fixture: &Path) -> Result<()> {
    let script = "zstd --decompress --stdout \"$1\" | psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname \"$2\"";
    let mut command = Command::new("bash");
    command.args(["-o", "pipefail", "-c", script, "restore"]).arg(fixture).arg(running.url()?);
    process::run(&mut command, false)?;
    Ok(())
}

/// Multiplies rows until there are this many changes, and returns how many there are.
fn multiply(running: &Running, changes: u64) -> Result<u64> {
    let count =
        |running: &Running| -> Result<u64> { Ok(running.sql("select count(*) from demo.change")?.trim().parse()?) };
    let copies = changes / count(running)?.max(1);
    for (table, column) in MULTIPLIED {
        // what follows from the rows is not made again
        running.sql(&format!(
            "set session_replication_role = replica;
             insert into demo.{table}
             select copy.* from demo.{table} t, generate_series(1, {copies}) n,
                  jsonb_populate_record(t, jsonb_build_object('{column}', t.{column} || '~' || n)) copy"
        ))?;
    }
    count(running)
}

/// Starts to watch the locks.
fn watch(running: &Running) -> Result<std::process::Child> {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator= "]);
    command.args(["--set", "ON_ERROR_STOP=1", "--dbname", &running.url()?, "--command", WATCH]);
    command.args(["--command", "call pg_temp.watch()", "--command", SEEN]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().context("psql does not start")?;
    // it looks before anything is migrated
    let looks =
        "select exists (select from pg_stat_activity where query = 'call pg_temp.watch()' and pid <> pg_backend_pid())";
    for _ in 0..500 {
        if running.sql(looks)?.trim() == "t" {
            return Ok(child);
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    anyhow::bail!("the locks are not watched")
}

/// Shows the tables that were locked longest, and returns the longest time in seconds.
fn report(lines: &str) -> Result<f64> {
    let mut longest = 0.0;
    for line in lines.lines().take(5) {
        let (table, ms) = line.split_once(' ').with_context(|| format!("no table and time: {line}"))?;
        let seconds = ms.parse::<f64>()? / 1000.0;
        Figures::note(&format!("{table}: {seconds:.3} s"));
        longest = f64::max(longest, seconds);
    }
    Ok(longest)
}
