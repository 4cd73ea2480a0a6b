//! `sei-collector`: collects the configured sources on their schedules, as a process of its own.

fn main() -> anyhow::Result<()> {
    runtime::role::main::<collectors::CollectorRole>()
}
