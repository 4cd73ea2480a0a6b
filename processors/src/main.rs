//! `sei-processor`: the processor as a process of its own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::role::main::<processors::ProcessorRole>().await
}
