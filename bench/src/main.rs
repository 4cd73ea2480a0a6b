//! `make bench`: measures the release build of `sei`, as a process, against the project's limits. Speeds are ratios to
//! a peer that does the same work in the same run, where there is one.
//!
//! It ends with 0 when everything could be measured, whether or not the limits were met, since a slow machine is not a
//! fault of the code. The line of a figure states whether its limit was met.

mod bi;
mod company;
mod dora_sql;
mod engine;
mod figures;
mod git;
mod history;
mod live;
mod load;
mod login;
mod machine;
mod migrate;
mod panels;
mod peers;
mod permissions;
mod process;
mod reads;
mod recompute;
mod served;
mod timescale;
mod up;
mod web;
mod webhooks;

use anyhow::{Result, bail};

use crate::company::Company;
use crate::figures::Figures;
use crate::machine::Machine;

/// What is measured without any name.
const SUBJECTS: [&str; 12] = [
    "git",
    "recompute",
    "engine",
    "reads",
    "panels",
    "dora_sql",
    "up",
    "live",
    "subscribers",
    "login",
    "gateway",
    "normalize",
];
/// What is measured by its name only: it needs programs of others, which `scripts/bench` builds.
const PEERS: &str = "peers";
/// What is measured at a percentage of the full size. `served` is a part of `reads`; `migrate`, `timescale` and `web`, which
/// needs a browser, are measured by their names only.
const SIZED: [&str; 8] = ["engine", "reads", "panels", "dora_sql", "timescale", "web", "served", "migrate"];

/// Of `engine=10` the 10, where the subject is `engine`.
fn percent(name: &str, subject: &str) -> Option<u32> {
    let of = name.strip_prefix(subject)?;
    if of.is_empty() { Some(100) } else { of.strip_prefix('=')?.parse().ok().filter(|percent| *percent > 0) }
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    if let [webhooks::BARE, address, answers @ ..] = &wanted.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return webhooks::bare(address, answers.first().copied()).await;
    }
    let known = |name: &str| {
        name == PEERS || SUBJECTS.contains(&name) || SIZED.iter().any(|subject| percent(name, subject).is_some())
    };
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        bail!(
            "nothing is measured under the name {unknown}; expected {}, served, migrate, timescale, web or peers",
            SUBJECTS.join(", ")
        );
    }
    if wanted.is_empty() {
        wanted = SUBJECTS.map(str::to_owned).into();
    }
    let machine = Machine::new()?;
    let mut figures = Figures::default();
    for name in &wanted {
        match name.as_str() {
            "git" => git::measure(&machine, &mut figures).await?,
            "gateway" => webhooks::gateway(&machine, &mut figures).await?,
            "normalize" => webhooks::normalize(&mut figures)?,
            "live" => live::measure(&machine, &mut figures).await?,
            "subscribers" => live::subscribers(&machine, &mut figures).await?,
            "login" => login::measure(&machine, &mut figures).await?,
            PEERS => peers::measure(&machine, &mut figures).await?,
            "recompute" => recompute::measure(&machine, &mut figures).await?,
            name => match SIZED.map(|subject| percent(name, subject)) {
                [Some(percent), ..] => engine::measure(&machine, &mut figures, percent).await?,
                [_, Some(percent), ..] => reads::measure(&machine, &mut figures, percent).await?,
                [_, _, Some(percent), ..] => panels::measure(&machine, &mut figures, percent).await?,
                [_, _, _, Some(percent), ..] => dora_sql::measure(&machine, &mut figures, percent).await?,
                [_, _, _, _, Some(percent), ..] => timescale::measure(&machine, &mut figures, percent).await?,
                [_, _, _, _, _, Some(percent), ..] => web::measure(&machine, &mut figures, percent).await?,
                [.., Some(percent)] => migrate::measure(&machine, &mut figures, percent).await?,
                [.., Some(percent), _] => {
                    let company = Company::new(&machine, percent).await?;
                    served::measure(&machine, &mut figures, company).await?;
                }
                _ => up::measure(&machine, &mut figures)?,
            },
        }
    }
    figures.summary();
    Ok(())
}
