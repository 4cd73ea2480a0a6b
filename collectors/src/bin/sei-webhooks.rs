//! `sei-webhooks`: the webhook gateway as a process of its own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::role::main::<collectors::WebhooksRole>().await
}
