//! Boards as they are shown.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::StoreError;
use store::boards::{BoardOwner, BoardRow};
use utoipa::ToSchema;

use crate::access::Access;
use crate::boards::{BoardDocument, Tile, may_change, own_id, owner_text};

/// A board in a list: without its tiles.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BoardSummary {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Who has it: `me`, `team:<name>`, `everyone`, or another principal (shown to administrators only).
    pub owner: String,
    /// Whether you may change it.
    pub may_change: bool,
    /// Number of its tiles.
    pub tile_count: usize,
    /// 1 when it was made, and one more with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub changed_at: DateTime<Utc>,
}

/// A board: a dashboard of tiles.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[schema(as = Board)]
#[graphql(name = "Board")]
pub struct BoardView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Who has it: `me`, `team:<name>`, `everyone`, or another principal (shown to administrators only).
    pub owner: String,
    /// Whether you may change it.
    pub may_change: bool,
    /// Its tiles, in their order.
    pub tiles: Vec<Tile>,
    /// Number of tiles that are left out, since they name services, teams or repositories that you may not see.
    pub hidden_tiles: usize,
    /// 1 when it was made, and one more with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub changed_at: DateTime<Utc>,
}

impl BoardSummary {
    /// A board as it is listed for who asks.
    pub(crate) fn new(row: BoardRow, access: &Access) -> Self {
        Self {
            owner: owner_text(&row.owner, &own_id(&access.principal)),
            may_change: may_change(access, &row.owner).is_ok(),
            tile_count: row.tiles.as_array().map_or(0, Vec::len),
            id: row.id,
            title: row.title,
            description: row.description,
            version: row.version,
            created_at: row.created_at,
            changed_at: row.changed_at,
        }
    }
}

impl BoardView {
    /// A board as it is shown to who asks.
    pub(crate) fn new(row: BoardRow, access: &Access) -> Result<Self, StoreError> {
        let BoardDocument { title, description, mut tiles } = BoardDocument::of_row(&row)?;
        let count = tiles.len();
        tiles.retain(|tile| is_shown(tile, &row.owner, access));
        Ok(Self {
            owner: owner_text(&row.owner, &own_id(&access.principal)),
            may_change: may_change(access, &row.owner).is_ok(),
            hidden_tiles: count - tiles.len(),
            id: row.id,
            title,
            description,
            tiles,
            version: row.version,
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
    }
}

/// Whether a tile names nothing that who asks may not see. What they wrote themselves is shown to them.
fn is_shown(tile: &Tile, owner: &BoardOwner, access: &Access) -> bool {
    if *owner == BoardOwner::Person(own_id(&access.principal)) {
        return true;
    }
    let sees_services = tile.service.as_deref().is_none_or(|service| access.sees_service(service));
    let sees_team = tile.team.as_deref().is_none_or(|team| access.sees_team(team));
    // of whom a repository is, is not known here
    sees_services && sees_team && (tile.repository.is_none() || access.services.is_none())
}
