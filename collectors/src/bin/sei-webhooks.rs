//! `sei-webhooks`: the webhook gateway as a process of its own.

mod role;

use std::pin::pin;

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
    let router = gateway::router(GatewayState::new(&settings, log.clone())?).merge(health);
    let usable = || -> anyhow::Result<()> {
        GatewayState::new(&role::settings()?, log.clone())?;
        Ok(())
    };
    let mut server = pin!(http::serve(listeners, router, settings.server, shutdown.clone()));
    let reload = tokio::select! {
        ended = &mut server => {
            ended?;
            false
        }
        () = runtime::reload::asked(usable) => true,
    };
    if reload {
        shutdown.cancel();
        server.await?;
    }
    store.close().await;
    if reload { Err(role::restart()) } else { Ok(()) }
}
