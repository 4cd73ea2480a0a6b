//! `sei-collector`: collects the configured sources at their times, as a process of its own.

fn main() -> anyhow::Result<()> {
    runtime::role::main::<collectors::CollectorRole>()
}
