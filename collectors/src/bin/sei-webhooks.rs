//! `sei-webhooks`: the webhook gateway as a process of its own.

mod role;

use collectors::gateway::{self, GatewayState};
use runtime::health;
use runtime::http::{self, Hosts, Listeners};

use role::Role;
use tokio_util::sync::CancellationToken;

// Bodies and events come and go by the thousand, on threads that did not allocate them; this one is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Role { settings, store, log, readiness, shutdown } = Role::start().await?;
    let usable = || -> anyhow::Result<()> {
        GatewayState::new(&role::settings()?, log.clone())?;
        Ok(())
    };
    let receive = async |end: CancellationToken| {
        let listeners = Listeners::open(&settings.server)?;
        tokio::spawn(role::watch(readiness.clone(), log.clone(), end.clone()));
        let health = health::router(readiness, Hosts::of(&settings.server));
        let router = gateway::router(GatewayState::new(&settings, log.clone())?).merge(health);
        http::serve(listeners, router, settings.server, end).await?;
        store.close().await;
        Ok(())
    };
    runtime::reload::run(&shutdown, usable, receive).await
}
