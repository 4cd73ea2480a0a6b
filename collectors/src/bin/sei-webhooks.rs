//! `sei-webhooks`: the webhook gateway as a process of its own.

mod role;

use collectors::gateway::{self, GatewayState};
use runtime::health;
use runtime::http::{self, Hosts, Listeners};

use role::Role;

// Bodies and events come and go by the thousand, on threads that did not allocate them; this one is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Role { settings, store, log, readiness, shutdown } = Role::start().await?;
    let listeners = Listeners::open(&settings.server)?;
    let health = health::router(readiness, Hosts::of(&settings.server));
    let router = gateway::router(GatewayState::new(&settings, log)?).merge(health);
    http::serve(listeners, router, settings.server, shutdown).await?;
    store.close().await;
    Ok(())
}
