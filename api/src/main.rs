//! `sei-api`: the API and the page as a process of its own.

fn main() -> anyhow::Result<()> {
    runtime::role::main::<api::ApiRole>()
}
