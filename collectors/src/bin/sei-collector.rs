//! `sei-collector`: collects the configured sources at their times, as a process of its own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::role::main::<collectors::CollectorRole>().await
}
