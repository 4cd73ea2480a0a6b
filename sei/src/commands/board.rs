//! `sei board`: boards as files.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use api::boards::{self, BoardDocument, LOCAL, TileRules, owner_text, read_owner};
use api::{COST_MAX, Changer, Problem};
use clap::Subcommand;
use dora::{MetricSettings, Question};
use store::Store;
use store::boards::{BoardFilter, BoardOwner, BoardRow};

use super::identity::ROWS;
use crate::actor::actor;
use crate::cli::{ForTenant, Global};
use crate::machine::with;
use crate::output;
use crate::settings::Settings;

const EXAMPLES: &str = "\
Examples:
  sei board list
  sei board export 7HkX0bTqPzR3mVnWc2Yd > checkout.toml
  sei board import checkout.toml --owner team:checkout";

/// List boards, and write them into files and read them from there
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum BoardCommand {
    /// List all boards of a tenant
    List {
        #[command(flatten)]
        tenant: ForTenant,
    },
    /// Print a board as TOML
    Export {
        /// Its id
        id: String,

        #[command(flatten)]
        tenant: ForTenant,
    },
    /// Make a board of a TOML file, as `sei board export` prints it
    Import {
        /// The file
        file: PathBuf,

        /// Who has it: me (the server's own user), team:NAME or everyone
        #[arg(long, value_name = "OWNER", default_value = "me")]
        owner: String,

        #[command(flatten)]
        tenant: ForTenant,
    },
}

impl BoardCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| match self {
            Self::List { tenant } => {
                let (store, _) = machine.tenant(&tenant.tenant).await?;
                list(&store, global).await
            }
            Self::Export { id, tenant } => {
                let (store, _) = machine.tenant(&tenant.tenant).await?;
                let Some(board) = store::boards::get(&store, id).await? else {
                    bail!("there is no board `{id}`; `sei board list` shows all")
                };
                let document = BoardDocument::of_row(&board)?;
                if global.json {
                    return output::print_json(&document);
                }
                output::print(&document.to_toml().map_err(in_words)?)
            }
            Self::Import { file, owner, tenant } => {
                let text = std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
                let document = BoardDocument::from_toml(&text).map_err(in_words)?;
                let owner = read_owner(owner, LOCAL).map_err(in_words)?;
                let (store, _) = machine.tenant(&tenant.tenant).await?;
                check(&store, &machine.settings, (&owner, &document)).await?;
                let by = Changer { actor: actor(), address: None };
                let board = boards::create(&store, &by, &owner, &document).await.map_err(in_words)?;
                if global.json {
                    return output::print_json(&serde_json::json!({ "id": board.id, "version": board.version }));
                }
                output::print(&format!("board `{}` is made, as {}", board.title, board.id))
            }
        })
        .await
    }
}

/// Fails for a board that can't be shown.
async fn check(store: &Store, settings: &Settings, (owner, board): (&BoardOwner, &BoardDocument)) -> Result<()> {
    let metrics = dora::definitions(&settings.metric)?;
    let rules = TileRules { metrics: &metrics, time_zone: settings.dora.time_zone, cost_max: COST_MAX };
    board.check(&rules).map_err(in_words)?;
    let of_owner = match owner {
        BoardOwner::Team(name) => Some((None, Some(name.clone()))),
        _ => None,
    };
    let of_tiles = board.tiles.iter().map(|tile| (tile.service.clone(), tile.team.clone()));
    for (service, team) in of_owner.into_iter().chain(of_tiles) {
        let question = Question { service, team, ..Question::default() };
        dora::asked_services(store, MetricSettings { dora: &settings.dora, custom: &[] }, &question).await?;
    }
    Ok(())
}

fn in_words(problem: Problem) -> anyhow::Error {
    anyhow!(problem.detail)
}

async fn list(store: &Store, global: &Global) -> Result<()> {
    let filter = BoardFilter { all: true, person: LOCAL.to_owned(), teams: None };
    let mut all: Vec<BoardRow> = Vec::new();
    loop {
        let after = all.last().map(|board| (board.title.clone(), board.id.clone()));
        let after = after.as_ref().map(|(title, id)| (title.as_str(), id.as_str()));
        let rows = store::boards::list(store, &filter, after, ROWS).await?;
        if rows.is_empty() {
            break;
        }
        all.extend(rows);
    }
    if global.json {
        let listed = all.iter().map(|board| {
            serde_json::json!({
                "id": board.id, "title": board.title, "description": board.description,
                "owner": owner_text(&board.owner, LOCAL), "tile_count": board.tiles.as_array().map_or(0, Vec::len),
                "version": board.version, "created_at": board.created_at, "changed_at": board.changed_at,
            })
        });
        return output::print_json(&listed.collect::<Vec<_>>());
    }
    if all.is_empty() {
        return output::print("there is no board");
    }
    let mut table = output::table(&["id", "title", "owner", "tiles", "changed"]);
    for board in all {
        let tiles = board.tiles.as_array().map_or(0, Vec::len).to_string();
        let changed = board.changed_at.format("%Y-%m-%d %H:%M").to_string();
        table.add_row([board.id, board.title, owner_text(&board.owner, LOCAL), tiles, changed]);
    }
    output::print(&table.to_string())
}
