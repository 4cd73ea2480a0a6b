//! `sei-dora`: the engine as a process of its own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::role::main::<dora::EngineRole>().await
}
