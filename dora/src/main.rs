//! `sei-dora`: the engine as a process of its own.

fn main() -> anyhow::Result<()> {
    runtime::role::main::<dora::EngineRole>()
}
