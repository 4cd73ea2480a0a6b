//! `sei-webhooks`: the webhook gateway as a process of its own.

mod role;

use collectors::gateway::{self, GatewayState};
use runtime::{health, http};

use role::Role;

// Bodies and events come and go by the thousand, on threads that did not allocate them; this one is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Role { settings, store, log, readiness, shutdown } = Role::start().await?;
    let listener = http::listen(settings.server.listen)?;
    let router = gateway::router(GatewayState::new(&settings, log)?).merge(health::router(readiness));
    http::serve(listener, router, shutdown).await?;
    store.close().await;
    Ok(())
}
