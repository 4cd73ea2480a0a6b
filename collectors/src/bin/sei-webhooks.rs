//! `sei-webhooks`: the webhook gateway as a process of its own.

fn main() -> anyhow::Result<()> {
    runtime::role::main::<collectors::WebhooksRole>()
}
