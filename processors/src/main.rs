//! `sei-processor`: the processor as a process of its own.

fn main() -> anyhow::Result<()> {
    runtime::role::main::<processors::ProcessorRole>()
}
