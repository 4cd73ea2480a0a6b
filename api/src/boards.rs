//! Boards: dashboards that people put together of tiles, each a question about metrics and how its answer is shown.
//!
//! Promises: a board holds questions that can be answered when it is written; a tile is answered with the rights of who
//! looks at it, so a shared board shows no one more than before; a change of a version that is not the
//! newest is refused. Every change is one transaction, with its entry of the audit log.

mod document;
mod manage;
mod owner;
mod tile;

pub(crate) use document::in_tile;
pub use document::{BoardDocument, SentBoard};
pub use manage::{create, delete, replace};
pub use owner::{LOCAL, own_id, owner_text, read_owner};
pub(crate) use owner::{filter, may_change, sees};
pub use tile::{Tile, TileForm, TileRules};
