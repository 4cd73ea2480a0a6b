//! `sei-webhooks`: the webhook gateway as a process of its own.

// Bodies and events come and go by the thousand, on threads that did not allocate them; this one is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::role::main::<collectors::WebhooksRole>().await
}
