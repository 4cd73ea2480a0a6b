//! A process from its start to its end: how long it took, and how much memory it held at most.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// How often memory is read. What a process takes only in its last moments is missed.
const SAMPLE: Duration = Duration::from_millis(5);
/// In what Linux counts the time of processors for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process needed.
pub(crate) struct Needed {
    /// Wall clock.
    pub(crate) seconds: f64,
    /// The most memory that was resident at once, in MB (10⁶ bytes); PostgreSQL is another process.
    pub(crate) peak_mb: f64,
    /// What it printed.
    pub(crate) output: Vec<u8>,
}

/// Runs a process to its end. `keep` says whether what it prints is kept or thrown away.
pub(crate) fn run(command: &mut Command, keep: bool) -> Result<Needed> {
    let shown = format!("{command:?}");
    let started = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(if keep { Stdio::piped() } else { Stdio::null() })
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{shown} does not start"))?;
    let pid = child.id();
    let peak = AtomicU64::new(0);
    let ended = AtomicBool::new(false);
    let (output, seconds) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                peak.fetch_max(memory(pid, "VmHWM:").unwrap_or(0), Ordering::Relaxed);
                std::thread::park_timeout(SAMPLE);
            }
        });
        let output = child.wait_with_output();
        let seconds = started.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (output, seconds)
    });
    let output = output?;
    ensure!(output.status.success(), "{shown}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(Needed { seconds, peak_mb: megabytes(peak.into_inner()), output: output.stdout })
}

/// The seconds that a summary of `sei` gives for itself; not a number when it gives none.
pub(crate) fn elapsed(summary: &serde_json::Value) -> f64 {
    let part = |name: &str| summary.pointer(name).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
    part("/elapsed/secs") + part("/elapsed/nanos") / 1e9
}

/// The memory that is resident in a running process now, in MB.
pub(crate) fn resident_mb(child: &Child) -> Result<f64> {
    memory(child.id(), "VmRSS:").map(megabytes).context("the process is gone")
}

/// The most memory that was resident in a running process, in MB.
pub(crate) fn peak_mb(child: &Child) -> Result<f64> {
    memory(child.id(), "VmHWM:").map(megabytes).context("the process is gone")
}

/// The time that processors spent on a running process, in seconds.
pub(crate) fn cpu_seconds(child: &Child) -> Result<f64> {
    cpu_seconds_of(child.id())
}

/// The same of a process by its id.
pub(crate) fn cpu_seconds_of(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // the name, which may hold spaces, is in parentheses; `utime` and `stime` are the 14th and 15th of all fields
    let (_, rest) = stat.rsplit_once(") ").context("no statistics of the process")?;
    let ticks = rest.split(' ').skip(11).take(2).map(|ticks| Ok(ticks.parse::<u64>()?)).sum::<Result<u64>>()?;
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// The time that processors spent on anything since the machine started, in seconds.
pub(crate) fn cpu_seconds_of_all() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let all = stat.lines().next().context("no statistics of processors")?;
    // user, nice, system, idle, iowait, irq, softirq
    let ticks = all.split_whitespace().skip(1).take(7).map(str::parse::<u64>).collect::<Result<Vec<_>, _>>()?;
    let busy: u64 = ticks.iter().enumerate().filter(|(at, _)| !matches!(at, 3 | 4)).map(|(_, ticks)| ticks).sum();
    Ok(busy as f64 / TICKS_PER_SECOND)
}

/// A line of `/proc/<pid>/status`, in bytes.
fn memory(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_timed_and_its_failure_reported() -> Result<()> {
        let needed = run(Command::new("sh").args(["-c", "sleep 0.1; echo done"]), true)?;
        assert!(needed.seconds >= 0.1 && needed.peak_mb > 0.1, "{} s, {} MB", needed.seconds, needed.peak_mb);
        assert_eq!(needed.output, b"done\n");
        let error = run(Command::new("sh").args(["-c", "echo why >&2; exit 3"]), false).err().map(|e| e.to_string());
        assert!(error.is_some_and(|error| error.contains("why")));
        Ok(())
    }
}
