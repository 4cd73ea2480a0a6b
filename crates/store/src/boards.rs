//! Boards: dashboards that people put together of tiles. What a tile may be is left to the API; here it is JSON.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::error::word;
use crate::text::clean;
use crate::{Store, StoreError, StoreTx};

kernel::closed_list! {
    /// What kind of owner a board has.
    pub enum BoardOwnerKind: "kind of owner of a board" {
        /// Who made it.
        Person,
        /// A team.
        Team,
        /// Everyone who reads the tenant.
        Everyone,
    }
}

/// Who has a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardOwner {
    /// A principal, by what identifies it.
    Person(String),
    /// A team, by its name.
    Team(String),
    /// Everyone who reads the tenant.
    Everyone,
}

impl BoardOwner {
    fn columns(&self) -> (BoardOwnerKind, &str) {
        match self {
            Self::Person(id) => (BoardOwnerKind::Person, id),
            Self::Team(name) => (BoardOwnerKind::Team, name),
            Self::Everyone => (BoardOwnerKind::Everyone, ""),
        }
    }
}

/// A board.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardRow {
    /// Its id.
    pub id: String,
    /// Who has it.
    pub owner: BoardOwner,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Its tiles, as the API writes them.
    pub tiles: Value,
    /// 1 when it is made, and one more with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub changed_at: DateTime<Utc>,
}

/// A board to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewBoard<'a> {
    /// Its id.
    pub id: &'a str,
    /// Who has it.
    pub owner: &'a BoardOwner,
    /// Its title.
    pub title: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// Its tiles.
    pub tiles: &'a Value,
}

/// Which boards are listed: those of everyone, and these.
#[derive(Clone, Debug)]
pub struct BoardFilter {
    /// All boards of the tenant.
    pub all: bool,
    /// Those of this principal.
    pub person: String,
    /// Those of these teams; of all teams without them.
    pub teams: Option<Vec<String>>,
}

/// A row of the table.
struct Row {
    id: String,
    owner_kind: String,
    owner: String,
    title: String,
    description: String,
    tiles: Value,
    version: i64,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

impl TryFrom<Row> for BoardRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let owner = match word("board.owner_kind", &row.owner_kind)? {
            BoardOwnerKind::Person => BoardOwner::Person(row.owner),
            BoardOwnerKind::Team => BoardOwner::Team(row.owner),
            BoardOwnerKind::Everyone => BoardOwner::Everyone,
        };
        Ok(Self {
            id: row.id,
            owner,
            title: row.title,
            description: row.description,
            tiles: row.tiles,
            version: row.version,
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
    }
}

/// Boards by title, after the one with this title and id.
pub async fn list(
    store: &Store,
    filter: &BoardFilter,
    after: Option<(&str, &str)>,
    limit: u32,
) -> Result<Vec<BoardRow>, StoreError> {
    let (title, id) = after.unzip();
    let teams = filter.teams.as_deref().unwrap_or_default();
    let rows = sqlx::query_as!(
        Row,
        "select id, owner_kind, owner, title, description, tiles, version, created_at, changed_at
           from board
          where ($1 or owner_kind = 'everyone' or (owner_kind = 'person' and owner = $2)
                 or (owner_kind = 'team' and ($3 or owner = any ($4))))
            and ($5::text is null or (title, id) > ($5, $6::text))
          order by title, id limit $7",
        filter.all,
        filter.person,
        filter.teams.is_none(),
        teams,
        title,
        id,
        i64::from(limit),
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(BoardRow::try_from).collect()
}

/// The board of an id.
pub async fn get(store: &Store, id: &str) -> Result<Option<BoardRow>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, owner_kind, owner, title, description, tiles, version, created_at, changed_at
           from board where id = $1",
        id,
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(BoardRow::try_from).transpose()
}

/// Holds off others that make, replace or delete boards, until the transaction ends.
pub async fn hold(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query("lock table board in share row exclusive mode").execute(tx.connection()).await?;
    Ok(())
}

/// Number of boards that an owner has.
pub async fn count_of(tx: &mut StoreTx, owner: &BoardOwner) -> Result<i64, StoreError> {
    let (kind, name) = owner.columns();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from board where owner_kind = $1 and owner = $2"#,
        kind.as_str(),
        name,
    )
    .fetch_one(tx.connection())
    .await?)
}

/// Makes a board of the transaction's tenant.
pub async fn create(tx: &mut StoreTx, board: NewBoard<'_>) -> Result<BoardRow, StoreError> {
    let (kind, owner) = board.owner.columns();
    let row = sqlx::query_as!(
        Row,
        "insert into board (id, owner_kind, owner, title, description, tiles, version)
         values ($1, $2, $3, $4, $5, $6, 1)
         returning id, owner_kind, owner, title, description, tiles, version, created_at, changed_at",
        board.id,
        kind.as_str(),
        owner,
        clean(board.title) as _,
        clean(board.description) as _,
        board.tiles,
    )
    .fetch_one(tx.connection())
    .await?;
    row.try_into()
}

/// Replaces a board that is at a version. `None` where it is at another one, or gone.
pub async fn replace(tx: &mut StoreTx, board: NewBoard<'_>, version: i64) -> Result<Option<BoardRow>, StoreError> {
    let (kind, owner) = board.owner.columns();
    let row = sqlx::query_as!(
        Row,
        "update board
            set owner_kind = $3, owner = $4, title = $5, description = $6, tiles = $7, version = version + 1,
                changed_at = now()
          where id = $1 and version = $2
         returning id, owner_kind, owner, title, description, tiles, version, created_at, changed_at",
        board.id,
        version,
        kind.as_str(),
        owner,
        clean(board.title) as _,
        clean(board.description) as _,
        board.tiles,
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(BoardRow::try_from).transpose()
}

/// Deletes a board that is at a version. `false` where it is at another one, or gone.
pub async fn delete(tx: &mut StoreTx, id: &str, version: i64) -> Result<bool, StoreError> {
    let deleted =
        sqlx::query!("delete from board where id = $1 and version = $2", id, version).execute(tx.connection()).await?;
    Ok(deleted.rows_affected() == 1)
}
