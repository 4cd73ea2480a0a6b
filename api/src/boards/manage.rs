//! Boards as the API and the command line change them: each change is one transaction, with its entry of the audit log.

use serde_json::{Value, json};
use store::audit::{self, Action};
use store::boards::{self, BoardOwner, BoardRow, NewBoard};
use store::{Store, StoreTx};

use super::document::BoardDocument;
use crate::changer::Changer;
use crate::identity::secrets;
use crate::problem::Problem;

/// Boards of one owner at most.
const BOARDS: i64 = 200;

/// Makes a board of the store's tenant.
pub async fn create(
    store: &Store,
    by: &Changer,
    owner: &BoardOwner,
    document: &BoardDocument,
) -> Result<BoardRow, Problem> {
    let id = secrets::id().map_err(|error| Problem::fault(&error))?;
    let tiles = tiles(document)?;
    let mut tx = store.begin().await?;
    check_room(&mut tx, owner).await?;
    let new = NewBoard { id: &id, owner, title: &document.title, description: &document.description, tiles: &tiles };
    let board = boards::create(&mut tx, new).await?;
    let entry = by.entry(store.tenant(), Action::BoardCreated, &id);
    audit::record(&mut tx, &entry.with(detail(&board))).await?;
    tx.commit().await?;
    Ok(board)
}

/// Replaces a board that is at a version, which is that of the board as it was read.
pub async fn replace(
    store: &Store,
    by: &Changer,
    (before, version): (&BoardRow, i64),
    owner: &BoardOwner,
    document: &BoardDocument,
) -> Result<BoardRow, Problem> {
    check_version(before, version)?;
    let tiles = tiles(document)?;
    let (id, title, description) = (before.id.as_str(), document.title.as_str(), document.description.as_str());
    let mut tx = store.begin().await?;
    if *owner != before.owner {
        check_room(&mut tx, owner).await?;
    }
    let new = NewBoard { id, owner, title, description, tiles: &tiles };
    let Some(board) = boards::replace(&mut tx, new, version).await? else { return Err(changed(before, version)) };
    let entry = by.entry(store.tenant(), Action::BoardReplaced, id);
    audit::record(&mut tx, &entry.with(json!({ "before": detail(before), "after": detail(&board) }))).await?;
    tx.commit().await?;
    Ok(board)
}

/// Deletes a board that is at a version, which is that of the board as it was read.
pub async fn delete(store: &Store, by: &Changer, board: &BoardRow, version: i64) -> Result<(), Problem> {
    check_version(board, version)?;
    let mut tx = store.begin().await?;
    if !boards::delete(&mut tx, &board.id, version).await? {
        return Err(changed(board, version));
    }
    let entry = by.entry(store.tenant(), Action::BoardDeleted, &board.id);
    audit::record(&mut tx, &entry.with(detail(board))).await?;
    Ok(tx.commit().await?)
}

/// Fails where an owner has as many boards as it may have. Until the transaction ends, it gets no other one.
async fn check_room(tx: &mut StoreTx, owner: &BoardOwner) -> Result<(), Problem> {
    boards::hold(tx).await?;
    if boards::count_of(tx, owner).await? >= BOARDS {
        return Err(Problem::conflict(format!("An owner has {BOARDS} boards at most: delete one first.")));
    }
    Ok(())
}

/// Fails for another version than that of the board as it was read, by which it was decided whether it may be changed.
fn check_version(board: &BoardRow, version: i64) -> Result<(), Problem> {
    if board.version == version { Ok(()) } else { Err(changed(board, version)) }
}

fn tiles(document: &BoardDocument) -> Result<Value, Problem> {
    serde_json::to_value(&document.tiles).map_err(|error| Problem::fault(&error))
}

/// What the audit log says of a board.
fn detail(board: &BoardRow) -> Value {
    let (kind, owner) = match &board.owner {
        BoardOwner::Person(id) => ("person", id.as_str()),
        BoardOwner::Team(name) => ("team", name.as_str()),
        BoardOwner::Everyone => ("everyone", ""),
    };
    let tiles = board.tiles.as_array().map_or(0, Vec::len);
    json!({ "title": board.title, "owner_kind": kind, "owner": owner, "tiles": tiles, "version": board.version })
}

/// Someone has changed or deleted it meanwhile.
fn changed(board: &BoardRow, version: i64) -> Problem {
    let detail = format!(
        "The board `{}` is not at version {version} any more: read it again, and make the change once more.",
        board.id
    );
    Problem::conflict(detail).about("version", &version.to_string())
}
