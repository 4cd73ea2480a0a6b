//! What it takes to decide what a request may be answered, by the code that decides it: the role and the limits in the
//! tenant, a right, and a service.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use api::{Access, Grant, Grants, Identity, Principal, PrincipalKind};
use axum::http::Extensions;
use dora::AskedServices;
use kernel::{Right, Role, Tenant};

/// The teams that who asks is limited to, and the services that these have.
const TEAMS: usize = 5;
const SERVICES: usize = 20;
/// Decisions of a round. The quickest round says what they take, whatever else the machine does.
const DECISIONS: u32 = 50_000;
const ROUNDS: usize = 7;

/// How many microseconds one decision takes about a token that is limited to teams, and its owner to others.
pub(crate) fn decision_us() -> Result<f64> {
    let tenant = Tenant::default();
    let mut extensions = Extensions::new();
    extensions.insert(Arc::new(asker(&tenant)));
    let services = (0..SERVICES).map(|nth| format!("service {nth}")).collect();
    let asked = AskedServices { services: Some(services), teams: Some(teams(0).into()), ..AskedServices::default() };
    ensure!(decide(&extensions, &tenant, &asked, "service 7")?, "a service of its teams is not seen");
    ensure!(!decide(&extensions, &tenant, &asked, "another")?, "a service of another team is seen");
    let mut quickest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..DECISIONS {
            black_box(decide(black_box(&extensions), &tenant, &asked, "service 7")?);
        }
        quickest = quickest.min(began.elapsed().as_secs_f64() * 1e6 / f64::from(DECISIONS));
    }
    Ok(quickest)
}

fn decide(extensions: &Extensions, tenant: &Tenant, asked: &AskedServices, service: &str) -> Result<bool> {
    let access = Access::of(extensions, tenant).ok().flatten().context("nothing is granted")?;
    let access = access.limited_to(asked.clone());
    Ok(access.check(Right::Read).is_ok() && access.sees_service(service))
}

/// Who asks by a token.
fn asker(tenant: &Tenant) -> Identity {
    let grant = |role, first| Grant { tenant: Some(tenant.clone()), role, teams: teams(first).into() };
    let owner = Grants::new(vec![grant(Role::Manager, 0), grant(Role::Viewer, 2)]);
    let principal =
        Principal { kind: PrincipalKind::Token, id: "id of the token".to_owned(), name: "bench".to_owned() };
    Identity::new(principal, owner.narrowed_by(grant(Role::Analyst, 0)))
}

fn teams(first: usize) -> [String; TEAMS] {
    std::array::from_fn(|nth| format!("team {}", first + nth))
}
